using System.Threading.Channels;
using DurableTask.Core;
using DurableTask.Core.Common;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>
/// What of a task hub is in memory, all of it committed: instances with something to do, those that had a moment ago, and activities that
/// can run; of each some hundreds. All others are in the file alone, and <see cref="Feeder"/> brings them when there is room, or when they are due.
/// </summary>
internal sealed class TaskHubQueues(long lastNumber)
{
    private const int MaxIdle = 1_000;

    private static readonly TimeSpan RetryPause = TimeSpan.FromSeconds(0.5); // a worker that died is back by then

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Instance> _instances = [];
    private readonly Queue<(Instance Instance, int Turn)> _idle = [];
    private readonly Channel<Instance> _orchestrations = Channel.CreateUnbounded<Instance>();
    private readonly Channel<Instance> _entities = Channel.CreateUnbounded<Instance>();
    private readonly Channel<TaskMessage> _activities = Channel.CreateUnbounded<TaskMessage>();
    private readonly Backlog _instancesBacklog = new(lastNumber);
    private readonly Backlog _activitiesBacklog = new(lastNumber);
    private TaskCompletionSource _news = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTime _soonest = DateTime.MaxValue;
    private long _wokenTo;
    private bool _isFull;

    /// <summary>Until when messages are due. Not before a time for which an instance was woken, even if the clock was set back since.</summary>
    public DateTime Now
    {
        get
        {
            using Lock.Scope scope = _gate.EnterScope();
            return new DateTime(Math.Max(DateTime.UtcNow.Ticks, _wokenTo), DateTimeKind.Utc);
        }
    }

    private int ReadyCount => _orchestrations.Reader.Count + _entities.Reader.Count;

    /// <summary>The state of an instance that is in memory: a copy, as the extension changes what it is given.</summary>
    public OrchestrationState? FindState(string id)
    {
        using Lock.Scope scope = _gate.EnterScope();
        if (_instances.GetValueOrDefault(id)?.State is not { } state)
        {
            return null;
        }

        // Which copies if there is something to clear.
        OrchestrationState copy = state.ClearFieldsImmutably(clearInput: true, clearOutput: false);
        copy.Input = state.Input;
        copy.OrchestrationInstance = new OrchestrationInstance { InstanceId = id, ExecutionId = state.OrchestrationInstance.ExecutionId };
        return copy;
    }

    /// <summary>Its status.</summary>
    public OrchestrationStatus? FindStatus(string id)
    {
        using Lock.Scope scope = _gate.EnterScope();
        return _instances.GetValueOrDefault(id)?.State?.OrchestrationStatus;
    }

    /// <summary>Puts a new instance in, in the place of an earlier one of its ID, with its start.</summary>
    public void Add(long key, OutgoingMessage start)
    {
        using Lock.Scope scope = _gate.EnterScope();
        TaskMessage message = start.Message;
        string id = message.OrchestrationInstance.InstanceId;
        if (_instances.TryGetValue(id, out Instance? earlier) && earlier.Key != key)
        {
            // Unless it was read from the file since it was committed.
            _instances.Remove(id);
        }

        if (start.Due is DateTime due)
        {
            Expect(due);
        }
        else if (Admit(_instancesBacklog, message, ReadyCount) && !_instances.ContainsKey(id))
        {
            var instance = new Instance(key, id) { State = start.State, Inbox = [message] };
            _instances.Add(id, instance);
            Enqueue(instance);
        }
    }

    /// <summary>Takes an instance out, whatever it does.</summary>
    public void Remove(long key, string id)
    {
        using Lock.Scope scope = _gate.EnterScope();
        if (_instances.TryGetValue(id, out Instance? found) && found.Key == key)
        {
            _instances.Remove(id);
        }
    }

    /// <summary>Takes whatever instance has the ID out.</summary>
    public void Remove(string id)
    {
        using Lock.Scope scope = _gate.EnterScope();
        _instances.Remove(id);
    }

    /// <summary>Queues an activity, or gives an instance its message, at once or when it is due.</summary>
    /// <param name="key">The instance's.</param>
    public void Put(long key, OutgoingMessage outgoing)
    {
        using Lock.Scope scope = _gate.EnterScope();
        TaskMessage message = outgoing.Message;
        if (outgoing.Due is DateTime due)
        {
            Expect(due);
        }
        else if (message.IsActivity())
        {
            if (Admit(_activitiesBacklog, message, _activities.Reader.Count))
            {
                _activities.Writer.TryWrite(message);
            }
        }
        else if (_instances.TryGetValue(message.OrchestrationInstance.InstanceId, out Instance? instance) && instance.Key == key)
        {
            if (instance.MustRead || instance.HasRead)
            {
                instance.MustRead = true;
            }
            else
            {
                instance.Inbox.Add(message);
            }

            Enqueue(instance);
        }
        else if (Admit(_instancesBacklog, message, ReadyCount))
        {
            Wake(key, message.OrchestrationInstance.InstanceId);
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
            AskForMore();
            if (_instances.GetValueOrDefault(instance.Id) == instance)
            {
                List<TaskMessage> messages = instance.Inbox;
                instance.Inbox = [];
                (instance.HasRead, instance.MustRead) = (instance.MustRead, false);
                return new Turn(instance) { InstanceId = instance.Id, NewMessages = messages, LockedUntilUtc = DateTime.MaxValue };
            }
        }
    }

    public async Task<TaskActivityWorkItem> NextActivityAsync(CancellationToken cancellationToken)
    {
        TaskMessage message = await _activities.Reader.ReadAsync(cancellationToken);
        using Lock.Scope scope = _gate.EnterScope();
        AskForMore();
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
            Remove(instance.Key, instance.Id);
        }
        else
        {
            Release(instance);
        }
    }

    /// <summary>Ends a turn for which there was nothing to take in.</summary>
    public void Forget(Instance instance)
    {
        using Lock.Scope scope = _gate.EnterScope();
        if (instance.MustRead)
        {
            Release(instance);
        }
        else
        {
            Remove(instance.Key, instance.Id);
        }
    }

    /// <summary>Takes back a turn that came to nothing. The instance can run again after a while.</summary>
    public async Task GiveBackAsync(Turn turn)
    {
        await Task.Delay(RetryPause);
        using Lock.Scope scope = _gate.EnterScope();
        turn.Instance.MustRead = true;
        Release(turn.Instance);
    }

    /// <summary>Takes back an activity that came to nothing.</summary>
    public async Task GiveBackAsync(TaskMessage activity)
    {
        await Task.Delay(RetryPause);
        _activities.Writer.TryWrite(activity);
    }

    /// <summary>Completes when there is room for what is in the file, or something is due sooner than was known.</summary>
    public Task ListenForNews()
    {
        using Lock.Scope scope = _gate.EnterScope();
        _news = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _news.Task;
    }

    /// <summary>Lets whoever listens look again.</summary>
    public void TellNews()
    {
        using Lock.Scope scope = _gate.EnterScope();
        _news.TrySetResult();
    }

    /// <summary>The soonest time for which something came since this was asked last.</summary>
    public DateTime TakeSoonest()
    {
        using Lock.Scope scope = _gate.EnterScope();
        DateTime soonest = _soonest;
        _soonest = DateTime.MaxValue;
        return soonest;
    }

    /// <summary>How many more instances there is room for.</summary>
    public int MakeOutRoom()
    {
        using Lock.Scope scope = _gate.EnterScope();
        _isFull = ReadyCount >= Backlog.Room;
        return Backlog.Room - ReadyCount;
    }

    /// <summary>Where to go on reading messages for instances; null if nothing is left in the file, or there is no room.</summary>
    public (long After, long Begun)? BeginInstances() => Begin(_instancesBacklog, ReadyCount);

    /// <summary>The same for activities.</summary>
    public (long After, long Begun)? BeginActivities() => Begin(_activitiesBacklog, _activities.Reader.Count);

    public void EndInstances(long begun, List<Arrival> read, bool isAll)
    {
        using Lock.Scope scope = _gate.EnterScope();
        read.ForEach(arrival => Wake(arrival.Key, arrival.Id));
        _instancesBacklog.End(begun, read.Count > 0 ? read[^1].Sequence : null, isAll);
    }

    public void EndActivities(long begun, List<TaskMessage> read, bool isAll)
    {
        using Lock.Scope scope = _gate.EnterScope();
        read.ForEach(message => _activities.Writer.TryWrite(message));
        _activitiesBacklog.End(begun, read.Count > 0 ? read[^1].SequenceNumber : null, isAll);
    }

    /// <summary>Puts instances in whose messages are due.</summary>
    public void Wake(List<Arrival> due)
    {
        using Lock.Scope scope = _gate.EnterScope();
        foreach (Arrival arrival in due)
        {
            _wokenTo = Math.Max(_wokenTo, arrival.Due);
            Wake(arrival.Key, arrival.Id);
        }
    }

    private (long After, long Begun)? Begin(Backlog backlog, int count)
    {
        using Lock.Scope scope = _gate.EnterScope();
        return backlog.Wants(count) ? (backlog.ReadTo, backlog.Begin()) : null;
    }

    private bool Admit(Backlog backlog, TaskMessage message, int count)
    {
        bool isAdmitted = backlog.Admit(message.SequenceNumber, count);
        if (backlog.Wants(count))
        {
            _news.TrySetResult();
        }

        return isAdmitted;
    }

    private void AskForMore()
    {
        if ((_isFull && ReadyCount <= Backlog.Room / 2) || _instancesBacklog.Wants(ReadyCount) || _activitiesBacklog.Wants(_activities.Reader.Count))
        {
            _news.TrySetResult();
        }
    }

    private void Expect(DateTime due)
    {
        if (due < _soonest)
        {
            _soonest = due;
            _news.TrySetResult();
        }
    }

    /// <summary>Lets an instance read its messages. Of two of one ID, one of which is gone, the newer is meant.</summary>
    private void Wake(long key, string id)
    {
        if (!_instances.TryGetValue(id, out Instance? instance) || instance.Key < key)
        {
            instance = _instances[id] = new Instance(key, id);
        }

        if (instance.Key == key)
        {
            instance.MustRead = true;
            Enqueue(instance);
        }
    }

    private void Release(Instance instance)
    {
        instance.IsBusy = false;
        instance.HasRead = false;
        if (instance.MustRead || instance.Inbox.Count > 0)
        {
            Enqueue(instance);
            return;
        }

        // Those that have been idle longest go: what they need is read when there is something for them.
        _idle.Enqueue((instance, instance.NextTurn));
        if (_idle.Count > MaxIdle)
        {
            (Instance oldest, int turn) = _idle.Dequeue();
            if (!oldest.IsBusy && oldest.NextTurn == turn)
            {
                Remove(oldest.Key, oldest.Id);
            }
        }
    }

    private void Enqueue(Instance instance)
    {
        if (!instance.IsBusy)
        {
            instance.IsBusy = true;
            (Entities.IsEntityInstance(instance.Id) ? _entities : _orchestrations).Writer.TryWrite(instance);
        }
    }
}
