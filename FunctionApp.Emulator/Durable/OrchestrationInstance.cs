using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Emulator.Durable;

/// <summary>An orchestration instance as the journal has it.</summary>
/// <param name="Key">Its row; a replaced instance of the same ID has another.</param>
internal sealed record InstanceRecord(
    long Key,
    string Id,
    string Name,
    OrchestrationRuntimeStatus Status,
    string? Input,
    string? Output,
    TaskFailureDetails? Failure,
    DateTimeOffset CreatedAt,
    DateTimeOffset UpdatedAt,
    DateTimeOffset? StartAt)
{
    public OrchestrationMetadata ToMetadata(bool inputsAndOutputs) => new(Name, Id)
    {
        RuntimeStatus = Status,
        CreatedAt = CreatedAt,
        LastUpdatedAt = UpdatedAt,
        DataConverter = inputsAndOutputs ? TaskHub.Converter : null,
        SerializedInput = inputsAndOutputs ? Input : null,
        SerializedOutput = inputsAndOutputs ? Output : null,
        FailureDetails = inputsAndOutputs ? Failure : null,
    };
}

/// <summary>An unfinished instance in memory: its history so far and the answers that its code has not seen yet.</summary>
internal sealed class OrchestrationInstance(InstanceRecord record, List<HistoryEvent> history) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly List<ITimer> _timers = [];
    private List<HistoryEvent> _inbox = [];
    private bool _queued;
    private bool _ended;

    public InstanceRecord Record { get; set; } = record;

    /// <summary>Only its current turn touches it.</summary>
    public List<HistoryEvent> History { get; } = history;

    /// <summary>Adds an answer, or none to run the first turn. True if the instance must now be queued for a turn.</summary>
    public bool Post(HistoryEvent? answer)
    {
        lock (_lock)
        {
            if (_ended)
            {
                return false;
            }

            if (answer is not null)
            {
                _inbox.Add(answer);
            }

            return !_queued && (_queued = true);
        }
    }

    public List<HistoryEvent> TakeInbox()
    {
        lock (_lock)
        {
            List<HistoryEvent> taken = _inbox;
            _inbox = [];
            return taken;
        }
    }

    /// <summary>Ends a turn. True if answers have come meanwhile, so that the instance must be queued again.</summary>
    public bool EndTurn()
    {
        lock (_lock)
        {
            return _queued = _inbox.Count > 0 && !_ended;
        }
    }

    public void StartTimer(TimeProvider time, TimeSpan due, Action fire)
    {
        // The longest time that a timer takes is 49 days; a longer one is armed again.
        var longest = TimeSpan.FromDays(40);
        lock (_lock)
        {
            if (!_ended)
            {
                _timers.Add(time.CreateTimer(
                    _ =>
                    {
                        if (due > longest)
                        {
                            StartTimer(time, due - longest, fire);
                        }
                        else
                        {
                            fire();
                        }
                    },
                    null,
                    due > longest ? longest : due < TimeSpan.Zero ? TimeSpan.Zero : due,
                    Timeout.InfiniteTimeSpan));
            }
        }
    }

    /// <summary>The instance has ended: answers and timers that are still to come have no effect.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _ended = true;
            _timers.ForEach(timer => timer.Dispose());
            _timers.Clear();
        }
    }
}
