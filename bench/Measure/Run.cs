using System.Net;
using Bench.Client;
using HdrHistogram;

namespace Bench.Measure;

/// <summary>One run of all measurements against a running instance.</summary>
internal sealed class Run(Api api, Plan plan, Samples samples, Action progress)
{
    private const int WarmUp = 300;
    private const int GetClients = 16;
    private const int TasksReadAgain = 50;

    /// <summary>Processes of the instance by name, whose CPU time and memory are read.</summary>
    public IReadOnlyDictionary<string, int> Processes { get; init; } = new Dictionary<string, int>();

    /// <summary>How many requests the storage has seen so far; null if nobody counts them.</summary>
    public Func<long>? CountStorageRequests { get; init; }

    /// <summary>Runs code paths once, so that compilers, caches and connections are where they are in the long run.</summary>
    public async Task WarmUpAsync()
    {
        string?[] tasks = new string?[WarmUp];
        await ClosedLoop.RunAsync(64, WarmUp, async i => (tasks[i] = await api.SubmitAsync()) is not null);
        foreach (string? task in tasks)
        {
            await TaskThroughput.WaitAsync(api, task ?? throw new BenchException("A POST of the warm-up was not answered with 202."));
        }
    }

    public async Task MeasureLatencyAsync()
    {
        HistogramBase latency = await IdleLatency.MeasureAsync(api, plan.Latencies, progress);
        samples.Add(Metric.LatencyMedian, latency.Milliseconds(50));
        samples.Add(Metric.LatencyP95, latency.Milliseconds(95));
        samples.Add(Metric.LatencyP99, latency.Milliseconds(99));
    }

    /// <summary>The tasks that were run.</summary>
    public async Task<string[]> MeasureTasksAsync()
    {
        var before = Processes.ToDictionary(process => process.Key, process => ProcessUse.Read(process.Value));
        long requestsBefore = CountStorageRequests?.Invoke() ?? 0;
        (double perSecond, string[] tasks) = await TaskThroughput.MeasureAsync(api, plan.Tasks, progress);
        samples.Add(Metric.Tasks, perSecond);
        if (CountStorageRequests is not null)
        {
            samples.Add(Metric.Requests, (CountStorageRequests() - requestsBefore) / (double)plan.Tasks);
        }

        foreach ((string name, int id) in Processes)
        {
            if (ProcessUse.Read(id) is { } after && before[name] is { } first)
            {
                samples.Add(Metric.Cpu(name), (after.CpuSeconds - first.CpuSeconds) * 1000 / plan.Tasks);
            }
        }

        return tasks;
    }

    /// <param name="tasks">Finished ones.</param>
    public async Task MeasureGetsAsync(string[] tasks)
    {
        // Longer than anybody may remember what was read or written just now.
        await Task.Delay(TimeSpan.FromSeconds(2));
        AddRate(Metric.GetFirst, await ClosedLoop.RunAsync(GetClients, tasks.Length, i => api.IsFinishedAsync(tasks[i])));
        AddRate(Metric.GetRead, await ClosedLoop.RunAsync(
            GetClients, plan.GetTime, i => api.IsFinishedAsync(tasks[i % Math.Min(TasksReadAgain, tasks.Length)])));
        AddRate(Metric.GetUnknown, await ClosedLoop.RunAsync(
            GetClients, plan.GetTime, async _ => await api.GetAsync(Guid.NewGuid().ToString()) == HttpStatusCode.NotFound));
    }

    public async Task MeasurePostsAsync()
    {
        AddRate(Metric.Post16, await ClosedLoop.RunAsync(16, plan.Posts, SubmitAsync));
        AddRate(Metric.Post64, await ClosedLoop.RunAsync(64, plan.Posts, SubmitAsync));
    }

    /// <summary>Waits until the instance has worked off what it was given.</summary>
    public async Task DrainAsync() => await TaskThroughput.WaitAsync(api, await api.SubmitAsync() ?? throw new BenchException("A POST failed."));

    public void ReadMemory()
    {
        foreach ((string name, int id) in Processes)
        {
            if (ProcessUse.Read(id) is { } use)
            {
                samples.Add(Metric.Memory(name), use.PeakMebibytes);
            }
        }
    }

    private async Task<bool> SubmitAsync(int _) => await api.SubmitAsync() is not null;

    private void AddRate(Metric metric, LoopResult result)
    {
        samples.Add(metric, result.PerSecond);
        if (result.Errors > 0)
        {
            samples.Add(Metric.Errors, result.Errors);
        }

        progress();
    }
}
