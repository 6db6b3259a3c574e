using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using DurableLocalHost;
using Microsoft.AspNetCore.Http;

namespace FunctionApp.Tests.Reliability;

/// <summary>
/// While storage fails, every answer is 503 within a bounded time; afterwards everything that was accepted finishes. The
/// long form is STORAGE_FAULT_TEST_SECONDS=60.
/// </summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class StorageFaultTests(ITestOutputHelper output) : LocalHostTest
{
    // The app's own limit, and what a busy machine adds.
    private static readonly TimeSpan Bound = TimeSpan.FromSeconds(12);

    private readonly TimeSpan _outage = TimeSpan.FromSeconds(TestRun.Read("STORAGE_FAULT_TEST_SECONDS", 2));

    [Fact]
    public Task An_outage_is_503_and_loses_nothing() => LiveThroughAsync(StorageProvider.Sqlite, "status 503");

    [Theory]
    [InlineData(StorageProvider.Sqlite, "status 500", "status 503", "status 429", "dropped connections", "answers after a minute")]
    [InlineData(StorageProvider.AzureStorage, "status 503")] // one: after several the engine needs minutes
    public Task Outages_of_every_kind_are_503_and_lose_nothing(StorageProvider storage, params string[] faults) =>
        LiveThroughAsync(storage, faults);

    [Fact]
    public async Task Azurite_can_be_stopped_and_started_again()
    {
        string connectionString = Azurite.NewConnectionString();
        DirectoryInfo folder = Data.CreateSubdirectory("restarted");
        Settings["AzureWebJobsStorage"] = connectionString;
        Azurite azurite = await StartAzuriteAsync();
        await LiveThroughAsync(
            StorageProvider.Sqlite,
            ["Azurite stopped"],
            _ => azurite.DisposeAsync().AsTask(),
            async () => azurite = await StartAzuriteAsync());
        await azurite.DisposeAsync();

        async Task<Azurite> StartAzuriteAsync() =>
            (await Azurite.StartIfNeededAsync(folder.FullName, connectionString, tablesFirst: false))!;
    }

    [Fact]
    public async Task Slow_storage_only_makes_it_slow()
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync();
        proxy.Fault = async context =>
        {
            await Task.Delay(TimeSpan.FromSeconds(1), context.RequestAborted);
            return false;
        };

        string[] tasks = await host.Http.SubmitManyAsync(50);

        await host.Http.AssertResultsAsync("4.6", tasks);
        Assert.Equal(0, await host.SignalAsync("TERM"));
        Assert.DoesNotContain(host.Output, line => line.Contains("fail:"));
    }

    [Fact]
    public async Task What_is_no_outage_is_a_500_without_internals_and_an_error_in_the_log()
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync();
        proxy.Fault = context =>
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            return Task.FromResult(true);
        };

        using HttpResponseMessage answer = await host.Http.PostAsync("""{"x": 6, "y": 7}""");

        string problem = (await ProblemAssert.IsAsync(HttpStatusCode.InternalServerError, answer)).GetRawText();
        Assert.DoesNotContain("Azure", problem, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("403", problem);
        Assert.Null(answer.Headers.RetryAfter);
        await Eventually.AreEqual(1, () => Task.FromResult(host.Output.Count(line => line.Contains("POST /multiply failed unexpectedly"))));
    }

    private async Task LiveThroughAsync(StorageProvider storage, params string[] faults)
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await LiveThroughAsync(
            storage, faults, fault => Run(() => proxy.Fault = context => FailAsync(fault, context)), () => Run(() => proxy.Fault = null));

        static Task Run(Action action)
        {
            action();
            return Task.CompletedTask;
        }
    }

    private static async Task<bool> FailAsync(string fault, HttpContext context)
    {
        switch (fault)
        {
            case "dropped connections":
                context.Abort();
                break;
            case "answers after a minute":
                await Task.Delay(TimeSpan.FromMinutes(1), context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
                break;
            default:
                context.Response.StatusCode = int.Parse(fault.AsSpan("status ".Length));
                break;
        }

        return true;
    }

    private async Task LiveThroughAsync(StorageProvider storage, string[] faults, Func<string, Task> begin, Func<Task> end)
    {
        Settings["SlowMultiply__Delay"] = "00:00:00.5";
        await using LocalHostProcess host = await StartAsync(storage);
        string ended = await host.Http.SubmitAsync();
        await host.Http.WaitForResultAsync(ended);
        foreach (string fault in faults)
        {
            ConcurrentBag<string> accepted = [.. await host.Http.SubmitManyAsync(20)];
            long memory = await host.ReadMemoryAsync();
            await begin(fault);
            await WaitUntilRefusedAsync(host.Http, accepted);
            TimeSpan[] times = await AssertAllRefusedAsync(host.Http, ended, accepted.First());
            long memoryInOutage = await host.ReadMemoryAsync();
            await end();

            long start = Stopwatch.GetTimestamp();
            await host.Http.AssertResultsAsync("4.6", accepted);
            TimeSpan recovered = Stopwatch.GetElapsedTime(start);
            await host.Http.AssertResultsAsync("4.6", await host.Http.SubmitManyAsync(5));
            output.WriteLine(
                $"{storage}, {fault}: {times.Length} requests, the slowest took {times.Max().TotalSeconds:0.0} s; "
                + $"{accepted.Count} tasks finished {recovered.TotalSeconds:0.0} s after the outage; memory {memory >> 20} -> {memoryInOutage >> 20} MiB");
            Assert.InRange(memoryInOutage - memory, long.MinValue, 150 << 20);
        }

        Assert.Equal(0, await host.SignalAsync("TERM"));
    }

    /// <summary>Callers that do not wait as they are told to, over every route; how long each answer took.</summary>
    private async Task<TimeSpan[]> AssertAllRefusedAsync(HttpClient http, string ended, string unfinished)
    {
        Func<Task<HttpResponseMessage>>[] requests =
        [
            () => http.PostAsync("""{"x": 6, "y": 7}"""),
            () => http.PostAsync("""{"x": 6, "y": 7}""", headers: ("Idempotency-Key", $"{Guid.NewGuid()}")),
            () => http.GetAsync($"/multiply/{ended}"),
            () => http.GetAsync($"/tasks/{unfinished}"),
            () => http.GetAsync("/tasks"),
            () => http.CancelAsync(ended),
            () => http.PostAsync($"/tasks/{ended}/retry", content: null),
            () => http.DeleteAsync($"/tasks/{ended}"),
        ];
        long start = Stopwatch.GetTimestamp();
        ConcurrentBag<TimeSpan> times = [];
        await Task.WhenAll(requests.Select(async request =>
        {
            while (Stopwatch.GetElapsedTime(start) < _outage)
            {
                times.Add(await AssertRefusedAsync(request()));
            }
        }));
        return [.. times];
    }

    // Until the outage is noticed, tasks are still accepted: they too must finish.
    private static async Task WaitUntilRefusedAsync(HttpClient http, ConcurrentBag<string> accepted)
    {
        while (true)
        {
            using HttpResponseMessage response = await http.PostAsync("""{"x": 2.3, "y": 2.0}""");
            if (response.StatusCode != HttpStatusCode.Accepted)
            {
                return;
            }

            accepted.Add(await response.ReadTaskIdAsync());
        }
    }

    private static async Task<TimeSpan> AssertRefusedAsync(Task<HttpResponseMessage> request)
    {
        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage response = await request;
        TimeSpan elapsed = Stopwatch.GetElapsedTime(start);
        await ProblemAssert.IsUnavailableAsync(response);
        Assert.InRange(elapsed, TimeSpan.Zero, Bound);
        return elapsed;
    }
}
