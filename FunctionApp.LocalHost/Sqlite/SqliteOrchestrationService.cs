using DurableTask.Core;
using DurableTask.Core.History;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>
/// A task hub in a <see cref="SqliteFile"/>. What must survive is committed before it is acknowledged or acted upon; what has not ended is
/// also in memory, so that running it reads nothing. One process owns the file, so that a work item is nobody else's until it is given back.
/// This part is what runs turns and activities; the other one is the client's.
/// </summary>
internal sealed partial class SqliteOrchestrationService : IOrchestrationService, IDisposable
{
    private static readonly TimeSpan Forever = TimeSpan.MaxValue;

    private readonly SqliteFile file;
    private readonly string hub;
    private readonly TaskHubQueues queues = new();

    /// <summary>Takes up what has not ended.</summary>
    public SqliteOrchestrationService(SqliteFile file, string hub, int maxConcurrentTurns, int maxConcurrentActivities)
    {
        this.file = file;
        this.hub = hub;
        MaxConcurrentTaskOrchestrationWorkItems = maxConcurrentTurns;
        MaxConcurrentTaskActivityWorkItems = maxConcurrentActivities;
        file.Read(db =>
        {
            Dictionary<long, LiveInstance> instances = Instances.Alive(db, hub).ToDictionary(
                row => row.Key, row => new LiveInstance(row.Key, row.State));
            foreach (LiveInstance instance in instances.Values)
            {
                queues.Add(instance);
            }

            foreach ((long key, Message message) in Messages.Read(db, hub))
            {
                queues.Put(instances[key].Id, message);
            }

            foreach (ActivityWorkItem activity in Messages.ReadActivities(db, hub))
            {
                queues.Activities.Writer.TryWrite(activity);
            }

            return instances.Count;
        });
    }

    public int TaskOrchestrationDispatcherCount => 1;

    public int TaskActivityDispatcherCount => 1;

    public int MaxConcurrentTaskOrchestrationWorkItems { get; }

    public int MaxConcurrentTaskActivityWorkItems { get; }

    public BehaviorOnContinueAsNew EventBehaviourForContinueAsNew => BehaviorOnContinueAsNew.Carryover;

    public async Task<TaskOrchestrationWorkItem> LockNextTaskOrchestrationWorkItemAsync(
        TimeSpan receiveTimeout, CancellationToken cancellationToken)
    {
        while (true)
        {
            LiveInstance instance = await queues.Ready.ReadAsync(cancellationToken);
            if (queues.Take(instance) is not TurnWorkItem turn)
            {
                continue;
            }

            if (!instance.HasBegun && turn.NewMessages.Select(message => message.Event).OfType<ExecutionTerminatedEvent>().LastOrDefault()
                is ExecutionTerminatedEvent end)
            {
                await EndBeforeStartAsync(turn, end);
                continue;
            }

            if (instance.HasBegun && instance.History == null)
            {
                (instance.History, instance.NextTurn) = file.Read(db => Messages.ReadHistory(db, instance.Key));
            }

            turn.OrchestrationRuntimeState = new OrchestrationRuntimeState(instance.History);
            return turn;
        }
    }

    public async Task CompleteTaskOrchestrationWorkItemAsync(
        TaskOrchestrationWorkItem workItem,
        OrchestrationRuntimeState newOrchestrationRuntimeState,
        IList<TaskMessage> outboundMessages,
        IList<TaskMessage> orchestratorMessages,
        IList<TaskMessage> timerMessages,
        TaskMessage continuedAsNewMessage,
        OrchestrationState orchestrationState)
    {
        var turn = (TurnWorkItem)workItem;
        LiveInstance instance = turn.Instance;
        OrchestrationState state = instance.State.After(newOrchestrationRuntimeState);
        bool startedAnew = newOrchestrationRuntimeState != workItem.OrchestrationRuntimeState;

        // Most events arrive or leave as messages too: they are written out once. But a start is changed by its first turn.
        Dictionary<HistoryEvent, string> texts = turn.Messages.Where(message => message.Task.Event is not ExecutionStartedEvent)
            .ToDictionary(message => message.Task.Event, message => message.Json);
        string Text(HistoryEvent historyEvent)
        {
            if (!texts.TryGetValue(historyEvent, out string? text))
            {
                texts.Add(historyEvent, text = HistoryJson.Write(historyEvent));
            }

            return text;
        }

        string events = string.Join(',', newOrchestrationRuntimeState.NewEvents.Select(Text));
        List<(TaskMessage Task, string Json)> activities = [.. outboundMessages.Select(message => (message, Text(message.Event)))];
        List<(TaskMessage Task, string Json)> messages =
            [.. timerMessages.Concat(orchestratorMessages).Select(message => (message, Text(message.Event)))];

        await file.Commits.WriteAsync(
            db =>
            {
                Messages.Delete(db, turn.Messages);
                if (!Instances.Update(db, instance.Key, state, startedAnew))
                {
                    // Purged or replaced while it ran.
                    return null;
                }

                Messages.AppendHistory(db, instance.Key, instance.NextTurn, events, startedAnew);
                var actions = new List<Action?>(activities.Count + messages.Count);
                actions.AddRange(activities.Select(activity => InsertActivity(db, activity.Task, activity.Json)));
                actions.AddRange(messages.Select(message => Insert(db, message.Task, message.Json)));
                return () =>
                {
                    DeleteLater(queues.End(turn, state, newOrchestrationRuntimeState.Events));
                    actions.ForEach(action => action?.Invoke());
                };
            },
            Forever);
        turn.IsOver = true;
    }

    public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem)
    {
        var turn = (TurnWorkItem)workItem;
        if (!turn.IsOver)
        {
            turn.IsOver = true;
            _ = queues.GiveBackAsync(turn);
        }

        return Task.CompletedTask;
    }

    // Called at the end in any case, and instead of all else when the worker stops.
    public Task ReleaseTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) => AbandonTaskOrchestrationWorkItemAsync(workItem);

    public Task RenewTaskOrchestrationWorkItemLockAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;

    public async Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken) =>
        await queues.Activities.Reader.ReadAsync(cancellationToken);

    public Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage)
    {
        string text = HistoryJson.Write(responseMessage.Event);
        return file.Commits.WriteAsync(
            db => Messages.DeleteActivity(db, ((ActivityWorkItem)workItem).Seq) ? Insert(db, responseMessage, text) : null,
            Forever);
    }

    public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem)
    {
        _ = queues.GiveBackAsync((ActivityWorkItem)workItem);
        return Task.CompletedTask;
    }

    public Task<TaskActivityWorkItem> RenewTaskActivityWorkItemLockAsync(TaskActivityWorkItem workItem) => Task.FromResult(workItem);

    public bool IsMaxMessageCountExceeded(int currentMessageCount, OrchestrationRuntimeState runtimeState) => false;

    // What failed is given back, and pauses by itself; the others need not wait for it.
    public int GetDelayInSecondsAfterOnProcessException(Exception exception) => 0;

    public int GetDelayInSecondsAfterOnFetchException(Exception exception) => exception is OperationCanceledException ? 0 : 1;

    public Task StartAsync() => Task.CompletedTask;

    public Task StopAsync() => Task.CompletedTask;

    public Task StopAsync(bool isForced) => Task.CompletedTask;

    public Task CreateAsync() => CreateAsync(true);

    public Task CreateAsync(bool recreateInstanceStore) => recreateInstanceStore ? DeleteAsync() : Task.CompletedTask;

    public Task CreateIfNotExistsAsync() => Task.CompletedTask;

    public Task DeleteAsync() => PurgeAsync(new InstanceFilter(), null);

    public Task DeleteAsync(bool deleteInstanceStore) => DeleteAsync();

    public void Dispose() => queues.Dispose();

    private Task EndBeforeStartAsync(TurnWorkItem turn, ExecutionTerminatedEvent end)
    {
        OrchestrationState state = turn.Instance.State.Copy();
        state.End(OrchestrationStatus.Terminated, end.Input);
        state.LastUpdatedTime = end.Timestamp;
        return file.Commits.WriteAsync(
            db =>
            {
                Messages.Delete(db, turn.Messages);
                return Instances.Update(db, turn.Instance.Key, state, startedAnew: false)
                    ? () => DeleteLater(queues.End(turn, state, []))
                    : null;
            },
            Forever);
    }

    private Action InsertActivity(Statements db, TaskMessage task, string text)
    {
        ActivityWorkItem activity = Messages.Activity(file.NextNumber(), task);
        Messages.InsertActivity(db, hub, activity, text);
        return () => queues.Activities.Writer.TryWrite(activity);
    }

    /// <returns>What to do once it is committed. Null: there is no such instance any more, and so no message.</returns>
    private Action? Insert(Statements db, TaskMessage task, string text)
    {
        if (task.Event is ExecutionStartedEvent)
        {
            // A sub-orchestration. One of that ID that has not ended goes on, as with the Azure Storage provider.
            return Create(db, task, text, [OrchestrationStatus.Running, OrchestrationStatus.Pending, OrchestrationStatus.Suspended], out _);
        }

        DateTime? due = task.Event is TimerFiredEvent timer ? Instances.Utc(timer.FireAt) : null;
        var message = new Message(file.NextNumber(), task, text, due);
        string id = task.OrchestrationInstance.InstanceId;
        return Messages.Insert(db, hub, message) ? () => queues.Put(id, message) : null;
    }

    private Action? Create(
        Statements db, TaskMessage task, string text, OrchestrationStatus[]? dedupeStatuses, out OrchestrationStatus? duplicate)
    {
        OrchestrationState state = Instances.Pending((ExecutionStartedEvent)task.Event);
        string id = state.OrchestrationInstance.InstanceId;
        (long Key, OrchestrationStatus Status)? earlier = Instances.Find(db, hub, id);
        duplicate = earlier?.Status;
        if (duplicate != null && dedupeStatuses?.Contains(duplicate.Value) == true)
        {
            return null;
        }

        duplicate = null;
        if (earlier != null)
        {
            Instances.Delete(db, earlier.Value.Key);
        }

        var instance = new LiveInstance(file.NextNumber(), state);
        Instances.Insert(db, hub, instance.Key, state);
        var start = new Message(file.NextNumber(), task, text, state.ScheduledStartTime);
        Messages.Insert(db, hub, start);
        return () =>
        {
            DeleteLater(queues.Add(instance));
            queues.Put(id, start);
        };
    }

    // Nobody waits for it; whatever is still there at the next start is deleted then.
    private void DeleteLater(List<Message> messages)
    {
        if (messages.Count > 0)
        {
            _ = file.Commits.WriteAsync(
                db =>
                {
                    Messages.Delete(db, messages);
                    return null;
                },
                TimeSpan.Zero);
        }
    }
}
