using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>The log lines of a task; each has its <c>task_id</c>.</summary>
internal static partial class TaskLog
{
    private static readonly Func<ILogger, string, IDisposable?> Scope = LoggerMessage.DefineScope<string>("Task {task_id}");

    /// <summary>Gives <c>task_id</c> to the lines of others, such as the Azure SDK's.</summary>
    public static IDisposable? TaskScope(this ILogger logger, string taskId) => Scope(logger, taskId);

    [LoggerMessage(LogLevel.Warning, "Task {task_id}: attempt {attempt} failed.")]
    public static partial void AttemptFailed(this ILogger logger, Exception exception, string task_id, int attempt);

    [LoggerMessage(LogLevel.Warning, "Task {task_id}: attempt {attempt}, which was no longer waited for, failed.")]
    public static partial void LateFailure(this ILogger logger, Exception exception, string task_id, int attempt);

    [LoggerMessage(LogLevel.Warning, "Task {task_id} failed, {code}: {detail}")]
    public static partial void TaskFailed(this ILogger logger, string task_id, string code, string detail);

    [LoggerMessage(LogLevel.Warning, "Task {task_id}: its row cannot be reached; the work goes on.")]
    public static partial void HeartbeatFailed(this ILogger logger, Exception exception, string task_id);

    [LoggerMessage(LogLevel.Warning, "Task {task_id}: its log cannot be written; the work goes on.")]
    public static partial void LogFailed(this ILogger logger, Exception exception, string task_id);

    [LoggerMessage(LogLevel.Warning, "Task {task_id} is accepted; its orchestration could not be started, and the sweep or a reader will do so.")]
    public static partial void StartFailed(this ILogger logger, Exception exception, string task_id);

    [LoggerMessage(LogLevel.Warning, "Task {task_id} is accepted; the caller, who wanted to wait for it, could not.")]
    public static partial void WaitFailed(this ILogger logger, Exception exception, string task_id);

    [LoggerMessage(LogLevel.Warning, "Task {task_id} is taken over from the task hub {hub}.")]
    public static partial void Adopted(this ILogger logger, string task_id, string hub);

    [LoggerMessage(LogLevel.Warning, "Task {task_id} is canceled; its orchestration could not be told and will notice by itself.")]
    public static partial void AfterCancelFailed(this ILogger logger, Exception exception, string task_id);

    [LoggerMessage(LogLevel.Warning, "Task {task_id} is deleted; the sweep will remove what is left of it.")]
    public static partial void LeftToSweep(this ILogger logger, Exception exception, string task_id);

    [LoggerMessage(LogLevel.Warning, "Task {task_id}: its webhook is to be sent again, and its delivery could not be started; the sweep will do so.")]
    public static partial void WebhookLeftToSweep(this ILogger logger, Exception exception, string task_id);

    [LoggerMessage(LogLevel.Information, "Task {task_id}: webhook, attempt {attempt}: {outcome}.")]
    public static partial void WebhookAttempted(this ILogger logger, string task_id, int attempt, string outcome);

    [LoggerMessage(LogLevel.Warning, "Task {task_id} was found without an execution that could end it ({evidence}): it is now {status}.")]
    public static partial void Reconciled(this ILogger logger, string task_id, string evidence, RowStatus status);
}
