using DurableTask.Core;
using DurableTask.Core.History;

namespace DurableLocalHost.Sqlite;

/// <summary>
/// An instance in memory, as committed, because it has something to do or had a moment ago. The lock of <see cref="TaskHubQueues"/>
/// guards it, except for what is read for a turn.
/// </summary>
internal sealed class Instance(long key, string id)
{
    public long Key => key;
    public string Id => id;

    /// <summary>Null: not read yet.</summary>
    public OrchestrationState? State { get; set; }

    /// <summary>Null: has not run yet, or has not been read.</summary>
    public IList<HistoryEvent>? History { get; set; }

    /// <summary>The number of the next row of its history.</summary>
    public int NextTurn { get; set; }

    /// <summary>What it can take in; a turn takes all of it.</summary>
    public List<TaskMessage> Inbox { get; set; } = [];

    /// <summary>There is more to take in than the inbox has, or the inbox has what may be gone: the next turn reads its messages.</summary>
    public bool MustRead { get; set; }

    /// <summary>The turn that is running has read its messages, perhaps one that is still to be put into the inbox.</summary>
    public bool HasRead { get; set; }

    /// <summary>It is in the queue, or a turn of it is running.</summary>
    public bool IsBusy { get; set; }
}

internal sealed class Turn(Instance instance) : TaskOrchestrationWorkItem
{
    public Instance Instance => instance;
}
