using System.Diagnostics;
using DurableLocalHost;

namespace Bench;

/// <summary>The app within this process, as tests run it: stopped, started again, and asked.</summary>
internal static class Restart
{
    public static async Task MeasureAsync(Results results)
    {
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(new Dictionary<string, string?> { ["SlowMultiply__Delay"] = "00:00:00" });
        for (int i = 0; i < 10; i++)
        {
            long start = Stopwatch.GetTimestamp();
            await host.RestartAsync();
            (await host.Http.GetAsync(new Uri("/tasks", UriKind.Relative))).EnsureSuccessStatusCode().Dispose();
            results.Add("in one process", "restart to first answer, s", Stopwatch.GetElapsedTime(start).TotalSeconds);
        }
    }
}
