using System.Diagnostics;
using Azure.Data.Tables;
using DurableLocalHost;
using FunctionApp.Tasks;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tests.Reliability;

/// <summary>
/// Tasks are deleted faster than they can be done, on the same storage: so retention keeps up with any load that the app
/// bears. RETENTION_TEST_TASKS says how many; docs/scale.md has what came of it.
/// </summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class RetentionSpeedTests(ITestOutputHelper output)
{
    private const int Callers = 32;
    private static readonly int Tasks = TestRun.Read("RETENTION_TEST_TASKS", 0);

    [Theory]
    [InlineData(StorageProvider.Sqlite)]
    [InlineData(StorageProvider.AzureStorage)]
    public async Task Tasks_are_deleted_faster_than_they_are_done(StorageProvider storage)
    {
        Assert.SkipWhen(Tasks == 0, "A measurement, which takes long: RETENTION_TEST_TASKS=1000 makes it.");
        string name = $"t{Guid.NewGuid():N}";
        var settings = new Dictionary<string, string?>
        {
            ["AzureWebJobsStorage"] = await SharedAzurite.ConnectionStringAsync(),
            ["ResultsTable"] = name,
            ["SlowMultiply__Delay"] = "00:00:00",
            ["AzureFunctionsJobHost__extensions__durableTask__hubName"] = name[..20],
        };
        string azurite = settings["AzureWebJobsStorage"]!;
        await using StorageProxy proxy = await StorageProxy.StartAsync(settings);
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(settings, storage);
        var table = new TableClient(azurite, name);
        DateTimeOffset old = DateTimeOffset.UtcNow.AddDays(-31);
        TaskId[] ids = [.. Enumerable.Range(0, Tasks).Select(n => TaskId.Create(old.AddSeconds(-n)))];

        // Genuine ones, but for the time of their creation.
        TaskCreator creator = host.Services.GetRequiredService<TaskCreator>();
        double done = await MeasureAsync(() => EachAsync(ids, async id =>
        {
            await creator.CreateAsync(NewRow(id), null, host.DurableClient, default);
            await host.DurableClient.WaitForInstanceCompletionAsync(id.ToString());
        }));
        await EachAsync(ids, id => table.UpsertEntityAsync(new TaskRow(id) { EndedAt = old }));

        int before = proxy.Requests.Count;
        double deleted = await MeasureAsync(async () =>
        {
            await host.Http.RunTimerAsync("Retention");
            await Eventually.AreEqual(0, () => Task.FromResult(table.Query<TableEntity>(maxPerPage: 1).Take(1).Count()), TimeSpan.FromMinutes(4));
        });

        int requests = proxy.Requests.Skip(before).Count(request => !request.Target.Contains("/messages") && !request.Target.Contains("Partitions("));
        output.WriteLine($"{storage}: {done:F0} tasks/s, {deleted:F0} deletions/s, {(double)requests / Tasks:F1} requests to storage for each");
        await EachAsync(ids, async id => Assert.Null(await host.DurableClient.GetInstanceAsync(id.ToString())));
        Assert.True(deleted > done, $"{deleted:F1} deletions/s, but {done:F1} tasks/s");
    }

    private static async Task<double> MeasureAsync(Func<Task> act)
    {
        long start = Stopwatch.GetTimestamp();
        await act();
        return Tasks / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static Task EachAsync(IEnumerable<TaskId> ids, Func<TaskId, Task> act) => Parallel.ForEachAsync(
        ids, new ParallelOptions { MaxDegreeOfParallelism = Callers }, async (id, _) => await act(id));

    private static TaskRow NewRow(TaskId id) => new(id)
    {
        Kind = "multiply",
        Activity = "SlowMultiply",
        Input = new BinaryData("""{"x":6,"y":7}"""),
        TimeLimit = 300_000,
        Status = RowStatus.Pending,
    };
}
