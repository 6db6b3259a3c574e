using System.Collections.Concurrent;
using FunctionApp.LocalHost.Worker.Protocol;

namespace FunctionApp.LocalHost.Worker;

/// <summary>
/// Writes the worker's log lines into the host's log: those of a function under the category Function.NAME.User, which host.json's
/// levels go by, the others under their own.
/// </summary>
internal sealed class WorkerLog(ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<string, ILogger> _ofFunctions = new();
    private readonly ConcurrentDictionary<string, ILogger> _others = new();

    /// <param name="function">The function that wrote the line, if one did.</param>
    public void Write(RpcLog line, string? function)
    {
        ILogger logger = function is not null && line.LogCategory is RpcLog.Types.RpcLogCategory.User && !IsFramework(line.Category)
            ? _ofFunctions.GetOrAdd(function, name => loggers.CreateLogger($"Function.{name}.User"))
            : _others.GetOrAdd(line.Category, loggers.CreateLogger);
        // The levels of the protocol have the numbers of LogLevel.
        var level = (LogLevel)line.Level;
        if (line.LogCategory is not RpcLog.Types.RpcLogCategory.CustomMetric && logger.IsEnabled(level))
        {
            logger.Log(level, "{Message}{Exception}", line.Message, Text(line.Exception));
        }
    }

    // ASP.NET Core tells what it does with each answer.
    private static bool IsFramework(string category) => category.StartsWith("Microsoft.AspNetCore.", StringComparison.Ordinal);

    // The worker's message has the stack in it.
    private static string Text(RpcException? exception) =>
        string.IsNullOrEmpty(exception?.Message) ? "" : $"{Environment.NewLine}{exception.Message}";
}
