using System.Runtime.Serialization;
using Azure;
using Azure.Data.Tables;

namespace FunctionApp.Tasks;

/// <summary>
/// Where a task stands. Of a batch that is being submitted there is a row before there are its items; and a deleted task's
/// row stays for a while as a tombstone. Callers see neither.
/// </summary>
public enum RowStatus
{
    Preparing,
    Pending,
    Running,
    Succeeded,
    Failed,
    Canceled,
    Deleted,
}

/// <summary>
/// A task, as its row in the results table has it: the truth about it. Columns that are null are not written, so that
/// a row with some columns is also a change of just those.
/// </summary>
public sealed class TaskRow : ITableEntity
{
    /// <summary>The longest input or result that stands in the row, in bytes of UTF-8: what a binary column takes.</summary>
    /// <remarks>https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-types</remarks>
    public const int MaxBytes = 64 * 1024;

    /// <summary>A time beyond all others that storage can keep.</summary>
    public static readonly DateTimeOffset Never = new(9999, 12, 31, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The longest <see cref="Message"/>, in characters.</summary>
    public const int MaxMessageLength = 256;

    /// <summary>The longest <see cref="ErrorDetail"/>, in characters.</summary>
    public const int MaxDetailLength = 1_024;

    // The table client needs a constructor without parameters.
    public TaskRow()
    {
    }

    public TaskRow(TaskId id)
    {
        PartitionKey = id.PartitionKey;
        RowKey = id.RowKey;
    }

    public string PartitionKey { get; set; } = "";

    public string RowKey { get; set; } = "";

    /// <summary>When storage wrote the row last, by the service's clock.</summary>
    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string? Kind { get; set; }

    /// <summary>Name of the activity function that does the work.</summary>
    public string? Activity { get; set; }

    /// <summary>JSON in UTF-8; null if it is a blob. Of a body that was taken as it is: what its query said.</summary>
    public BinaryData? Input { get; set; }

    /// <summary>How many bytes the blob has that is the input, or was the body; null if there is none.</summary>
    public long? BodySize { get; set; }

    /// <summary>The content type of a body that was taken as it is.</summary>
    public string? BodyType { get; set; }

    /// <summary>The file name that it came with.</summary>
    public string? BodyName { get; set; }

    /// <summary>Whether there may be blobs in the task's folder; null if there surely are none.</summary>
    public bool? HasBlobs { get; set; }
    /// <summary>The beginning of the input, for lists.</summary>
    public string? InputSummary { get; set; }

    /// <summary>What the caller calls it; empty if the name was taken away.</summary>
    public string? Label { get; set; }

    /// <summary>Milliseconds that one attempt may take.</summary>
    public long? TimeLimit { get; set; }

    /// <summary>How often the task is tried.</summary>
    public int? MaxAttempts { get; set; }

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

    /// <summary>JSON in UTF-8; null if it is a blob of the <see cref="Run"/>.</summary>
    public BinaryData? Result { get; set; }

    /// <summary>How many bytes the blob has that is the result; null if there is none.</summary>
    public long? ResultSize { get; set; }

    /// <summary>The files of the <see cref="Run"/> that has ended the task, as <see cref="RunOutputs"/> writes them; null if there are none.</summary>
    public string? Files { get; set; }

    /// <summary>How many bytes the log has, at least; null if there is none.</summary>
    public long? LogSize { get; set; }
    /// <summary>The beginning of the result, for lists.</summary>
    public string? ResultSummary { get; set; }

    public string? ErrorCode { get; set; }

    /// <summary>Written for the caller.</summary>
    public string? ErrorDetail { get; set; }

    public DateTimeOffset? StartAt { get; set; }

    /// <summary>Whether it has another start than its submission gave it.</summary>
    public bool? IsMoved { get; set; }

    /// <summary>When it has to have begun, or else it expires.</summary>
    public DateTimeOffset? StartBy { get; set; }

    /// <summary>On how many days the sweep has found that the task stood still.</summary>
    public int? IdleDays { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When the present attempt's time limit ends.</summary>
    public DateTimeOffset? Deadline { get; set; }

    public DateTimeOffset? EndedAt { get; set; }

    /// <summary>When it is to be deleted, <see cref="Never"/> for not at all; null if the retention says so.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>The key's row in the keys table.</summary>
    public string? KeyHash { get; set; }

    /// <summary>The task whose input this one has again.</summary>
    public string? RetryOf { get; set; }

    /// <summary>How many items a batch has; null for a single task.</summary>
    public int? Items { get; set; }

    /// <summary>How many items are in one of a batch's slices; null in rows from before there was this column.</summary>
    public int? SliceSize { get; set; }

    /// <summary>A batch's slices that have ended, a bit each.</summary>
    public long? Slices { get; set; }

    /// <summary>How many items of those slices have failed; null in rows from before there was this column.</summary>
    public int? FailedItems { get; set; }

    /// <summary>Who wants to be told of the end.</summary>
    public string? WebhookUrl { get; set; }

    /// <summary>What the links that it is sent begin with; null in rows from before there was this column.</summary>
    public string? WebhookLinks { get; set; }

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

    [IgnoreDataMember]
    public bool IsUnfinished => Status is RowStatus.Pending or RowStatus.Running;

    /// <summary>The status that callers see.</summary>
    public string StatusAt(DateTimeOffset now) =>
        Status == RowStatus.Pending && StartAt > now ? "Scheduled" : Status!.Value.ToString();

    /// <summary>Changes an unfinished row into one that has succeeded.</summary>
    /// <param name="result">Null if it is a blob.</param>
    public static TaskRow Succeeded(TaskId id, BinaryData? result, DateTimeOffset now) => new(id)
    {
        Status = RowStatus.Succeeded,
        Result = result,
        Progress = 1,
        EndedAt = now,
    };

    /// <summary>Changes an unfinished row into one that has failed.</summary>
    public static TaskRow Failed(TaskId id, TaskError error, DateTimeOffset now) => new(id)
    {
        Status = RowStatus.Failed,
        ErrorCode = error.Code,
        ErrorDetail = error.Detail.Truncate(MaxDetailLength),
        EndedAt = now,
    };

    /// <summary>Changes a row that had to begin before now and has not; null if it need not, or has.</summary>
    public static TaskRow? Expired(TaskRow row, DateTimeOffset now) =>
        row.Status == RowStatus.Pending && row.StartBy < now ? Failed(row.Id, TaskError.Expired, now) : null;

    /// <summary>What stays of the row until the rest of the task is removed: only what that needs.</summary>
    public TaskRow Tombstone() => new(Id)
    {
        Status = RowStatus.Deleted,
        StartAt = StartAt,
        EndedAt = EndedAt,
        KeyHash = KeyHash,
        Items = Items,
        HasBlobs = HasBlobs,
        WebhookDone = WebhookDone,
        Hub = Hub,
    };

    /// <summary>Changes an unfinished row into one that was canceled.</summary>
    public static TaskRow Canceled(TaskId id, string detail, DateTimeOffset now) => new(id)
    {
        Status = RowStatus.Canceled,
        ErrorCode = "canceled",
        ErrorDetail = detail.Truncate(MaxDetailLength),
        EndedAt = now,
    };
}
