using System.Runtime.Serialization;
using Azure;
using Azure.Data.Tables;

namespace FunctionApp.Tasks;

/// <summary>The columns of a task's row that change while it lives. Columns that are null are not written.</summary>
public abstract class TaskState : ITableEntity
{
    private protected TaskState()
    {
    }

    private protected TaskState(TaskId id) => (PartitionKey, RowKey) = (id.PartitionKey, id.RowKey);

    public string PartitionKey { get; set; } = "";

    public string RowKey { get; set; } = "";

    /// <summary>When storage wrote the row last, by the service's clock.</summary>
    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    /// <summary>The task hub that runs it; null in rows from before there was this column, which are the app's own.</summary>
    public string? Hub { get; set; }

    public RowStatus? Status { get; set; }

    /// <summary>Which attempt runs or ran last; from 1 on.</summary>
    public int? Attempt { get; set; }

    /// <summary>Which run of that attempt's activity has claimed the row last; only equality counts.</summary>
    public string? Run { get; set; }

    /// <summary>0 to 1.</summary>
    public double? Progress { get; set; }

    public string? Message { get; set; }

    /// <summary>The state that the work has saved last, as JSON in UTF-8.</summary>
    public BinaryData? Checkpoint { get; set; }

    /// <summary>What the last attempt that failed has failed with, as callers may see it.</summary>
    public string? LastFailure { get; set; }

    /// <summary>Whether there may be blobs in the task's folder; null if there surely are none.</summary>
    public bool? HasBlobs { get; set; }

    /// <summary>How many bytes the log has, at least; null if there is none.</summary>
    public long? LogSize { get; set; }

    /// <summary>JSON in UTF-8; null if it is a blob of the <see cref="Run"/>.</summary>
    public BinaryData? Result { get; set; }

    /// <summary>How many bytes the blob has that is the result; null if there is none.</summary>
    public long? ResultSize { get; set; }

    /// <summary>The beginning of the result, for lists.</summary>
    public string? ResultSummary { get; set; }

    /// <summary>The files of the <see cref="Run"/> that has ended the task, as <see cref="RunOutputs"/> writes them; null if there are none.</summary>
    public string? Files { get; set; }

    public string? ErrorCode { get; set; }

    /// <summary>Written for the caller.</summary>
    public string? ErrorDetail { get; set; }

    public DateTimeOffset? StartAt { get; set; }

    /// <summary>Whether it has another start than its submission gave it.</summary>
    public bool? IsMoved { get; set; }

    /// <summary>On how many days the sweep has found that the task stood still.</summary>
    public int? IdleDays { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When the present attempt's time limit ends.</summary>
    public DateTimeOffset? Deadline { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>What the caller calls it; empty if the name was taken away.</summary>
    public string? Label { get; set; }

    /// <summary>When it is to be deleted, <see cref="TaskRow.Never"/> for not at all; null if the retention says so.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>A batch's slices that have ended, a bit each.</summary>
    public long? Slices { get; set; }

    /// <summary>How many items of those slices have failed; null in rows from before there was this column.</summary>
    public int? FailedItems { get; set; }

    public int? WebhookAttempts { get; set; }

    /// <summary>What came of the last attempt: an HTTP status, or why there was none.</summary>
    public string? WebhookStatus { get; set; }

    /// <summary>Before then there is no further attempt.</summary>
    public DateTimeOffset? WebhookNextAt { get; set; }

    /// <summary>Whether there will be no further attempt; null if nobody wants to be told.</summary>
    public bool? WebhookDone { get; set; }

    /// <summary>The last attempts, as <see cref="Webhooks.WebhookLog"/> writes them.</summary>
    public string? WebhookLog { get; set; }

    [IgnoreDataMember]
    public TaskId Id => TaskId.FromRowKey(RowKey);
}
