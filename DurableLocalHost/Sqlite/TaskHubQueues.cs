using System.Threading.Channels;
using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>What of a task hub is in memory, all of it committed: instances that have not ended, and queues of what can run.</summary>
internal sealed class TaskHubQueues
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromHours(1); // the clock may be set meanwhile
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(0.5); // a worker that died is back by then

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Instance> _instances = [];
    private readonly Channel<Instance> _orchestrations = Channel.CreateUnbounded<Instance>();
    private readonly Channel<Instance> _entities = Channel.CreateUnbounded<Instance>();
    private readonly Channel<TaskMessage> _activities = Channel.CreateUnbounded<TaskMessage>();

    /// <summary>Puts an instance in, in the place of an earlier one of its ID.</summary>
    public void Add(Instance instance)
    {
        using Lock.Scope scope = _gate.EnterScope();
        _instances.GetValueOrDefault(instance.Id)?.Timers?.Cancel();
        _instances[instance.Id] = instance;
    }

    /// <summary>Takes an instance out, whatever it does.</summary>
    public void Remove(Instance instance)
    {
        using Lock.Scope scope = _gate.EnterScope();
        if (_instances.TryGetValue(instance.Id, out Instance? found) && found.Key == instance.Key)
        {
            found.Timers?.Cancel();
            _instances.Remove(found.Id);
        }
    }

    /// <summary>Queues an activity, or gives an instance its message, at once or when it is due.</summary>
    public void Put(TaskMessage message)
    {
        if (message.IsActivity())
        {
            _activities.Writer.TryWrite(message);
            return;
        }

        using Lock.Scope scope = _gate.EnterScope();
        if (_instances.TryGetValue(message.OrchestrationInstance.InstanceId, out Instance? instance))
        {
            Put(instance, message);
        }
    }

    /// <summary>Waits for an orchestration with something to take in, and begins its turn.</summary>
    public Task<Turn> NextOrchestrationAsync(CancellationToken cancellationToken) => NextTurnAsync(_orchestrations, cancellationToken);

    /// <summary>The same for an entity.</summary>
    public Task<Turn> NextEntityAsync(CancellationToken cancellationToken) => NextTurnAsync(_entities, cancellationToken);

    private async Task<Turn> NextTurnAsync(Channel<Instance> ready, CancellationToken cancellationToken)
    {
        while (true)
        {
            Instance instance = await ready.Reader.ReadAsync(cancellationToken);
            using Lock.Scope scope = _gate.EnterScope();
            if (_instances.GetValueOrDefault(instance.Id) == instance)
            {
                List<TaskMessage> messages = instance.Inbox;
                instance.Inbox = [];
                return new Turn(instance) { InstanceId = instance.Id, NewMessages = messages, LockedUntilUtc = DateTime.MaxValue };
            }
        }
    }

    public async Task<TaskActivityWorkItem> NextActivityAsync(CancellationToken cancellationToken)
    {
        TaskMessage message = await _activities.Reader.ReadAsync(cancellationToken);
        return new TaskActivityWorkItem
        {
            Id = message.SequenceNumber.ToString(),
            TaskMessage = message,
            LockedUntilUtc = DateTime.MaxValue,
        };
    }

    /// <summary>Ends a turn: the instance has a new state, and can run again unless it has ended.</summary>
    public void End(Instance instance, OrchestrationState state, IList<HistoryEvent> history)
    {
        using Lock.Scope scope = _gate.EnterScope();
        (instance.State, instance.History, instance.NextTurn) = (state, history, instance.NextTurn + 1);
        if (state.OrchestrationStatus.HasEnded())
        {
            Remove(instance);
        }
        else
        {
            Release(instance);
        }
    }

    /// <summary>Takes back a turn that came to nothing. The instance can run again after a while.</summary>
    public async Task GiveBackAsync(Turn turn)
    {
        await Task.Delay(RetryPause);
        using Lock.Scope scope = _gate.EnterScope();
        turn.Instance.Inbox.InsertRange(0, turn.NewMessages);
        Release(turn.Instance);
    }

    /// <summary>Takes back an activity that came to nothing.</summary>
    public async Task GiveBackAsync(TaskMessage activity)
    {
        await Task.Delay(RetryPause);
        Put(activity);
    }

    private void Put(Instance instance, TaskMessage message)
    {
        if (message.Due() is DateTime due && due > DateTime.UtcNow)
        {
            instance.Timers ??= new CancellationTokenSource();
            _ = PutWhenDueAsync(message, due, instance.Timers.Token);
            return;
        }

        // A start comes first, even one that was scheduled.
        instance.Inbox.Insert(message.Event is ExecutionStartedEvent ? 0 : instance.Inbox.Count, message);
        QueueIfReady(instance);
    }

    private async Task PutWhenDueAsync(TaskMessage message, DateTime due, CancellationToken gone)
    {
        double wait = Math.Clamp(Math.Ceiling((due - DateTime.UtcNow).TotalMilliseconds), 0, MaxDelay.TotalMilliseconds);
        await Task.Delay((int)wait, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!gone.IsCancellationRequested)
        {
            Put(message);
        }
    }

    private void Release(Instance instance)
    {
        instance.IsBusy = false;
        QueueIfReady(instance);
    }

    private void QueueIfReady(Instance instance)
    {
        // What comes before its start waits for it.
        if (!instance.IsBusy && instance.Inbox is [TaskMessage first, ..] && (instance.HasBegun || first.Event is ExecutionStartedEvent))
        {
            instance.IsBusy = true;
            (Entities.IsEntityInstance(instance.Id) ? _entities : _orchestrations).Writer.TryWrite(instance);
        }
    }
}
