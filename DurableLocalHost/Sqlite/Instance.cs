using DurableTask.Core;
using DurableTask.Core.History;
using Microsoft.Data.Sqlite;

namespace DurableLocalHost.Sqlite;

/// <summary>An instance, as committed. <see cref="TaskHubQueues"/> has those that have not ended, and its lock guards them.</summary>
internal sealed class Instance(long key, OrchestrationState state)
{
    public long Key => key;
    public string Id => State.OrchestrationInstance.InstanceId;
    public OrchestrationState State { get; set; } = state;
    public bool HasBegun => State.OrchestrationStatus != OrchestrationStatus.Pending;

    /// <summary>Null: has not run yet, or has not been read since the start.</summary>
    public IList<HistoryEvent>? History { get; set; }

    /// <summary>The number of the next row of its history.</summary>
    public int NextTurn { get; set; }

    /// <summary>What it can take in; a turn takes all of it.</summary>
    public List<TaskMessage> Inbox { get; set; } = [];

    /// <summary>Ends the wait of its timers when it has gone.</summary>
    public CancellationTokenSource? Timers { get; set; }

    /// <summary>It is in the queue, or a turn of it is running.</summary>
    public bool IsBusy { get; set; }

    public static Instance Read(SqliteDataReader row) => new(row.GetInt64(0), EventJson.Read<OrchestrationState>(row.GetString(1)));
}

internal sealed class Turn(Instance instance) : TaskOrchestrationWorkItem
{
    public Instance Instance => instance;
}
