using System.Collections.Concurrent;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Emulator;

/// <summary>
/// The emulator as its own process under load, killed at random moments and started again. Azurite survives. The long
/// form is CRASH_TEST_KILLS=40 CRASH_TEST_TASKS=1200; CRASH_TEST_SEED repeats a run.
/// </summary>
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("crash-");
    private readonly Dictionary<string, string?> _settings = AzuriteFixture.NewAppSettings(("SlowMultiply__Delay", "00:00:00.05"));

    [Fact]
    public async Task No_acknowledged_task_is_lost_to_kill_9()
    {
        int kills = Read("CRASH_TEST_KILLS", 5);
        int tasksPerLife = Read("CRASH_TEST_TASKS", 150) / kills;
        int seed = Read("CRASH_TEST_SEED", Environment.TickCount);
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        ConcurrentDictionary<string, int> acknowledged = new();

        for (int kill = 0; kill < kills; kill++)
        {
            using var emulator = new EmulatorProcess(_data.FullName, _settings);
            if (random.Next(4) == 0)
            {
                // During the start.
                await Task.Delay(random.Next(1_500));
            }
            else
            {
                await emulator.WaitUntilStartedAsync();
                int first = kill * tasksPerLife;
                Task load = SubmitAsync(emulator.Http, Enumerable.Range(first, tasksPerLife), acknowledged);
                await Task.Delay(random.Next(1_000));
                emulator.Kill();
                await load;
            }

            emulator.Kill();
        }

        using EmulatorProcess last = await EmulatorProcess.StartAsync(_data.FullName, _settings);
        string[] results = await Task.WhenAll(acknowledged.Select(async task =>
            await last.Http.WaitForResultAsync(task.Key) == $"{3 * task.Value}" ? "right" : task.Key));
        output.WriteLine($"acknowledged {acknowledged.Count}, finished {results.Count(result => result == "right")}, kills {kills}");

        Assert.NotEmpty(acknowledged);
        Assert.All(results, result => Assert.Equal("right", result));
        Assert.Equal(0, await last.SignalAsync("TERM"));
    }

    public void Dispose() => _data.Delete(recursive: true);

    private static int Read(string variable, int defaultValue) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), CultureInfo.InvariantCulture, out int value) ? value : defaultValue;

    private static Task SubmitAsync(HttpClient http, IEnumerable<int> numbers, ConcurrentDictionary<string, int> acknowledged) =>
        Parallel.ForEachAsync(numbers, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (n, _) =>
        {
            try
            {
                acknowledged[await http.SubmitAsync($"{n}", "3")] = n;
            }
            catch (HttpRequestException)
            {
                // Killed before it was acknowledged.
            }
        });
}
