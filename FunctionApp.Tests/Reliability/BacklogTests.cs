using DurableLocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>A backlog, and a host that is away for a while, make tasks late, never Failed.</summary>
public abstract class BacklogTests(StorageProvider storage, int count) : LocalHostTest
{
    [Fact]
    public async Task A_backlog_and_a_host_that_is_away_for_longer_than_the_limit_fail_no_task()
    {
        (Settings["SlowMultiply__Delay"], Settings["SlowMultiply__Timeout"]) = ("00:00:00.1", "00:00:08");
        Settings["AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions"] = "20";
        List<string> tasks = [];
        await using (LocalHostProcess first = await StartAsync(storage))
        {
            foreach (int _ in Enumerable.Range(0, count / 50))
            {
                tasks.AddRange(await first.Http.SubmitManyAsync(50));
            }

            first.Kill();
            await first.WaitForExitAsync();
        }

        await Task.Delay(TimeSpan.FromSeconds(12));
        await using LocalHostProcess second = await StartAsync(storage);
        await second.Http.WaitForStatusAsync(tasks[^1], "Succeeded", TimeSpan.FromMinutes(5));

        await Parallel.ForEachAsync(tasks, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (taskId, _) =>
            await second.Http.WaitForStatusAsync(taskId, "Succeeded"));
    }
}

[Long]
[Collection(nameof(RunsAlone))]
public sealed class BacklogOnSqlite() : BacklogTests(StorageProvider.Sqlite, 3_000);

[Long]
public sealed class BacklogOnAzureStorage() : BacklogTests(StorageProvider.AzureStorage, 200);
