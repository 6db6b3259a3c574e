using System.Net;
using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>Work that was interrupted goes on from where it saved its state last.</summary>
public abstract class CheckpointTests(StorageProvider storage) : LocalHostTest
{
    [Fact]
    public async Task Killed_at_60_percent_the_next_attempt_does_not_begin_at_0()
    {
        Settings["SlowMultiply__Delay"] = "00:00:15";
        await using LocalHostProcess host = await StartAsync(storage);
        string taskId = await host.Http.SubmitAsync();
        await Eventually.AreEqual(true, async () => await ProgressAsync() >= 0.6);

        List<double> progress = [];
        JsonElement task = await host.Http.GetTaskAsync(taskId);
        LocalHostProcess.Kill(await host.FindWorkerAsync());
        do
        {
            using HttpResponseMessage answer = await host.Http.GetAsync($"/tasks/{taskId}");
            if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
            {
                continue; // the worker is being started again
            }

            task = await answer.ReadJsonAsync();
            progress.Add(task.GetProperty("progress").GetDouble());
            await Task.Delay(100);
        }
        while (task.GetProperty("status").GetString() == "Running");

        Assert.Equal(("Succeeded", 2), (task.GetProperty("status").GetString(), task.GetProperty("attempt").GetInt32()));
        Assert.InRange(progress.Min(), 0.5, 1);
        Assert.InRange(task.GetProperty("ended_at").GetDateTimeOffset() - task.GetProperty("started_at").GetDateTimeOffset(), TimeSpan.Zero, TimeSpan.FromSeconds(9));

        async Task<double> ProgressAsync() =>
            (await host.Http.GetTaskAsync(taskId)).GetProperty("progress") is { ValueKind: JsonValueKind.Number } value ? value.GetDouble() : 0;
    }
}

[Long]
public sealed class CheckpointOnSqlite() : CheckpointTests(StorageProvider.Sqlite);

[Long]
public sealed class CheckpointOnAzureStorage() : CheckpointTests(StorageProvider.AzureStorage);
