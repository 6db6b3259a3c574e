using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>A task that waits for its start outlives the host.</summary>
/// <param name="late">Seconds that it may start late.</param>
public abstract class ScheduleCrashTests(StorageProvider storage, int late) : LocalHostTest
{
    [Fact]
    public async Task After_kill_9_a_task_starts_at_its_time_or_soon_after()
    {
        string taskId;
        await using (LocalHostProcess first = await StartAsync(storage))
        {
            taskId = await first.Http.SubmitAsync(query: "?delay=10");
            await Task.Delay(1_000); // its orchestration waits
            first.Kill();
            await first.WaitForExitAsync();
        }

        await using LocalHostProcess second = await StartAsync(storage);
        DateTimeOffset restarted = DateTimeOffset.UtcNow;

        JsonElement task = await second.Http.WaitForStatusAsync(taskId, "Succeeded");

        DateTimeOffset due = task.GetProperty("start_at").GetDateTimeOffset();
        DateTimeOffset possible = due > restarted ? due : restarted;
        Assert.InRange(
            task.GetProperty("started_at").GetDateTimeOffset(), due.AddMilliseconds(-50), possible.AddSeconds(late));
    }
}

[Long]
[Collection(nameof(RunsAlone))]
public sealed class ScheduleCrashOnSqlite() : ScheduleCrashTests(StorageProvider.Sqlite, late: 5);

/// <summary>There a message that the killed host had in hand comes back after a minute.</summary>
[Long]
public sealed class ScheduleCrashOnAzureStorage() : ScheduleCrashTests(StorageProvider.AzureStorage, late: 90);
