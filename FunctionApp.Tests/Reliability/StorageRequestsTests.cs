using FunctionApp.LocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>What a task costs in Azure: the storage requests that a real Azurite gets, seen by a proxy before it.</summary>
[Collection(nameof(RunsAlone))]
public sealed class StorageRequestsTests(ITestOutputHelper output) : LocalHostTest
{
    private const int Tasks = 20;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_task_is_an_insert_and_an_update_and_reading_it_once_it_has_ended_one_read()
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync();
        int before = proxy.Requests.Count;

        // One after another, so that none is a second old before it runs: that would be one update more.
        string task = "";
        for (int i = 1; i <= Tasks; i++)
        {
            task = await host.Http.SubmitAsync();
            await Eventually.AreEqual(i, () => Task.FromResult(CountUpdates(proxy)));
        }

        await host.Http.WaitForResultAsync(task);
        Assert.Equal(2 * Tasks, proxy.Requests.Skip(before).Count(request => request.Method is "POST" or "PATCH"));
        int after = proxy.Requests.Count;
        await host.Http.WaitForResultAsync(task);
        Assert.Equal("GET", Assert.Single(proxy.Requests.Skip(after)).Method);
    }

    [Fact]
    public async Task With_Azure_Storage_the_engine_adds_some_17_more()
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync(StorageProvider.AzureStorage);
        await host.Http.WaitForResultAsync(await host.Http.SubmitAsync());
        await Task.Delay(Idle);
        int start = proxy.Requests.Count;
        await Task.Delay(Idle);
        double idlePerSecond = (proxy.Requests.Count - start) / Idle.TotalSeconds;

        long clock = TimeProvider.System.GetTimestamp();
        start = proxy.Requests.Count;
        int updates = CountUpdates(proxy);
        await host.Http.SubmitManyAsync(Tasks);
        await Eventually.AreEqual(true, () => Task.FromResult(CountUpdates(proxy) >= updates + Tasks));
        await Task.Delay(Idle);

        double idle = idlePerSecond * TimeProvider.System.GetElapsedTime(clock).TotalSeconds;
        double own = (Tasks + CountUpdates(proxy) - updates) / (double)Tasks;
        double engine = ((proxy.Requests.Count - start - idle) / Tasks) - own;
        output.WriteLine(
            $"per task {own:0.0} requests of the app and {engine:0.0} of the engine; {idlePerSecond:0.0} per second while idle");
        Assert.InRange(own, 2, 3);
        Assert.InRange(engine, 5, 25);
    }

    private int CountUpdates(StorageProxy proxy) => proxy.Requests.Count(request =>
        request.Method == "PATCH" && request.Target.Contains($"/{Settings["ResultsTable"]}(", StringComparison.Ordinal));
}
