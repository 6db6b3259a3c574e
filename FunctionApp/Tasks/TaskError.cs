namespace FunctionApp.Tasks;

/// <summary>Why a task ended without a result.</summary>
/// <param name="Code">One word for programs.</param>
/// <param name="Detail">A sentence for the caller, without internals.</param>
public sealed record TaskError(string Code, string Detail)
{
    public const string TimeoutCode = "timeout";

    /// <summary>The same, under the name that clients of other long-running operations look for.</summary>
    public string Message => Detail;

    public static readonly TaskError Lost = new("lost", "The task's execution ended without a result.");

    public static readonly TaskError StoodStill = new("lost", "The task's execution has stood still for a week.");

    public static readonly TaskError InputGone = new("lost", "The task's input is gone.");

    public static readonly TaskError Expired = new("expired", "The task had not begun by the time that its submission set for it.");

    public static TaskError Timeout(TimeSpan limit) =>
        new(TimeoutCode, $"The task did not end within its time limit of {limit}.");

    /// <param name="lastFailure">What the last attempt failed with, as callers may see it; null if nothing was noted.</param>
    public static TaskError AttemptsExhausted(string? lastFailure) =>
        new("failed", $"Every attempt of the task failed{(lastFailure is null ? "." : $", the last one with: {lastFailure}")}");

    /// <summary>What callers may see of an exception: its message if it was written for them, else its type only.</summary>
    public static string Describe(Exception exception) =>
        exception is TemporaryFailureException ? exception.Message : $"{exception.GetType().Name}.";
}

/// <summary>
/// Thrown by a kind's work when the task has failed for good: it is not tried again, and the caller reads
/// <see cref="TaskError.Detail"/>.
/// </summary>
public sealed class PermanentFailureException(string detail, string code = "failed") : Exception(detail)
{
    public TaskError Error { get; } = new(code, detail);
}

/// <summary>
/// Thrown by a kind's work when this attempt has failed for a reason that callers may read: the task is tried again, and
/// if this was the last attempt, the task's error has the message. Of any other exception callers see the type only.
/// </summary>
public sealed class TemporaryFailureException(string message, Exception? innerException = null) : Exception(message, innerException);
