using Bench.Systems;

namespace Bench;

/// <summary>
/// The local host with many tasks kept beside the same with few. Both are started anew for each round, so that both are as
/// warm; the many are really run, once, and stay in their folder, the few are those that warm the host up.
/// </summary>
internal sealed class Growth(int kept, int tasks, Results results, Action<string> say)
{
    public const string Many = "many tasks kept";
    public const string Few = "100 tasks kept";

    public async Task RunAsync(int rounds)
    {
        using var many = new TemporaryFolder(Path.GetTempPath());
        say($"running {kept:N0} tasks");
        await using (RunningSystem system = await LocalHost.StartAsync(LocalHost.Sqlite, many.Path))
        {
            await new Measurement(system, new Results(), Many).MeasureTasksAsync(kept);
        }

        for (int round = 1; round <= rounds; round++)
        {
            using var few = new TemporaryFolder(Path.GetTempPath());
            foreach ((string name, string folder) in new[] { (Few, few.Path), (Many, many.Path) })
            {
                say($"round {round} of {rounds}: {name}");
                await using RunningSystem system = await LocalHost.StartAsync(LocalHost.Sqlite, folder);
                var measurement = new Measurement(system, results, name);
                await measurement.MeasureStartAsync();
                await measurement.WarmUpAsync(100);
                await measurement.MeasureListAsync();
                await measurement.MeasureLatencyAsync();
                await measurement.MeasureTasksAsync(tasks);
            }
        }
    }
}
