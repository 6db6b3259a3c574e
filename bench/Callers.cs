using Bench.Systems;

namespace Bench;

/// <summary>
/// Callers who each want the result of a task of ten seconds: what that takes of the processors until all have it. RQ is asked every second, the app
/// waits with its answer. RQ has a worker process for each task that runs at a time.
/// </summary>
internal static class Callers
{
    private const int Count = 100;

    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(10);

    public static async Task MeasureAsync(Results results)
    {
        foreach (string name in new[] { Rq.Name, LocalHost.Sqlite })
        {
            using var folder = new TemporaryFolder(Path.GetTempPath());
            await using RunningSystem system = name == Rq.Name
                ? await Rq.StartAsync(folder.Path, Count, Delay)
                : await LocalHost.StartAsync(name, folder.Path, delay: Delay);
            await CallAsync(system, name);
            double before = Cpu();
            await CallAsync(system, name);
            results.Add(name, $"{Count} callers, tasks of {Delay.TotalSeconds} s: CPU per task, all processes, ms", (Cpu() - before) / Count);
        }
    }

    private static double Cpu() => ProcessUse.Cpu().Values.Sum(use => use.TotalMilliseconds);

    private static Task CallAsync(RunningSystem system, string name) => Task.WhenAll(Enumerable.Range(0, Count).Select(async _ =>
    {
        string id = await system.Api.SubmitAsync() ?? throw new InvalidOperationException("A task was not accepted.");
        await system.Api.WaitPatientlyAsync(id, canWait: name != Rq.Name);
    }));
}
