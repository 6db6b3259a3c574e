namespace FunctionApp.Tasks;

/// <summary>Which of a row's columns are read: the small ones always, unless it is only the outcome, and these of the large ones.</summary>
[Flags]
public enum TaskColumns
{
    None = 0,
    Input = 1,
    Result = 2,
    Checkpoint = 4,
    WebhookLog = 8,
    Files = 16,

    /// <summary>By itself: where the task stands, and its result. What callers ask for most, so what they need not know is left out.</summary>
    Outcome = 32,

    /// <summary>All columns; for storage that is less work than a choice of many.</summary>
    All = Input | Result | Checkpoint | WebhookLog | Files,
}

internal static class TaskColumnNames
{
    private static readonly TaskColumns[] Large =
        [TaskColumns.Input, TaskColumns.Result, TaskColumns.Checkpoint, TaskColumns.WebhookLog, TaskColumns.Files];

    private static readonly string[] Small =
    [
        .. typeof(TaskRow).GetProperties().Where(column => column.CanWrite).Select(column => column.Name)
            .Except([nameof(TaskRow.ETag), .. Large.Select(column => $"{column}")]),
    ];

    // What a caller is told of a result, and what the comparison of an unfinished task with its orchestration needs.
    private static readonly string[] Outcome =
    [
        nameof(TaskRow.RowKey), nameof(TaskRow.Timestamp), nameof(TaskRow.Kind), nameof(TaskRow.Status), nameof(TaskRow.Hub), nameof(TaskRow.StartAt),
        nameof(TaskRow.StartBy), nameof(TaskRow.IsMoved), nameof(TaskRow.StartedAt), nameof(TaskRow.IdleDays), nameof(TaskRow.WebhookUrl),
        nameof(TaskRow.Run), nameof(TaskRow.Result), nameof(TaskRow.ResultSize), nameof(TaskRow.ErrorCode), nameof(TaskRow.ErrorDetail), nameof(TaskRow.Items),
    ];

    /// <summary>For storage's <c>$select</c>, with which it returns the ETag all the same; null for all columns.</summary>
    public static string[]? Names(this TaskColumns columns) => columns switch
    {
        TaskColumns.None => Small,
        TaskColumns.Outcome => Outcome,
        TaskColumns.All => null,
        _ => [.. Small, .. Large.Where(column => columns.HasFlag(column)).Select(column => $"{column}")],
    };
}
