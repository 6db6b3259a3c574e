using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using FunctionApp.Emulator.Host;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Emulator;

/// <summary>
/// While storage fails, POST and GET are 503 within a bounded time; afterwards everything that was accepted finishes.
/// One line in the log tells of an outage, one of its end.
/// </summary>
public sealed class StorageFaultTests(ITestOutputHelper output) : IDisposable
{
    private readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("outage-");

    // The app's own limit, and what a busy machine adds.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(12);

    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(4);

    [Theory]
    [InlineData("status 500")]
    [InlineData("status 503")]
    [InlineData("status 429")]
    [InlineData("dropped connections")]
    [InlineData("answers after a minute")]
    public async Task An_outage_is_503_and_loses_nothing(string fault)
    {
        Dictionary<string, string?> settings = AzuriteFixture.NewAppSettings(("SlowMultiply__Delay", "00:00:00.5"));
        await using StorageProxy storage = await StorageProxy.StartAsync(settings);

        await LiveThroughAsync(
            settings,
            () => storage.Fault = async context =>
            {
                if (fault.StartsWith("status", StringComparison.Ordinal))
                {
                    context.Response.StatusCode = int.Parse(fault.AsSpan("status ".Length), CultureInfo.InvariantCulture);
                }
                else if (fault == "dropped connections")
                {
                    context.Abort();
                }
                else
                {
                    await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                }

                return true;
            },
            () => storage.Fault = null);
    }

    [Fact]
    public async Task Azurite_can_be_stopped_and_started_again()
    {
        DirectoryInfo folder = _data.CreateSubdirectory("restarted");
        string connectionString = LocalPort.AzuriteConnectionString(LocalPort.FindFree());
        Azurite Start()
        {
            Azurite azurite = Azurite.StartIfNeeded(connectionString, folder.FullName)!;
            azurite.WaitUntilReady();
            return azurite;
        }

        Azurite azurite = Start();
        await LiveThroughAsync(
            AzuriteFixture.NewAppSettings(("AzureWebJobsStorage", connectionString), ("SlowMultiply__Delay", "00:00:00.5")),
            () => azurite.Dispose(),
            () => azurite = Start());
        azurite.Dispose();
    }

    [Fact]
    public async Task Slow_storage_only_makes_it_slow()
    {
        Dictionary<string, string?> settings = AzuriteFixture.NewAppSettings();
        await using StorageProxy storage = await StorageProxy.StartAsync(settings);
        storage.Fault = async context =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), context.RequestAborted);
            return false;
        };
        using EmulatorProcess emulator = await EmulatorProcess.StartAsync(_data.FullName, settings);
        string[] tasks = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => emulator.Http.SubmitAsync("6", "7")));

        Assert.All(await Task.WhenAll(tasks.Select(emulator.Http.WaitForResultAsync)), result => Assert.Equal("42", result));
        Assert.Equal(0, await emulator.SignalAsync("TERM"));
        Assert.DoesNotContain(emulator.Output, line => line.Contains("warn", StringComparison.Ordinal));
    }

    public void Dispose() => _data.Delete(recursive: true);

    private async Task LiveThroughAsync(Dictionary<string, string?> settings, Action begin, Action end)
    {
        using EmulatorProcess emulator = await EmulatorProcess.StartAsync(_data.FullName, settings);
        await emulator.Http.WaitForResultAsync(await emulator.Http.SubmitAsync("6", "7"));
        ConcurrentBag<string> accepted = [.. await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => emulator.Http.SubmitAsync("6", "7")))];
        long memory = emulator.ReadMemory();
        begin();
        await WaitUntilRefusedAsync(emulator.Http, accepted);

        // 8 callers that do not wait as they are told to.
        var outage = Stopwatch.StartNew();
        ConcurrentBag<TimeSpan> times = [];
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async caller =>
        {
            while (outage.Elapsed < Outage)
            {
                times.Add(await AssertRefusedAsync(caller % 2 == 0
                    ? emulator.Http.PostAsync("""{"x": 6, "y": 7}""")
                    : emulator.Http.GetAsync($"/multiply/{accepted.First()}")));
            }
        }));
        long memoryInOutage = emulator.ReadMemory();
        end();

        Assert.All(await Task.WhenAll(accepted.Select(emulator.Http.WaitForResultAsync)), result => Assert.Equal("42", result));
        Assert.Equal(0, await emulator.SignalAsync("TERM"));
        string[] log = [.. emulator.Output.SkipWhile(line => !line.StartsWith("Press Ctrl+C", StringComparison.Ordinal)).Skip(1).Where(line => line.Length > 0)];
        output.WriteLine($"{times.Count} requests, the slowest took {times.Max().TotalSeconds:0.0} s; {accepted.Count} tasks finished; memory {memory >> 20} -> {memoryInOutage >> 20} MiB");
        output.WriteLine(string.Join('\n', log));
        Assert.Single(log, line => line.Contains("does not answer", StringComparison.Ordinal));
        Assert.Single(log, line => line.Contains("answers again", StringComparison.Ordinal));
        Assert.InRange(log.Length, 2, 5);
        Assert.InRange(memoryInOutage - memory, long.MinValue, 100 << 20);
    }

    // Until the outage is noticed, tasks are still accepted: they too must finish.
    private static async Task WaitUntilRefusedAsync(HttpClient http, ConcurrentBag<string> accepted)
    {
        while (true)
        {
            using HttpResponseMessage response = await http.PostAsync("""{"x": 6, "y": 7}""");
            if (response.StatusCode != HttpStatusCode.Accepted)
            {
                return;
            }

            accepted.Add(await response.ReadTaskIdAsync());
            await Task.Delay(50);
        }
    }

    private static async Task<TimeSpan> AssertRefusedAsync(Task<HttpResponseMessage> request)
    {
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await request;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        await ContractTests.AssertUnavailableAsync(response);
        Assert.InRange(elapsed, TimeSpan.Zero, Bound);
        return elapsed;
    }
}
