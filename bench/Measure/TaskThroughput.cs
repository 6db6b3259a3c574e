using System.Diagnostics;
using Bench.Client;

namespace Bench.Measure;

/// <summary>
/// Tasks a second, from the first POST to the last visible result. Only the tasks that were submitted last are polled
/// meanwhile, so that the polling costs little; after them every task is asked for once, and one that is not finished
/// by then prolongs the measurement until it is.
/// </summary>
internal static class TaskThroughput
{
    private const int Clients = 16;
    private const int Tail = 16;

    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>The rate, and the tasks: all are finished.</summary>
    public static async Task<(double PerSecond, string[] Tasks)> MeasureAsync(Api api, int count, Action progress)
    {
        string?[] tasks = new string?[count];
        long start = Stopwatch.GetTimestamp();
        await ClosedLoop.RunAsync(Clients, count, async i => (tasks[i] = await api.SubmitAsync()) is not null);
        if (Array.Exists(tasks, task => task is null))
        {
            throw new BenchException("Not every POST was answered with 202.");
        }

        for (int i = Math.Max(0, count - Tail); i < count; i++)
        {
            await WaitAsync(api, tasks[i]!);
        }

        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        bool prolonged = false;
        await ClosedLoop.RunAsync(Clients, count, async i =>
        {
            if (!await api.IsFinishedAsync(tasks[i]!))
            {
                prolonged = true;
                await WaitAsync(api, tasks[i]!);
            }

            progress();
            return true;
        });
        return (count / (prolonged ? Stopwatch.GetElapsedTime(start) : elapsed).TotalSeconds, [.. tasks.OfType<string>()]);
    }

    public static async Task WaitAsync(Api api, string task)
    {
        while (!await api.IsFinishedAsync(task))
        {
            await Task.Delay(PollInterval);
        }
    }
}
