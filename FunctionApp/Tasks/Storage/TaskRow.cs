using System.Runtime.Serialization;

namespace FunctionApp.Tasks;

/// <summary>A task, as its row in the results table has it: the truth about it. Here is what its submission says, for good.</summary>
public sealed class TaskRow : TaskState
{
    /// <summary>The longest input or result that stands in the row, in bytes of UTF-8: what a binary column takes.</summary>
    /// <remarks>https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model#property-types</remarks>
    public const int MaxBytes = 64 * 1024;

    /// <summary>A time beyond all others that storage can keep.</summary>
    public static readonly DateTimeOffset Never = new(9999, 12, 31, 0, 0, 0, TimeSpan.Zero);

    /// <summary>The longest <see cref="TaskState.Message"/>, in characters.</summary>
    public const int MaxMessageLength = 256;

    /// <summary>The longest <see cref="TaskState.ErrorDetail"/>, in characters.</summary>
    public const int MaxDetailLength = 1_024;

    // The table client needs a constructor without parameters.
    public TaskRow()
    {
    }

    public TaskRow(TaskId id)
        : base(id)
    {
    }

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

    /// <summary>The beginning of the input, for lists.</summary>
    public string? InputSummary { get; set; }

    /// <summary>Milliseconds that one attempt may take.</summary>
    public long? TimeLimit { get; set; }

    /// <summary>How often the task is tried.</summary>
    public int? MaxAttempts { get; set; }

    /// <summary>When it has to have begun, or else it expires.</summary>
    public DateTimeOffset? StartBy { get; set; }

    /// <summary>The key's row in the keys table.</summary>
    public string? KeyHash { get; set; }

    /// <summary>The task whose input this one has again.</summary>
    public string? RetryOf { get; set; }

    /// <summary>How many items a batch has; null for a single task.</summary>
    public int? Items { get; set; }

    /// <summary>How many items are in one of a batch's slices; null in rows from before there was this column.</summary>
    public int? SliceSize { get; set; }

    /// <summary>Who wants to be told of the end.</summary>
    public string? WebhookUrl { get; set; }

    /// <summary>What the links that it is sent begin with; null in rows from before there was this column.</summary>
    public string? WebhookLinks { get; set; }

    [IgnoreDataMember]
    public bool IsUnfinished => Status is RowStatus.Pending or RowStatus.Running;

    /// <summary>The status that callers see.</summary>
    public string StatusAt(DateTimeOffset now) =>
        Status == RowStatus.Pending && StartAt > now ? "Scheduled" : Status!.Value.ToString();

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
}
