using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Emulator;

/// <summary>
/// 64 clients that POST without a pause, more than is worked off. The long form is OVERLOAD_TEST_SECONDS=60.
/// </summary>
[Collection(nameof(RunsAlone))]
public sealed class OverloadTests(ITestOutputHelper output) : IDisposable
{
    private const int Clients = 64;

    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("overload-");

    [Fact]
    public async Task A_flood_is_202_or_503_memory_stays_flat_GET_stays_quick_and_all_that_was_accepted_finishes()
    {
        var duration = TimeSpan.FromSeconds(TestRun.Read("OVERLOAD_TEST_SECONDS", 6));
        using EmulatorProcess emulator = await EmulatorProcess.StartAsync(_data.FullName, AzuriteFixture.NewAppSettings());
        string finished = await emulator.Http.SubmitAsync("6", "7");
        await emulator.Http.WaitForResultAsync(finished);
        ConcurrentQueue<string> accepted = new();
        string latest = finished;
        int refused = 0;
        List<TimeSpan> gets = [];
        List<long> memory = [];

        var flood = Stopwatch.StartNew();
        await Task.WhenAll(
        [
            .. Enumerable.Range(0, Clients).Select(async _ =>
            {
                while (flood.Elapsed < duration)
                {
                    using HttpResponseMessage response = await emulator.Http.PostAsync("""{"x": 6, "y": 7}""");
                    if (response.StatusCode == HttpStatusCode.Accepted)
                    {
                        latest = await response.ReadTaskIdAsync();
                        accepted.Enqueue(latest);
                    }
                    else
                    {
                        await ContractTests.AssertUnavailableAsync(response);
                        Interlocked.Increment(ref refused);
                    }
                }
            }),
            Task.Run(async () =>
            {
                while (flood.Elapsed < duration)
                {
                    // In turn one that has a row, and one that the durable client must be asked for.
                    string task = gets.Count % 2 == 0 ? finished : latest;
                    long start = Stopwatch.GetTimestamp();
                    using HttpResponseMessage response = await emulator.Http.GetAsync($"/multiply/{task}");
                    gets.Add(Stopwatch.GetElapsedTime(start));
                    Assert.True(response.StatusCode is HttpStatusCode.OK or HttpStatusCode.NotFound);
                    memory.Add(emulator.ReadMemory());
                    await Task.Delay(10);
                }
            }),
        ]);
        var drain = Stopwatch.StartNew();
        await Parallel.ForEachAsync(accepted, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (task, _) =>
            Assert.Equal("42", await emulator.Http.WaitForResultAsync(task)));

        gets.Sort();
        TimeSpan p99 = gets[(int)(gets.Count * 0.99)];
        long[] halves = [memory[..(memory.Count / 2)].Max(), memory[(memory.Count / 2)..].Max()];
        output.WriteLine($"{duration.TotalSeconds:0} s, {Clients} clients: {accepted.Count} accepted, {refused} told to come again, 0 other answers");
        output.WriteLine($"GET: {gets.Count}, median {gets[gets.Count / 2].TotalMilliseconds:0} ms, p99 {p99.TotalMilliseconds:0} ms, longest {gets[^1].TotalMilliseconds:0} ms");
        output.WriteLine($"memory: first half at most {halves[0] >> 20} MiB, second half {halves[1] >> 20} MiB");
        output.WriteLine($"all accepted tasks finished {drain.Elapsed.TotalSeconds:0.0} s after the flood");

        // The short form has too few for a percentile: it only shows that GET is answered at all.
        Assert.InRange(p99, TimeSpan.Zero, TimeSpan.FromSeconds(gets.Count >= 500 ? 1 : 10));
        Assert.InRange(halves[1], 0, Math.Max(halves[0] * 3 / 2, 400L << 20));
        Assert.Equal(0, await emulator.SignalAsync("TERM"));
    }

    public void Dispose() => _data.Delete(recursive: true);
}
