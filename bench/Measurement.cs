using System.Diagnostics;
using Bench.Systems;

namespace Bench;

/// <summary>Measures a system once.</summary>
internal sealed class Measurement(RunningSystem running, Results results, string system)
{
    private const int Clients = 16;
    private static readonly TimeSpan Asking = TimeSpan.FromSeconds(5);

    public async Task RunAsync(int tasks)
    {
        await MeasureStartAsync();
        await WarmUpAsync(tasks / 5);
        await MeasureLatencyAsync();
        await MeasureTasksAsync(tasks);
        await MeasureUnfinishedAsync();
        await MeasurePostsAsync(16);
        await MeasurePostsAsync(64);
    }

    /// <summary>From the start of the system's processes to the first result.</summary>
    public async Task MeasureStartAsync()
    {
        await running.Api.WaitForResultAsync(await SubmitAsync());
        results.Add(system, "start to first result, s", Stopwatch.GetElapsedTime(running.Started).TotalSeconds);
    }

    public async Task WarmUpAsync(int count)
    {
        foreach (string id in await SubmitAsync(count))
        {
            await running.Api.WaitForResultAsync(id);
        }
    }

    /// <summary>One task at a time on an idle system, from the POST to the first 200, asking every 5 ms.</summary>
    public Task MeasureLatencyAsync() => TimeAsync("POST to result", async () => await running.Api.WaitForResultAsync(await SubmitAsync()));

    public Task MeasureListAsync() => TimeAsync("list of 20", () => running.Api.GetAsync("/tasks?limit=20"));

    /// <summary>
    /// From the first POST to the last visible result. Only the last tasks are polled; then each is read once. If one was not
    /// finished, the last were not last: that fails.
    /// </summary>
    public async Task MeasureTasksAsync(int tasks)
    {
        Dictionary<string, TimeSpan> before = ProcessUse.Cpu();
        long start = Stopwatch.GetTimestamp();
        string[] ids = await SubmitAsync(tasks);
        foreach (string id in ids[^Math.Min(ids.Length, 200)..])
        {
            await running.Api.WaitForResultAsync(id);
        }

        results.Add(system, "tasks/s", tasks / Stopwatch.GetElapsedTime(start).TotalSeconds);
        foreach ((string process, TimeSpan cpu) in ProcessUse.Cpu())
        {
            results.Add(system, $"CPU per task, {process} ms", (cpu - before.GetValueOrDefault(process)).TotalMilliseconds / tasks);
        }

        foreach ((string process, double size) in ProcessUse.MemoryMiB())
        {
            results.Add(system, $"memory, {process} MiB", size);
        }

        await MeasureGetsAsync("finished", ids);
    }

    /// <summary>GETs of tasks that wait for their time.</summary>
    private async Task MeasureUnfinishedAsync()
    {
        string?[] ids = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => running.Api.SubmitAsync("?delay=3600")));
        await MeasureGetsAsync("unfinished", ids!);
    }

    private async Task MeasureGetsAsync(string what, string[] ids)
    {
        Dictionary<string, TimeSpan> before = ProcessUse.Cpu();
        double rate = await Wrk.GetAsync(running.Api.Url, Clients, Asking, ids.Select(id => $"/multiply/{id}"));
        results.Add(system, $"GET {what}, 16 clients /s", rate);
        double cpu = ProcessUse.Cpu().Sum(process => (process.Value - before.GetValueOrDefault(process.Key)).TotalMilliseconds);
        results.Add(system, $"CPU per GET {what}, all processes, ms", cpu / (rate * Asking.TotalSeconds));
    }

    /// <summary>The tasks that the POSTs start run meanwhile.</summary>
    private async Task MeasurePostsAsync(int clients)
    {
        results.Add(system, $"POST, {clients} clients /s", await Wrk.PostAsync(running.Api.Url, clients, Asking, "/multiply", """{"x": 2.3, "y": 2.0}"""));
    }

    private async Task TimeAsync(string figure, Func<Task> send)
    {
        List<double> times = [];
        for (int i = 0; i < 50; i++)
        {
            await Task.Delay(50);
            long sent = Stopwatch.GetTimestamp();
            await send();
            times.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        results.Add(system, $"{figure}, median ms", Results.Median(times));
        results.Add(system, $"{figure}, p90 ms", times.Order().ElementAt(times.Count * 9 / 10));
    }

    private async Task<string> SubmitAsync() => await running.Api.SubmitAsync() ?? throw new InvalidOperationException("A task was not accepted.");

    private async Task<string[]> SubmitAsync(int count)
    {
        string[] ids = new string[count];
        await Api.SendAsync(Clients, i => i < count, async i => (ids[i] = await SubmitAsync()) is not null);
        return ids;
    }
}
