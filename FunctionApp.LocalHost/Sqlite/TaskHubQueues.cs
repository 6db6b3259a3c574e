using System.Threading.Channels;
using DurableTask.Core;
using DurableTask.Core.History;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>
/// What of a task hub lives in memory, all of it committed: the instances that have not ended, their messages and timers, who waits for
/// their end, and the queues of what can run now.
/// </summary>
internal sealed class TaskHubQueues : IDisposable
{
    // A timer cannot be set much further ahead, and the clock may be set meanwhile.
    private static readonly TimeSpan MaxSleep = TimeSpan.FromHours(1);

    private readonly Lock gate = new();
    private readonly Dictionary<string, LiveInstance> instances = [];
    private readonly Dictionary<string, List<TaskCompletionSource<OrchestrationState>>> waiters = [];
    private readonly SortedSet<(DateTime Due, long Seq, LiveInstance Instance, Message Message)> schedule =
        new(Comparer<(DateTime Due, long Seq, LiveInstance, Message)>.Create((a, b) => (a.Due, a.Seq).CompareTo((b.Due, b.Seq))));
    private readonly Channel<LiveInstance> ready = Channel.CreateUnbounded<LiveInstance>();
    private readonly Channel<ActivityWorkItem> activities = Channel.CreateUnbounded<ActivityWorkItem>();
    private readonly Timer clock;

    public TaskHubQueues() => clock = new Timer(_ => PutDue());

    /// <summary>Instances with something to take in: each is to be given to <see cref="Take"/>.</summary>
    public ChannelReader<LiveInstance> Ready => ready.Reader;

    public Channel<ActivityWorkItem> Activities => activities;

    /// <returns>A copy of the state of a live instance.</returns>
    public OrchestrationState? Find(string id)
    {
        lock (gate)
        {
            return instances.TryGetValue(id, out LiveInstance? instance) ? instance.State.Copy() : null;
        }
    }

    /// <summary>Puts an instance in, in the place of an earlier one of its ID.</summary>
    /// <returns>The messages that the earlier one leaves behind.</returns>
    public List<Message> Add(LiveInstance instance)
    {
        lock (gate)
        {
            instances.Remove(instance.Id, out LiveInstance? earlier);
            instances.Add(instance.Id, instance);
            return earlier == null ? [] : Clear(earlier, _ => true);
        }
    }

    /// <summary>Gives a message to a live instance, at once or when it is due.</summary>
    public void Put(string id, Message message)
    {
        lock (gate)
        {
            if (instances.TryGetValue(id, out LiveInstance? instance))
            {
                Put(instance, message);
            }
        }
    }

    /// <summary>Begins a turn. Null: the instance has gone meanwhile.</summary>
    public TurnWorkItem? Take(LiveInstance instance)
    {
        lock (gate)
        {
            if (instances.GetValueOrDefault(instance.Id) != instance)
            {
                return null;
            }

            List<Message> messages = [.. instance.Inbox];
            instance.Inbox.Clear();
            return new TurnWorkItem
            {
                InstanceId = instance.Id,
                Instance = instance,
                Messages = messages,
                NewMessages = messages.ConvertAll(message => message.Task),
                LockedUntilUtc = DateTime.MaxValue,
            };
        }
    }

    /// <summary>Takes a turn back that came to nothing; the instance can run again after a while.</summary>
    public async Task GiveBackAsync(TurnWorkItem turn)
    {
        LiveInstance instance = turn.Instance;
        lock (gate)
        {
            instance.Inbox.InsertRange(0, turn.Messages);
            instance.Failures++;
        }

        await Task.Delay(Pause(instance.Failures));
        lock (gate)
        {
            instance.IsBusy = false;
            Queue(instance);
        }
    }

    public async Task GiveBackAsync(ActivityWorkItem activity)
    {
        activity.Failures++;
        await Task.Delay(Pause(activity.Failures));
        activities.Writer.TryWrite(activity);
    }

    /// <summary>Ends a turn.</summary>
    /// <param name="turn">The turn.</param>
    /// <param name="state">The instance's state from now on.</param>
    /// <param name="history">Its whole history.</param>
    /// <returns>The messages that are of no use any more.</returns>
    public List<Message> End(TurnWorkItem turn, OrchestrationState state, IList<HistoryEvent> history)
    {
        LiveInstance instance = turn.Instance;
        lock (gate)
        {
            bool isSameExecution = instance.State.OrchestrationInstance.ExecutionId == state.OrchestrationInstance.ExecutionId;
            instance.State = state;
            instance.History = history;
            instance.NextTurn++;
            instance.Failures = 0;
            if (state.HasEnded())
            {
                return Remove(instance);
            }

            List<Message> stale = isSameExecution ? [] : Clear(instance, message =>
                message.Task.OrchestrationInstance.ExecutionId is { Length: > 0 } execution
                && execution != state.OrchestrationInstance.ExecutionId);
            instance.IsBusy = false;
            Queue(instance);
            return stale;
        }
    }

    /// <summary>Takes an instance out, whatever it does.</summary>
    /// <returns>The messages that it leaves behind.</returns>
    public List<Message> Purge(string id, long key)
    {
        lock (gate)
        {
            return instances.TryGetValue(id, out LiveInstance? instance) && instance.Key == key ? Remove(instance) : [];
        }
    }

    /// <summary>Completes with the end of the instance, should it come, until <see cref="StopWaiting"/>.</summary>
    public TaskCompletionSource<OrchestrationState> Wait(string id)
    {
        var waiter = new TaskCompletionSource<OrchestrationState>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (gate)
        {
            if (!waiters.TryGetValue(id, out List<TaskCompletionSource<OrchestrationState>>? all))
            {
                waiters.Add(id, all = []);
            }

            all.Add(waiter);
            return waiter;
        }
    }

    public void StopWaiting(string id, TaskCompletionSource<OrchestrationState> waiter)
    {
        lock (gate)
        {
            if (waiters.TryGetValue(id, out List<TaskCompletionSource<OrchestrationState>>? all) && all.Remove(waiter) && all.Count == 0)
            {
                waiters.Remove(id);
            }
        }
    }

    public void Dispose() => clock.Dispose();

    // 0.1 s, then twice as long each time, but work must go on soon after a worker's death.
    private static TimeSpan Pause(int failures) => TimeSpan.FromMilliseconds(Math.Min(50 << Math.Min(failures, 10), 2000));

    private void Put(LiveInstance instance, Message message)
    {
        if (message.Due is DateTime due && due > DateTime.UtcNow)
        {
            instance.Scheduled.Add(message);
            schedule.Add((due, message.Seq, instance, message));
            if (schedule.Min.Message == message)
            {
                SetClock();
            }

            return;
        }

        instance.Inbox.Insert(message.Task.Event is ExecutionStartedEvent ? 0 : instance.Inbox.Count, message);
        Queue(instance);
    }

    private void Queue(LiveInstance instance)
    {
        if (instance.IsReady)
        {
            instance.IsBusy = true;
            ready.Writer.TryWrite(instance);
        }
    }

    private List<Message> Remove(LiveInstance instance)
    {
        instances.Remove(instance.Id);
        if (instance.State.HasEnded() && waiters.Remove(instance.Id, out List<TaskCompletionSource<OrchestrationState>>? all))
        {
            all.ForEach(waiter => waiter.SetResult(instance.State.Copy()));
        }

        return Clear(instance, _ => true);
    }

    private List<Message> Clear(LiveInstance instance, Predicate<Message> isToGo)
    {
        List<Message> gone = [.. instance.Inbox.Concat(instance.Scheduled).Where(message => isToGo(message))];
        instance.Inbox.RemoveAll(isToGo);
        instance.Scheduled.RemoveWhere(isToGo);
        foreach (Message message in gone.Where(message => message.Due != null))
        {
            schedule.Remove((message.Due!.Value, message.Seq, instance, message));
        }

        return gone;
    }

    private void PutDue()
    {
        lock (gate)
        {
            while (schedule.Count > 0 && schedule.Min.Due <= DateTime.UtcNow)
            {
                (_, _, LiveInstance instance, Message message) = schedule.Min;
                schedule.Remove(schedule.Min);
                instance.Scheduled.Remove(message);
                Put(instance, message);
            }

            SetClock();
        }
    }

    private void SetClock()
    {
        if (schedule.Count > 0)
        {
            double sleep = Math.Clamp(Math.Ceiling((schedule.Min.Due - DateTime.UtcNow).TotalMilliseconds), 0, MaxSleep.TotalMilliseconds);
            clock.Change((long)sleep, Timeout.Infinite);
        }
    }
}
