using DurableTask.Core;
using DurableTask.Core.History;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>
/// A task hub in a <see cref="SqliteFile"/>. What must survive is committed before it is acknowledged or acted upon; what has not ended is
/// in memory too, so that running it reads nothing. One process owns the file: a work item is nobody else's until it is given back.
/// This part runs turns and activities, the other one serves the client.
/// </summary>
internal sealed partial class SqliteOrchestrationService : IOrchestrationService, IDisposable
{
    private readonly SqliteFile file;
    private readonly string hub;
    private readonly TaskHubQueues queues = new();

    /// <summary>Takes up what has not ended.</summary>
    public SqliteOrchestrationService(SqliteFile file, string hub, int maxConcurrentTurns, int maxConcurrentActivities)
    {
        (this.file, this.hub) = (file, hub);
        MaxConcurrentTaskOrchestrationWorkItems = maxConcurrentTurns;
        MaxConcurrentTaskActivityWorkItems = maxConcurrentActivities;
        file.Read(db => Instances.Alive(db, hub)).ForEach(queues.Add);
        file.Read(db => Messages.All(db, hub)).ForEach(queues.Put);
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
    public void Dispose() => queues.Clear();

    public bool IsMaxMessageCountExceeded(int currentMessageCount, OrchestrationRuntimeState runtimeState) => false;
    public Task RenewTaskOrchestrationWorkItemLockAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;
    public Task<TaskActivityWorkItem> RenewTaskActivityWorkItemLockAsync(TaskActivityWorkItem workItem) => Task.FromResult(workItem);
    public Task ReleaseTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;

    // What failed is given back and pauses by itself; the others need not wait for it.
    public int GetDelayInSecondsAfterOnProcessException(Exception exception) => 0;
    public int GetDelayInSecondsAfterOnFetchException(Exception exception) => exception is OperationCanceledException ? 0 : 1;

    public async Task<TaskOrchestrationWorkItem> LockNextTaskOrchestrationWorkItemAsync(
        TimeSpan receiveTimeout, CancellationToken cancellationToken)
    {
        Turn turn = await queues.NextTurnAsync(cancellationToken);
        if (turn.Instance is { HasBegun: true, History: null } instance)
        {
            (instance.History, instance.NextTurn) = file.Read(db => Messages.History(db, instance.Key));
        }

        turn.OrchestrationRuntimeState = new OrchestrationRuntimeState(turn.Instance.History);
        return turn;
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
        var turn = (Turn)workItem;
        OrchestrationState state = orchestrationState.Kept(turn.Instance.State, newOrchestrationRuntimeState.NewEvents);
        bool startedAnew = newOrchestrationRuntimeState != workItem.OrchestrationRuntimeState;
        return file.Commits.WriteAsync(TimeSpan.MaxValue, db =>
        {
            if (!Instances.Update(db, turn.Instance.Key, state))
            {
                return null; // terminated, purged or replaced while it ran
            }

            turn.Messages.ForEach(message => Messages.Delete(db, message));
            Messages.AppendHistory(db, turn.Instance, newOrchestrationRuntimeState.NewEvents, startedAnew);
            List<Action?> sent =
            [
                .. outboundMessages.Select(task => Send(db, task, isActivity: true)),
                .. timerMessages.Concat(orchestratorMessages).Select(task => Send(db, task)),
            ];
            return () =>
            {
                queues.End(turn, state, newOrchestrationRuntimeState.Events);
                sent.ForEach(action => action?.Invoke());
            };
        });
    }

    public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem)
    {
        _ = queues.GiveBackAsync((Turn)workItem);
        return Task.CompletedTask;
    }

    public Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        queues.NextActivityAsync(cancellationToken);

    public Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage) => file.Commits.WriteAsync(
        TimeSpan.MaxValue, db => Messages.Delete(db, ((ActivityRun)workItem).Message) ? Send(db, responseMessage) : null);

    public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem)
    {
        _ = queues.GiveBackAsync((ActivityRun)workItem);
        return Task.CompletedTask;
    }

    /// <returns>What is to be done once it is committed. Null: nobody would read it, so it is not written.</returns>
    private Action? Send(Statements db, TaskMessage task, bool isActivity = false)
    {
        switch (task.Event)
        {
            case ExecutionStartedEvent:
                // A sub-orchestration. One of that ID that has not ended goes on, as with the Azure Storage provider.
                return Create(db, task, status => !status.HasEnded(), out _);
            case ExecutionTerminatedEvent end
                when Instances.Find(db, hub, task.OrchestrationInstance.InstanceId) is { HasBegun: false } instance:
                // It never begins.
                instance.State.OrchestrationStatus = OrchestrationStatus.Terminated;
                (instance.State.Output, instance.State.LastUpdatedTime) = (end.Input, end.Timestamp);
                return Instances.Update(db, instance.Key, instance.State) ? () => queues.Remove(instance.Id) : null;
            default:
                DateTime? due = task.Event is TimerFiredEvent timer ? Instances.Utc(timer.FireAt) : null;
                var message = new Message(file.NextNumber(), task, due, isActivity);
                return Messages.Insert(db, hub, message) ? () => queues.Put(message) : null;
        }
    }

    /// <returns>What is to be done once it is committed. Null: there is one already, and it is kept.</returns>
    private Action? Create(Statements db, TaskMessage task, Predicate<OrchestrationStatus> isKept, out OrchestrationStatus? earlierStatus)
    {
        var start = (ExecutionStartedEvent)task.Event;
        Instance? earlier = Instances.Find(db, hub, task.OrchestrationInstance.InstanceId);
        earlierStatus = earlier?.State.OrchestrationStatus;
        if (earlier != null && isKept(earlier.State.OrchestrationStatus))
        {
            return null;
        }

        if (earlier != null)
        {
            Instances.Delete(db, earlier);
        }

        var instance = new Instance(file.NextNumber(), Instances.Created(start));
        Instances.Insert(db, hub, instance);
        DateTime? due = start.ScheduledStartTime is DateTime time ? Instances.Utc(time) : null;
        var message = new Message(file.NextNumber(), task, due, IsActivity: false);
        Messages.Insert(db, hub, message);
        return () =>
        {
            queues.Add(instance);
            queues.Put(message);
        };
    }
}
