using System.Threading.Channels;
using DurableTask.Core;
using DurableTask.Core.History;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>What of a task hub is in memory, all of it committed: the instances that have not ended, and the queues of what can run.</summary>
internal sealed class TaskHubQueues
{
    private static readonly TimeSpan MaxDelay = TimeSpan.FromHours(1); // the clock may be set meanwhile
    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(0.5); // a worker that died is back by then

    private readonly Lock gate = new();
    private readonly Dictionary<string, Instance> instances = [];
    private readonly Channel<Instance> ready = Channel.CreateUnbounded<Instance>();
    private readonly Channel<ActivityRun> activities = Channel.CreateUnbounded<ActivityRun>();

    /// <summary>Puts an instance in, in the place of an earlier one of its ID.</summary>
    public void Add(Instance instance)
    {
        Remove(instance.Id);
        lock (gate)
        {
            instances.Add(instance.Id, instance);
        }
    }

    /// <summary>Takes an instance out, whatever it does.</summary>
    public void Remove(string id)
    {
        lock (gate)
        {
            if (instances.Remove(id, out Instance? instance))
            {
                instance.Timers?.Cancel();
            }
        }
    }

    /// <summary>Stops all timers.</summary>
    public void Clear() => instances.Keys.ToList().ForEach(Remove);

    /// <summary>Queues an activity, or gives an instance its message, at once or when it is due.</summary>
    public void Put(Message message)
    {
        if (message.IsActivity)
        {
            activities.Writer.TryWrite(new ActivityRun
            {
                Id = message.Seq.ToString(),
                Message = message,
                TaskMessage = message.Task,
                LockedUntilUtc = DateTime.MaxValue,
            });
            return;
        }

        lock (gate)
        {
            if (!instances.TryGetValue(message.InstanceId, out Instance? instance))
            {
                return;
            }

            if (message.Due > DateTime.UtcNow)
            {
                instance.Timers ??= new CancellationTokenSource();
                _ = PutWhenDueAsync(message, instance.Timers.Token);
                return;
            }

            // A start comes first, even one that was scheduled.
            instance.Inbox.Insert(message.Task.Event is ExecutionStartedEvent ? 0 : instance.Inbox.Count, message);
            QueueIfReady(instance);
        }
    }

    /// <summary>Waits for an instance with something to take in, and begins its turn.</summary>
    public async Task<Turn> NextTurnAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            Instance instance = await ready.Reader.ReadAsync(cancellationToken);
            lock (gate)
            {
                if (instances.GetValueOrDefault(instance.Id) == instance)
                {
                    List<Message> messages = instance.Inbox;
                    instance.Inbox = [];
                    return new Turn
                    {
                        InstanceId = instance.Id,
                        Instance = instance,
                        Messages = messages,
                        NewMessages = messages.ConvertAll(message => message.Task),
                        LockedUntilUtc = DateTime.MaxValue,
                    };
                }
            }
        }
    }

    public async Task<TaskActivityWorkItem> NextActivityAsync(CancellationToken cancellationToken) =>
        await activities.Reader.ReadAsync(cancellationToken);

    /// <summary>Ends a turn: the instance has a new state, and can run again unless it has ended.</summary>
    public void End(Turn turn, OrchestrationState state, IList<HistoryEvent> history)
    {
        Instance instance = turn.Instance;
        lock (gate)
        {
            (instance.State, instance.History, instance.NextTurn) = (state, history, instance.NextTurn + 1);
            instance.IsBusy = false;
            QueueIfReady(instance);
        }

        if (state.OrchestrationStatus.HasEnded())
        {
            Remove(instance.Id);
        }
    }

    /// <summary>Takes back a turn that came to nothing. The instance can run again after a while.</summary>
    public async Task GiveBackAsync(Turn turn)
    {
        Instance instance = turn.Instance;
        await Task.Delay(RetryPause);
        lock (gate)
        {
            instance.Inbox.InsertRange(0, turn.Messages);
            instance.IsBusy = false;
            QueueIfReady(instance);
        }
    }

    public async Task GiveBackAsync(ActivityRun activity)
    {
        await Task.Delay(RetryPause);
        activities.Writer.TryWrite(activity);
    }

    private async Task PutWhenDueAsync(Message message, CancellationToken gone)
    {
        TimeSpan wait = message.Due!.Value - DateTime.UtcNow + TimeSpan.FromMilliseconds(1);
        await Task.Delay(wait < MaxDelay ? wait : MaxDelay, gone).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!gone.IsCancellationRequested)
        {
            Put(message);
        }
    }

    private void QueueIfReady(Instance instance)
    {
        // What comes before its start waits for it.
        if (!instance.IsBusy && instance.Inbox.Count > 0
            && (instance.HasBegun || instance.Inbox[0].Task.Event is ExecutionStartedEvent))
        {
            instance.IsBusy = true;
            ready.Writer.TryWrite(instance);
        }
    }
}
