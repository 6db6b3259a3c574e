using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>
/// A task hub in a <see cref="SqliteFile"/>. What must survive is committed before it is acknowledged or acted upon; what has not ended is
/// in memory too, so that running it reads nothing. One process owns the file: a work item is nobody else's until it is given back.
/// This part runs turns and activities, the other one serves the client.
/// </summary>
internal sealed partial class SqliteOrchestrationService : IOrchestrationService
{
    private readonly SqliteFile _file;
    private readonly string _hub;
    private readonly TaskHubQueues _queues = new();

    /// <summary>Takes up what has not ended.</summary>
    public SqliteOrchestrationService(SqliteFile file, string hub, int maxConcurrentTurns, int maxConcurrentActivities)
    {
        (_file, _hub) = (file, hub);
        MaxConcurrentTaskOrchestrationWorkItems = maxConcurrentTurns;
        MaxConcurrentTaskActivityWorkItems = maxConcurrentActivities;
        file.Read(db => Instances.Alive(db, hub)).ForEach(_queues.Add);
        file.Read(db => Messages.All(db, hub)).ForEach(_queues.Put);
    }

    public int TaskOrchestrationDispatcherCount => 1;
    public int TaskActivityDispatcherCount => 1;
    public int MaxConcurrentTaskOrchestrationWorkItems { get; }
    public int MaxConcurrentTaskActivityWorkItems { get; }
    public BehaviorOnContinueAsNew EventBehaviourForContinueAsNew => BehaviorOnContinueAsNew.Carryover;

    public Task StartAsync() => Task.CompletedTask;
    public Task StopAsync() => Task.CompletedTask;
    public Task StopAsync(bool isForced) => Task.CompletedTask;
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
        BeginAsync(_queues.NextOrchestrationAsync(cancellationToken));

    private async Task<TaskOrchestrationWorkItem> BeginAsync(Task<Turn> next)
    {
        Turn turn = await next;
        try
        {
            if (turn.Instance is { HasBegun: true, History: null } instance)
            {
                (instance.History, instance.NextTurn) = _file.Read(db => Instances.History(db, instance));
            }

            turn.OrchestrationRuntimeState = new OrchestrationRuntimeState(turn.Instance.History);
            return turn;
        }
        catch
        {
            await _queues.GiveBackAsync(turn);
            throw;
        }
    }

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
        OrchestrationState state = orchestrationState.Kept(instance.State, newOrchestrationRuntimeState.NewEvents);
        return _file.Commits.WriteAsync(TimeSpan.MaxValue, db =>
        {
            if (!Instances.Update(db, instance.Key, state))
            {
                return null; // terminated, purged or replaced while it ran
            }

            foreach (TaskMessage message in workItem.NewMessages)
            {
                Messages.Delete(db, message);
            }

            Instances.AppendHistory(db, instance, newOrchestrationRuntimeState.NewEvents);
            List<Action?> sent =
                [.. outboundMessages.Concat(timerMessages).Concat(orchestratorMessages).Select(message => Send(db, message))];
            return () =>
            {
                _queues.End(instance, state, newOrchestrationRuntimeState.Events);
                sent.ForEach(action => action?.Invoke());
            };
        });
    }

    public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => _queues.GiveBackAsync((Turn)workItem);

    public Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        _queues.NextActivityAsync(cancellationToken);

    public Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage) => _file.Commits.WriteAsync(
        TimeSpan.MaxValue, db => Messages.Delete(db, workItem.TaskMessage) ? Send(db, responseMessage) : null);

    public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem) => _queues.GiveBackAsync(workItem.TaskMessage);

    /// <returns>What is to be done once it is committed. Null: nobody would read it, so it is not written.</returns>
    private Action? Send(Statements db, TaskMessage message)
    {
        if (message.Event is ExecutionStartedEvent)
        {
            // A sub-orchestration. One of that ID that has not ended goes on, as with the Azure Storage provider.
            return Create(db, message, status => !status.HasEnded());
        }

        if (message.Event is ExecutionTerminatedEvent end
            && Instances.Find(db, _hub, message.OrchestrationInstance.InstanceId) is { HasBegun: false } instance)
        {
            // It never begins.
            instance.State.OrchestrationStatus = OrchestrationStatus.Terminated;
            (instance.State.Output, instance.State.LastUpdatedTime) = (end.Input, end.Timestamp);
            return Instances.Update(db, instance.Key, instance.State) ? () => _queues.Remove(instance) : null;
        }

        // A signal or a call makes its entity, if there is none.
        IList<TaskMessage> all = [message];
        Action? created = Entities.AutoStart(message.OrchestrationInstance.InstanceId, all) ? Create(db, all[0], status => !status.HasEnded()) : null;
        message.SequenceNumber = _file.NextNumber();
        return !Messages.Insert(db, _hub, message) ? null : () =>
        {
            created?.Invoke();
            _queues.Put(message);
        };
    }

    /// <returns>What is to be done once it is committed. Null: there is one already, and it is kept.</returns>
    private Action? Create(Statements db, TaskMessage start, Predicate<OrchestrationStatus> isKept)
    {
        if (Instances.Find(db, _hub, start.OrchestrationInstance.InstanceId) is Instance earlier)
        {
            if (isKept(earlier.State.OrchestrationStatus))
            {
                return null;
            }

            Instances.Delete(db, earlier);
        }

        var instance = new Instance(_file.NextNumber(), Instances.Created((ExecutionStartedEvent)start.Event));
        Instances.Insert(db, _hub, instance);
        start.SequenceNumber = _file.NextNumber();
        Messages.Insert(db, _hub, start);
        return () =>
        {
            _queues.Add(instance);
            _queues.Put(start);
        };
    }
}
