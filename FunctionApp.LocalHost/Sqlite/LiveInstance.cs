using DurableTask.Core;
using DurableTask.Core.History;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>A message for an instance, committed under its number. One with a due time waits until then.</summary>
internal sealed class Message(long seq, TaskMessage task, string json, DateTime? due)
{
    public long Seq => seq;

    public TaskMessage Task => task;

    /// <summary>The event, as <see cref="HistoryJson"/> writes it.</summary>
    public string Json => json;

    public DateTime? Due => due;
}

/// <summary>An instance that has not ended, as committed. Guarded by the lock of <see cref="TaskHubQueues"/>.</summary>
internal sealed class LiveInstance(long key, OrchestrationState state)
{
    public long Key => key;

    public string Id => State.OrchestrationInstance.InstanceId;

    public OrchestrationState State { get; set; } = state;

    /// <summary>Null: has not run yet, or has not been read since the start.</summary>
    public IList<HistoryEvent>? History { get; set; }

    /// <summary>The number of the next row of its history.</summary>
    public int NextTurn { get; set; }

    public List<Message> Inbox { get; } = [];

    public HashSet<Message> Scheduled { get; } = [];

    /// <summary>It is in the queue, or a turn of it is running.</summary>
    public bool IsBusy { get; set; }

    /// <summary>Turns that were given back in a row.</summary>
    public int Failures { get; set; }

    public bool HasBegun => State.OrchestrationStatus != OrchestrationStatus.Pending;

    // Whatever comes before its start waits for it, but for its end.
    public bool IsReady => !IsBusy && Inbox.Count > 0
        && (HasBegun || Inbox.Exists(message => message.Task.Event is ExecutionStartedEvent or ExecutionTerminatedEvent));
}

/// <summary>A turn of an instance: the messages that it takes in.</summary>
internal sealed class TurnWorkItem : TaskOrchestrationWorkItem
{
    public required LiveInstance Instance { get; init; }

    public required List<Message> Messages { get; init; }

    public bool IsOver { get; set; }
}

/// <summary>An activity to run, committed under its number.</summary>
internal sealed class ActivityWorkItem : TaskActivityWorkItem
{
    public required long Seq { get; init; }

    /// <summary>How often it was given back.</summary>
    public int Failures { get; set; }
}
