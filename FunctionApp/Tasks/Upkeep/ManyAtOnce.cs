using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>Does one thing for many tasks, a bounded number at a time.</summary>
internal sealed partial class ManyAtOnce(ILogger logger)
{
    private const int AtATime = 32;

    // After so many outages in a row the rest is left to the next run.
    private const int MostOutages = 50;

    private int _outages;

    /// <summary>
    /// Does it for each. One that fails is logged and left, so that it does not stop the others; only when storage or the task
    /// hub could not be reached for many is it the end.
    /// </summary>
    /// <param name="name">The task's ID.</param>
    /// <param name="act">What to do.</param>
    /// <param name="failed">What to do with one for which that failed otherwise than by an outage.</param>
    public Task ForEachAsync<T>(
        IEnumerable<T> items, Func<T, string> name, Func<T, CancellationToken, Task> act, CancellationToken cancellationToken, Func<T, Task>? failed = null)
    {
        var options = new ParallelOptions { MaxDegreeOfParallelism = AtATime, CancellationToken = cancellationToken };
        return Parallel.ForEachAsync(items, options, async (item, token) =>
        {
            try
            {
                await act(item, token);
            }
#pragma warning disable CA1031 // It is logged, and tried again by a later run.
            catch (Exception e) when (!token.IsCancellationRequested)
#pragma warning restore CA1031
            {
                Failed(e, name(item));
                if (Outage.Is(e))
                {
                    if (Interlocked.Increment(ref _outages) > MostOutages)
                    {
                        throw;
                    }
                }
                else if (failed is not null)
                {
                    await failed(item);
                }
            }
        });
    }

    [LoggerMessage(LogLevel.Warning, "Task {task_id} could not be seen to; a later run will try again.")]
    private partial void Failed(Exception exception, string task_id);
}
