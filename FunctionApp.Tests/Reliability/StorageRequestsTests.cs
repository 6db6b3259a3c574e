using FunctionApp.LocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>What a task costs in Azure: the storage requests that a real Azurite gets, seen by a proxy before it.</summary>
[Collection(nameof(RunsAlone))]
public sealed class StorageRequestsTests(ITestOutputHelper output) : LocalHostTest
{
    private const int Tasks = 40;

    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task A_task_is_an_insert_and_an_update_and_reading_it_once_it_has_ended_one_read()
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync();
        int before = proxy.Requests.Count;

        string[] tasks = await host.Http.SubmitManyAsync(Tasks);
        await Eventually.AreEqual(2 * Tasks, () => Task.FromResult(proxy.Requests.Count - before));
        await host.Http.WaitForResultAsync(tasks[0]);

        Assert.Equal(
            [("GET", 1), ("PATCH", Tasks), ("POST", Tasks)],
            proxy.Requests.Skip(before).CountBy(request => request.Method).Select(count => (count.Key, count.Value)).Order());
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
        string[] tasks = await host.Http.SubmitManyAsync(Tasks);
        await Eventually.AreEqual(
            Tasks, () => Task.FromResult(proxy.Requests.Skip(start).Count(request => request.Method == "PATCH" && request.Target.Contains($"/{Settings["ResultsTable"]}(", StringComparison.Ordinal))));
        await Task.Delay(Idle);
        double idle = idlePerSecond * TimeProvider.System.GetElapsedTime(clock).TotalSeconds;
        double perTask = (proxy.Requests.Count - start - idle) / Tasks;

        await host.Http.AssertResultsAsync("4.6", tasks);
        output.WriteLine($"{perTask:0.0} requests per task, {idlePerSecond:0.0} per second while idle");
        Assert.InRange(perTask, 5, 22);
    }
}
