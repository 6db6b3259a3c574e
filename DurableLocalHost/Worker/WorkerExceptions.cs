namespace DurableLocalHost.Worker;

/// <summary>
/// The worker ended before it had answered. The Durable extension knows this type by its name, and repeats the orchestration's turn.
/// </summary>
internal sealed class WorkerProcessExitException(string message) : Exception(message);

/// <summary>The function failed. The Durable extension reads the failure's details out of the message, whose form is the Functions host's.</summary>
internal sealed class FunctionFailedException(string reason, string stackTrace)
    : Exception($"Result: Failure\nException: {reason}\nStack: {stackTrace}");
