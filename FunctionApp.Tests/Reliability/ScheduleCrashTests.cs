using System.Text.Json;
using FunctionApp.LocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>A task that waits for its start outlives the host.</summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class ScheduleCrashTests : LocalHostTest
{
    [Theory]
    [InlineData(StorageProvider.Sqlite, 5)]
    [InlineData(StorageProvider.AzureStorage, 70)]
    public async Task After_kill_9_a_task_starts_at_its_time_or_soon_after(StorageProvider storage, int seconds)
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
            task.GetProperty("started_at").GetDateTimeOffset(), due.AddMilliseconds(-50), possible.AddSeconds(seconds));
    }
}
