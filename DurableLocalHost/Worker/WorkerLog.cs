namespace DurableLocalHost.Worker;

/// <summary>
/// Writes the worker's log lines into the host's log: those of a function under the category Function.NAME.User, which host.json's
/// levels go by, the others under their own.
/// </summary>
internal sealed class WorkerLog(ILoggerFactory loggers)
{
    private static readonly Action<ILogger, string, Exception?> LogError = LoggerMessage.Define<string>(LogLevel.Error, default, "{Message}");

    private const int User = 0;
    private const int Metric = 2;

    /// <param name="function">The function that wrote the line, if one did.</param>
    public void Write(RpcLog line, string? function)
    {
        if (line.LogCategory == Metric)
        {
            return;
        }

        // ASP.NET Core tells what it does with each answer.
        bool isUsers = line.LogCategory == User && !line.Category.StartsWith("Microsoft.AspNetCore.");
        ILogger logger = loggers.CreateLogger(isUsers && function is not null ? $"Function.{function}.User" : line.Category);
        // The exception's message has the stack in it.
        string exception = line.Exception is { Message.Length: > 0 } e ? $"{Environment.NewLine}{e.Message}" : "";
        logger.Log((LogLevel)line.Level, "{Message}{Exception}", line.Message, exception);
    }

    /// <summary>Writes what the host has to say of a worker.</summary>
    public void Error(string message) => LogError(loggers.CreateLogger<WorkerLink>(), message, null);
}
