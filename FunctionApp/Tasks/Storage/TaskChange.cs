namespace FunctionApp.Tasks;

/// <summary>A change of a task's row: columns that are null stay as they are, so an empty text stands for none.</summary>
public sealed class TaskChange(TaskId id) : TaskState(id)
{
    /// <summary>Changes an unfinished row into one that has succeeded.</summary>
    /// <param name="result">Null if it is a blob.</param>
    public static TaskChange Succeeded(TaskId id, BinaryData? result, DateTimeOffset now) => new(id)
    {
        Status = RowStatus.Succeeded,
        Result = result,
        Progress = 1,
        EndedAt = now,
    };

    /// <summary>Changes an unfinished row into one that has failed.</summary>
    public static TaskChange Failed(TaskId id, TaskError error, DateTimeOffset now) => new(id)
    {
        Status = RowStatus.Failed,
        ErrorCode = error.Code,
        ErrorDetail = error.Detail.Truncate(TaskRow.MaxDetailLength),
        EndedAt = now,
    };

    /// <summary>Changes a row that had to begin before now and has not; null if it need not, or has.</summary>
    public static TaskChange? Expired(TaskRow row, DateTimeOffset now) =>
        row.Status == RowStatus.Pending && row.StartBy < now ? Failed(row.Id, TaskError.Expired, now) : null;

    /// <summary>Changes an unfinished row into one that was canceled.</summary>
    public static TaskChange Canceled(TaskId id, string detail, DateTimeOffset now) => new(id)
    {
        Status = RowStatus.Canceled,
        ErrorCode = "canceled",
        ErrorDetail = detail.Truncate(TaskRow.MaxDetailLength),
        EndedAt = now,
    };
}
