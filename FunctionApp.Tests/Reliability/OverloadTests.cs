using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using DurableLocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>
/// 64 clients that POST without a pause, more than is worked off. The long form is OVERLOAD_TEST_SECONDS=60.
/// </summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class OverloadTests(ITestOutputHelper output) : LocalHostTest
{
    private const int Clients = 64;

    [Fact]
    public async Task A_flood_is_202_or_503_memory_stays_flat_GET_stays_quick_and_all_that_was_accepted_finishes()
    {
        // What other tests have left would make Azurite pause.
        Settings["AzureWebJobsStorage"] = Azurite.NewConnectionString();
        var duration = TimeSpan.FromSeconds(TestRun.Read("OVERLOAD_TEST_SECONDS", 6));
        await using LocalHostProcess host = await StartAsync();
        string finished = await host.Http.SubmitAsync();
        await host.Http.WaitForResultAsync(finished);
        ConcurrentQueue<string> accepted = new();
        string latest = finished;
        int refused = 0;
        List<TimeSpan> gets = [];
        int unanswered = 0;
        List<long> memory = [];

        var flood = Stopwatch.StartNew();
        await Task.WhenAll(
        [
            .. Enumerable.Range(0, Clients).Select(async _ =>
            {
                while (flood.Elapsed < duration)
                {
                    using HttpResponseMessage response = await host.Http.PostAsync("""{"x": 2.3, "y": 2.0}""");
                    if (response.StatusCode == HttpStatusCode.Accepted)
                    {
                        latest = await response.ReadTaskIdAsync();
                        accepted.Enqueue(latest);
                    }
                    else
                    {
                        await ProblemAssert.IsUnavailableAsync(response);
                        Interlocked.Increment(ref refused);
                    }
                }
            }),
            Task.Run(async () =>
            {
                while (flood.Elapsed < duration)
                {
                    string task = gets.Count % 2 == 0 ? finished : latest;
                    long start = Stopwatch.GetTimestamp();
                    using HttpResponseMessage response = await host.Http.GetAsync($"/multiply/{task}");
                    gets.Add(Stopwatch.GetElapsedTime(start));
                    if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.NotFound))
                    {
                        // Azurite, which is flooded too, may pause for longer than a request waits for it.
                        await ProblemAssert.IsUnavailableAsync(response);
                        unanswered++;
                    }

                    memory.Add(await host.ReadMemoryAsync());
                    await Task.Delay(50);
                }
            }),
        ]);
        var drain = Stopwatch.StartNew();
        await host.Http.AssertResultsAsync("4.6", accepted);

        gets.Sort();
        long[] halves = [memory[..(memory.Count / 2)].Max(), memory[(memory.Count / 2)..].Max()];
        double[] milliseconds =
            [.. new[] { gets.Count / 2, (int)(gets.Count * 0.99), gets.Count - 1 }.Select(i => gets[i].TotalMilliseconds)];
        output.WriteLine($"{duration.TotalSeconds:0} s, {Clients} clients: {accepted.Count} accepted, {refused} told to come again");
        output.WriteLine($"GET: {gets.Count}, median {milliseconds[0]:0} ms, p99 {milliseconds[1]:0} ms, longest {milliseconds[2]:0} ms");
        output.WriteLine($"memory of host and worker: first half at most {halves[0] >> 20} MiB, second half {halves[1] >> 20} MiB");
        output.WriteLine($"all accepted tasks finished {drain.Elapsed.TotalSeconds:0.0} s after the flood");

        Assert.InRange(unanswered, 0, gets.Count / 10);
        Assert.InRange(gets[^1], TimeSpan.Zero, TimeSpan.FromSeconds(10));
        Assert.InRange(halves[1], 0, Math.Max(halves[0] * 3 / 2, 700L << 20));
        Assert.Equal(0, await host.SignalAsync("TERM"));
    }
}
