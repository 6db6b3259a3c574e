namespace FunctionApp.Tasks;

/// <summary>Which of a row's large columns are read; the small ones always are.</summary>
[Flags]
public enum TaskColumns
{
    None = 0,
    Input = 1,
    Result = 2,
    Checkpoint = 4,
    WebhookLog = 8,
    All = Input | Result | Checkpoint | WebhookLog,
}

internal static class TaskColumnNames
{
    private static readonly string[] Small =
    [
        .. typeof(TaskRow).GetProperties().Where(column => column.CanWrite).Select(column => column.Name)
            .Except([nameof(TaskRow.ETag), nameof(TaskRow.Input), nameof(TaskRow.Result), nameof(TaskRow.Checkpoint), nameof(TaskRow.WebhookLog)]),
    ];

    /// <summary>For storage's <c>$select</c>, with which it returns the ETag all the same; null for all columns.</summary>
    public static string[]? Names(this TaskColumns columns) => columns switch
    {
        TaskColumns.None => Small,
        TaskColumns.All => null,
        _ => [.. Small, .. Enum.GetValues<TaskColumns>().Where(column => column is not (TaskColumns.None or TaskColumns.All) && columns.HasFlag(column)).Select(column => $"{column}")],
    };
}
