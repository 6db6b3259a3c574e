using DurableTask.Core;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>
/// A task hub in a <see cref="SqliteFile"/>. What must survive is committed before it is acknowledged or acted upon; what runs is in
/// memory too, so that running it reads nothing. One process owns the file: a work item is nobody else's until it is given back.
/// This part runs turns and activities, the others send messages and serve the client.
/// </summary>
internal sealed partial class SqliteOrchestrationService : IOrchestrationService
{
    private readonly SqliteFile _file;
    private readonly string _hub;
    private readonly TaskHubQueues _queues;
    private readonly Feeder _feeder;

    public SqliteOrchestrationService(SqliteFile file, string hub, int maxConcurrentTurns, int maxConcurrentActivities)
    {
        (_file, _hub) = (file, hub);
        MaxConcurrentTaskOrchestrationWorkItems = maxConcurrentTurns;
        MaxConcurrentTaskActivityWorkItems = maxConcurrentActivities;
        _queues = new TaskHubQueues(file.LastNumber);
        _feeder = new Feeder(file, hub, _queues);
    }

    public int TaskOrchestrationDispatcherCount => 1;
    public int TaskActivityDispatcherCount => 1;
    public int MaxConcurrentTaskOrchestrationWorkItems { get; }
    public int MaxConcurrentTaskActivityWorkItems { get; }
    public BehaviorOnContinueAsNew EventBehaviourForContinueAsNew => BehaviorOnContinueAsNew.Carryover;

    /// <summary>Takes up what has not ended.</summary>
    public Task StartAsync()
    {
        _feeder.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync() => StopAsync(isForced: false);
    public Task StopAsync(bool isForced) => _feeder.StopAsync();
    public Task CreateAsync() => DeleteAsync();
    public Task CreateAsync(bool recreateInstanceStore) => recreateInstanceStore ? DeleteAsync() : Task.CompletedTask;
    public Task CreateIfNotExistsAsync() => Task.CompletedTask;
    public Task DeleteAsync() => PurgeInstanceStateAsync(new PurgeInstanceFilter(DateTime.MinValue, null, null));
    public Task DeleteAsync(bool deleteInstanceStore) => DeleteAsync();

    public bool IsMaxMessageCountExceeded(int currentMessageCount, OrchestrationRuntimeState runtimeState) => false;
    public Task RenewTaskOrchestrationWorkItemLockAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;
    public Task<TaskActivityWorkItem> RenewTaskActivityWorkItemLockAsync(TaskActivityWorkItem workItem) => Task.FromResult(workItem);
    public Task ReleaseTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;

    // What failed is given back and pauses by itself; the others need not wait for it.
    public int GetDelayInSecondsAfterOnProcessException(Exception exception) => 0;
    public int GetDelayInSecondsAfterOnFetchException(Exception exception) => exception is OperationCanceledException ? 0 : 1;

    public Task<TaskOrchestrationWorkItem> LockNextTaskOrchestrationWorkItemAsync(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        BeginAsync(_queues.NextOrchestrationAsync, cancellationToken);

    private async Task<TaskOrchestrationWorkItem> BeginAsync(Func<CancellationToken, Task<Turn>> next, CancellationToken cancellationToken)
    {
        while (true)
        {
            Turn turn = await next(cancellationToken);
            try
            {
                if (!turn.Instance.HasRead || Read(turn))
                {
                    turn.OrchestrationRuntimeState = new OrchestrationRuntimeState(turn.Instance.History);
                    return turn;
                }
            }
            catch
            {
                await _queues.GiveBackAsync(turn);
                throw;
            }

            _queues.Forget(turn.Instance);
        }
    }

    /// <summary>Reads what the turn needs, as far as it is not in memory.</summary>
    /// <returns>False if there is nothing to take in, or nothing yet: what comes before a start waits for it.</returns>
    private bool Read(Turn turn) => _file.Read(db =>
    {
        Instance instance = turn.Instance;
        if (instance.History is null)
        {
            instance.State = Instances.ReadState(db, instance.Key);
            (List<HistoryEvent> events, instance.NextTurn) = Histories.Read(db, instance.Key);
            instance.History = events.Count > 0 ? events : null;
        }

        // A start comes first, even one that was scheduled.
        turn.NewMessages = [.. Messages.Inbox(db, instance, _queues.Now).OrderBy(message => message.Event is not ExecutionStartedEvent)];
        return instance.State is not null && turn.NewMessages is [TaskMessage first, ..] && (instance.History is not null || first.Event is ExecutionStartedEvent);
    });

    public Task CompleteTaskOrchestrationWorkItemAsync(
        TaskOrchestrationWorkItem workItem,
        OrchestrationRuntimeState newOrchestrationRuntimeState,
        IList<TaskMessage> outboundMessages,
        IList<TaskMessage> orchestratorMessages,
        IList<TaskMessage> timerMessages,
        TaskMessage continuedAsNewMessage,
        OrchestrationState orchestrationState)
    {
        Instance instance = ((Turn)workItem).Instance;
        OrchestrationState state = orchestrationState.Kept(instance.State!, newOrchestrationRuntimeState.NewEvents);
        bool isNewExecution = state.OrchestrationInstance.ExecutionId != instance.State!.OrchestrationInstance.ExecutionId;
        string? start = isNewExecution ? Instances.Start(state) : null;
        string events = EventJson.Write(newOrchestrationRuntimeState.NewEvents);
        OutgoingMessage[] outgoing = [.. outboundMessages.Concat(timerMessages).Concat(orchestratorMessages).Select(message => new OutgoingMessage(message))];
        return _file.Commits.WriteAsync(TimeSpan.MaxValue, db =>
        {
            if (!Instances.Update(db, instance.Key, state))
            {
                return null; // terminated, purged or replaced while it ran
            }

            if (start is not null)
            {
                Instances.SetStart(db, instance.Key, start);
            }

            foreach (TaskMessage message in workItem.NewMessages)
            {
                Messages.Delete(db, message);
            }

            Histories.Append(db, instance.Key, instance.NextTurn, events);
            Action?[] sent = Array.ConvertAll(outgoing, message => Send(db, message));
            return () =>
            {
                _queues.End(instance, state, newOrchestrationRuntimeState.Events);
                Array.ForEach(sent, action => action?.Invoke());
            };
        });
    }

    public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => _queues.GiveBackAsync((Turn)workItem);

    public Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        _queues.NextActivityAsync(cancellationToken);

    public Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage)
    {
        var response = new OutgoingMessage(responseMessage);
        return _file.Commits.WriteAsync(TimeSpan.MaxValue, db => Messages.Delete(db, workItem.TaskMessage) ? Send(db, response) : null);
    }

    public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem) => _queues.GiveBackAsync(workItem.TaskMessage);
}
