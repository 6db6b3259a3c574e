using System.Diagnostics;
using HdrHistogram;

namespace Bench.Client;

/// <summary>What a closed loop measured.</summary>
/// <param name="PerSecond">Good answers a second.</param>
/// <param name="Errors">Answers other than expected.</param>
/// <param name="Microseconds">Service time of each request.</param>
internal sealed record LoopResult(double PerSecond, long Errors, HistogramBase Microseconds);

/// <summary>
/// Clients that each send their next request when the last is answered. That measures throughput. Its service times
/// leave out what requests would have waited that a stalled client did not send (coordinated omission), so they are
/// not reported as latency; <see cref="Measure.IdleLatency"/> measures that on a schedule.
/// </summary>
internal static class ClosedLoop
{
    /// <summary>Sends <paramref name="count"/> requests in all.</summary>
    public static Task<LoopResult> RunAsync(int clients, int count, Func<int, Task<bool>> send) =>
        RunAsync(clients, send, next => next < count);

    /// <summary>Sends for <paramref name="duration"/>.</summary>
    public static Task<LoopResult> RunAsync(int clients, TimeSpan duration, Func<int, Task<bool>> send)
    {
        long start = Stopwatch.GetTimestamp();
        return RunAsync(clients, send, _ => Stopwatch.GetElapsedTime(start) < duration);
    }

    private static async Task<LoopResult> RunAsync(int clients, Func<int, Task<bool>> send, Func<int, bool> goesOn)
    {
        int started = -1;
        long errors = 0;
        LongHistogram[] histograms = [.. Enumerable.Range(0, clients).Select(_ => Histograms.New())];
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(histograms.Select(histogram => Task.Run(async () =>
        {
            int next;
            while (goesOn(next = Interlocked.Increment(ref started)))
            {
                long sent = Stopwatch.GetTimestamp();
                if (!await send(next))
                {
                    Interlocked.Increment(ref errors);
                }

                histogram.RecordMicroseconds(Stopwatch.GetElapsedTime(sent));
            }
        })));
        double seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        LongHistogram all = Histograms.New();
        foreach (LongHistogram histogram in histograms)
        {
            all.Add(histogram);
        }

        return new((all.TotalCount - errors) / seconds, errors, all);
    }
}
