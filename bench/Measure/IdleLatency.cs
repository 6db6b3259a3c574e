using System.Diagnostics;
using Bench.Client;
using HdrHistogram;

namespace Bench.Measure;

/// <summary>
/// Time from POST to the first 200 on an idle system: one task at a time, polled every 5 ms. Tasks start on a fixed
/// schedule, and each is timed from the moment it was due, so a stall also counts for those it held up.
/// </summary>
internal static class IdleLatency
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    public static async Task<HistogramBase> MeasureAsync(Api api, int tasks, Action progress)
    {
        LongHistogram histogram = Histograms.New();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < tasks; i++)
        {
            TimeSpan due = i * Interval;
            WaitUntil(start, due);
            string taskId = await api.SubmitAsync() ?? throw new BenchException("A POST on the idle system failed.");
            TimeSpan poll = Stopwatch.GetElapsedTime(start);
            while (!await api.IsFinishedAsync(taskId))
            {
                poll += PollInterval;
                WaitUntil(start, poll);
            }

            histogram.RecordMicroseconds(Stopwatch.GetElapsedTime(start) - due);
            progress();
        }

        return histogram;
    }

    // A timer is too coarse for this.
    private static void WaitUntil(long start, TimeSpan due)
    {
        TimeSpan left = due - Stopwatch.GetElapsedTime(start);
        if (left > TimeSpan.Zero)
        {
            Thread.Sleep(left);
        }
    }
}
