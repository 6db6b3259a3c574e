namespace FunctionApp.Tasks;

/// <summary>Why a task ended without a result.</summary>
/// <param name="Code">One word for programs.</param>
/// <param name="Detail">A sentence for the caller, without internals.</param>
public sealed record TaskError(string Code, string Detail)
{
    public static readonly TaskError AttemptsExhausted = new("failed", "Every attempt of the task failed.");

    public static readonly TaskError Lost = new("lost", "The task's execution ended without a result.");

    public static TaskError Timeout(TimeSpan limit) =>
        new("timeout", $"The task did not end within its time limit of {limit}.");
}

/// <summary>
/// Thrown by an activity whose task has failed for good: it is not tried again, and the caller reads
/// <see cref="TaskError.Detail"/>. Every other exception is logged, never shown, and the task is tried again.
/// </summary>
public sealed class PermanentFailureException(string detail, string code = "failed") : Exception(detail)
{
    public TaskError Error { get; } = new(code, detail);
}
