using System.Diagnostics;
using Bench.Measure;
using Bench.Systems;

namespace Bench;

/// <summary>
/// How the emulator's cost grows with the tasks in its journal: rate, latency, memory; and how long it takes to start
/// with 100,000 finished and 1,000 unfinished instances. An emulator for each size runs all the time, and they take turns
/// every few seconds, so that what else the machine does meets all of them alike.
/// </summary>
internal sealed class Growth(Plan plan, Action<string> phase, Action progress)
{
    public static readonly IReadOnlyList<int> Sizes = [100, 1_000, 10_000, 100_000];

    private const string Unfinished = "0, 6";
    private const string Completed = "1";
    private const int UnfinishedAtStart = 1_000;
    private const int Starts = 3;

    public Dictionary<string, Samples> Results { get; } = Sizes.ToDictionary(Name, _ => new Samples());

    public static string Name(int size) => $"{size.ToString("N0", CultureInfo.InvariantCulture)} tasks";

    public async Task RunAsync(int rounds)
    {
        List<(EmulatorSystem System, Run Run)> emulators = [];
        await using var stack = new AsyncDisposables();
        foreach (int size in Sizes)
        {
            phase($"{Name(size)}: start and warm-up");
            EmulatorSystem system = await StartAsync(size, stack);
            var run = new Run(system.Api, plan, Results[Name(size)], progress) { Processes = system.Processes };
            await run.WarmUpAsync();
            await run.WarmUpAsync();
            emulators.Add((system, run));
        }

        for (int round = 1; round <= rounds; round++)
        {
            phase($"round {round} of {rounds}");
            foreach ((_, Run run) in emulators)
            {
                await run.MeasureLatencyAsync();
                await run.MeasureTasksAsync();
            }

            // What drifts meets the first as often as the last.
            emulators.Reverse();
        }

        emulators.ForEach(emulator => emulator.Run.ReadMemory());
        await stack.DisposeAsync();
        for (int start = 1; start <= Starts; start++)
        {
            phase($"start {start} of {Starts}");
            await MeasureStartAsync();
        }
    }

    private static async Task<EmulatorSystem> StartAsync(int size, AsyncDisposables stack)
    {
        TemporaryFolder folder = stack.Add(new TemporaryFolder());
        Azurite azurite = stack.Add(await Azurite.StartAsync(folder.Path, countRequests: false));
        await RunOneTaskAsync(folder.Path, azurite);
        JournalCopies.Fill(Journal(folder), Completed, size);
        EmulatorSystem system = await EmulatorSystem.StartAsync(folder.Path, azurite);
        stack.Add(system);
        return system;
    }

    private async Task MeasureStartAsync()
    {
        using var folder = new TemporaryFolder();
        using Azurite azurite = await Azurite.StartAsync(folder.Path, countRequests: false);
        await RunOneTaskAsync(folder.Path, azurite);
        JournalCopies.Fill(Journal(folder), Completed, Sizes[^1]);
        await using (EmulatorSystem system = await EmulatorSystem.StartAsync(folder.Path, azurite, delay: "01:00:00"))
        {
            string task = await system.Api.SubmitAsync() ?? throw new BenchException("A POST failed.");
            await Task.Delay(TimeSpan.FromSeconds(1));
            if (await system.Api.IsFinishedAsync(task))
            {
                throw new BenchException("A task of an hour is finished.");
            }
        }

        JournalCopies.Fill(Journal(folder), Unfinished, UnfinishedAtStart);
        long start = Stopwatch.GetTimestamp();
        await using EmulatorSystem again = await EmulatorSystem.StartAsync(folder.Path, azurite, delay: "01:00:00");
        Results[Name(Sizes[^1])].Add(Metric.WarmStart, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static async Task RunOneTaskAsync(string folder, Azurite azurite)
    {
        await using EmulatorSystem system = await EmulatorSystem.StartAsync(folder, azurite);
        await TaskThroughput.WaitAsync(system.Api, await system.Api.SubmitAsync() ?? throw new BenchException("The first POST failed."));
    }

    private static string Journal(TemporaryFolder folder) => Path.Combine(folder.Path, "journal.db");
}
