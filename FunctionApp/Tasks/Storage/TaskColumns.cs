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
    Files = 16,
    All = Input | Result | Checkpoint | WebhookLog | Files,
}

internal static class TaskColumnNames
{
    private static readonly string[] Small =
    [
        .. typeof(TaskRow).GetProperties().Where(column => column.CanWrite).Select(column => column.Name)
            .Except([nameof(TaskRow.ETag), .. Enum.GetNames<TaskColumns>()]),
    ];

    /// <summary>For storage's <c>$select</c>, with which it returns the ETag all the same; null for all columns.</summary>
    public static string[]? Names(this TaskColumns columns) => columns switch
    {
        TaskColumns.None => Small,
        TaskColumns.All => null,
        _ => [.. Small, .. Enum.GetValues<TaskColumns>().Where(column => column is not (TaskColumns.None or TaskColumns.All) && columns.HasFlag(column)).Select(column => $"{column}")],
    };
}
