using System.Diagnostics;
using Bench.Measure;
using Bench.Systems;

namespace Bench;

/// <summary>
/// How the emulator's cost grows with the tasks in its journal: rate, latency, memory; and how long it takes to start
/// with 100,000 finished and 1,000 unfinished instances. The sizes take turns, round by round.
/// </summary>
internal sealed class Growth(Plan plan, Action<string> phase, Action progress)
{
    public static readonly IReadOnlyList<int> Sizes = [100, 1_000, 10_000, 100_000];

    private const string Unfinished = "0, 6";
    private const string Completed = "1";
    private const int UnfinishedAtStart = 1_000;

    public Dictionary<string, Samples> Results { get; } = Sizes.ToDictionary(Name, _ => new Samples());

    public static string Name(int size) => $"{size.ToString("N0", CultureInfo.InvariantCulture)} tasks";

    public async Task RunAsync(int rounds)
    {
        for (int round = 1; round <= rounds; round++)
        {
            foreach (int size in Sizes)
            {
                phase($"round {round} of {rounds}: {Name(size)} in the journal");
                await MeasureAsync(size);
            }

            phase($"round {round} of {rounds}: start");
            await MeasureStartAsync();
        }
    }

    private async Task MeasureAsync(int size)
    {
        using var folder = new TemporaryFolder();
        using Azurite azurite = await Azurite.StartAsync(folder.Path, countRequests: false);
        await RunOneTaskAsync(folder.Path, azurite);
        JournalCopies.Fill(Journal(folder), Completed, size);

        await using EmulatorSystem system = await EmulatorSystem.StartAsync(folder.Path, azurite);
        var run = new Run(system.Api, plan, Results[Name(size)], progress) { Processes = system.Processes };
        await run.WarmUpAsync();
        await run.MeasureLatencyAsync();
        await run.MeasureTasksAsync();
        run.ReadMemory();
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
