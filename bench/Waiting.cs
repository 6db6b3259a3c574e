using Bench.Systems;

namespace Bench;

/// <summary>Tasks that wait for their time: what host and worker have in memory with many of them, and when they start again with these.</summary>
internal static class Waiting
{
    public static async Task MeasureAsync(int count, string name, string? build, Results results)
    {
        using var folder = new TemporaryFolder(Path.GetTempPath());
        await using (RunningSystem system = await LocalHost.StartAsync(name, folder.Path, build))
        {
            await new Measurement(system, new Results(), name).WarmUpAsync(300);
            AddMemory("before");
            await Api.SendAsync(16, i => i < count, async _ => await system.Api.SubmitAsync("?delay=86400") is not null);
            AddMemory($"{count:N0} waiting");
        }

        await using (RunningSystem system = await LocalHost.StartAsync(name, folder.Path, build))
        {
            await new Measurement(system, results, $"{name}, waiting").MeasureStartAsync();
            AddMemory("started again");
        }

        void AddMemory(string when)
        {
            foreach ((string process, double size) in ProcessUse.MemoryMiB())
            {
                results.Add($"{name}, waiting", $"memory, {process}, {when}, MiB", size);
            }
        }
    }
}
