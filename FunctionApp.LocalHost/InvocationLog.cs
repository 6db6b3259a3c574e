using System.Collections.Concurrent;
using System.Diagnostics;
using FunctionApp.LocalHost.Worker;

namespace FunctionApp.LocalHost;

/// <summary>Logs what the host itself starts, under the Functions host's categories; the Durable extension's functions are logged by WebJobs.</summary>
internal sealed class InvocationLog(ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<string, ILogger> _loggers = new();

    /// <summary>Runs a function with a new invocation ID; its failure is logged, and goes no further.</summary>
    public async Task RunAsync(string function, Func<string, Task> run)
    {
        ILogger logger = _loggers.GetOrAdd(function, name => loggers.CreateLogger($"Function.{name}"));
        string id = Guid.NewGuid().ToString();
        long start = Stopwatch.GetTimestamp();
        try
        {
            await run(id);
            if (logger.IsEnabled(LogLevel.Information))
            {
                logger.LogInformation(
                    "Executed 'Functions.{Function}' (Succeeded, Id={Id}, Duration={Duration:0}ms)",
                    function, id, Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            }
        }
#pragma warning disable CA1031 // Whatever fails, the failure is the invocation's, not the host's.
        catch (Exception e)
#pragma warning restore CA1031
        {
            // The worker has logged where the function failed.
            logger.LogError(
                "Executed 'Functions.{Function}' (Failed, Id={Id}, Duration={Duration:0}ms): {Reason}",
                function, id, Stopwatch.GetElapsedTime(start).TotalMilliseconds, e is FunctionFailedException failure ? failure.Reason : e.Message);
        }
    }
}
