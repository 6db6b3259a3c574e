using System.Diagnostics;
using Bench.Client;
using Bench.Measure;
using Bench.Systems;

namespace Bench;

/// <summary>
/// Measures the emulator beside what people would otherwise build, RQ with one and with two workers: each started anew
/// with empty data, one after the other, round by round, so that what else happens on the machine meets all of them.
/// </summary>
internal sealed class Comparison(Plan plan, Action<string> phase, Action progress)
{
    public const string Emulator = "emulator";
    public const string OneWorker = "RQ, 1 worker";
    public const string TwoWorkers = "RQ, 2 workers";

    public Dictionary<string, Samples> Results { get; } = new()
    {
        [Emulator] = new(),
        [OneWorker] = new(),
        [TwoWorkers] = new(),
    };

    public async Task RunAsync(int rounds)
    {
        for (int round = 1; round <= rounds; round++)
        {
            foreach (string name in Results.Keys)
            {
                phase($"round {round} of {rounds}: {name}");
                using var folder = new TemporaryFolder();
                await MeasureAsync(name, folder.Path);
            }
        }

        phase("storage requests");
        await CountStorageRequestsAsync();
    }

    private async Task MeasureAsync(string name, string folder)
    {
        Samples samples = Results[name];
        using Azurite? azurite = name == Emulator ? await Azurite.StartAsync(folder, countRequests: false) : null;
        long start = Stopwatch.GetTimestamp();
        await using ISystem system = azurite is not null
            ? await EmulatorSystem.StartAsync(folder, azurite)
            : await RqSystem.StartAsync(folder, name == OneWorker ? 1 : 2);
        await TaskThroughput.WaitAsync(system.Api, await system.Api.SubmitAsync() ?? throw new BenchException("The first POST failed."));
        samples.Add(Metric.ColdStart, Stopwatch.GetElapsedTime(start).TotalSeconds);

        var run = new Run(system.Api, plan, samples, progress) { Processes = system.Processes };
        await run.WarmUpAsync();
        await run.MeasureLatencyAsync();
        if (azurite is not null)
        {
            // Half of it before and half after, so that what else the machine does meets both alike.
            LoopResult before = await BareUpserts.MeasureAsync(azurite, plan.Tasks / 2);
            string[] tasks = await run.MeasureTasksAsync();
            LoopResult after = await BareUpserts.MeasureAsync(azurite, plan.Tasks / 2);
            samples.Add(Metric.Upserts, 2 / ((1 / before.PerSecond) + (1 / after.PerSecond)));
            await run.MeasureGetsAsync(tasks);
        }
        else
        {
            await run.MeasureGetsAsync(await run.MeasureTasksAsync());
        }

        await run.MeasurePostsAsync();
        run.ReadMemory();
    }

    private async Task CountStorageRequestsAsync()
    {
        const int Tasks = 200;
        using var folder = new TemporaryFolder();
        using Azurite azurite = await Azurite.StartAsync(folder.Path, countRequests: true);
        await using EmulatorSystem system = await EmulatorSystem.StartAsync(folder.Path, azurite);
        long before = azurite.CountRequests();
        string?[] tasks = new string?[Tasks];
        await ClosedLoop.RunAsync(16, Tasks, async i => (tasks[i] = await system.Api.SubmitAsync()) is not null);

        // Nobody asks before they have had time to end, so these are the requests of POST and task alone.
        await Task.Delay(TimeSpan.FromSeconds(5));
        Results[Emulator].Add(Metric.Requests, (azurite.CountRequests() - before) / (double)Tasks);
        foreach (string? task in tasks)
        {
            await TaskThroughput.WaitAsync(system.Api, task ?? throw new BenchException("A POST failed."));
        }
    }
}
