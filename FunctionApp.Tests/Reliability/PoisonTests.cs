using System.Net;
using System.Text.Json;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Reliability;

/// <summary>Tasks that cannot succeed, or that take their worker with them: they end all the same, and others do not notice.</summary>
[Long]
public sealed class PoisonTests : LocalHostTest
{
    [Fact]
    public async Task A_task_whose_every_attempt_fails_is_Failed_as_soon_as_that_can_be_written()
    {
        Settings["SlowMultiply__MaxAttempts"] = "3";
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync();
        string poisoned = "";
        int attempts = 0;
        proxy.Fault = context =>
        {
            // Refused at once, and not worth a retry to the client of Table Storage.
            bool isPoisoned = StorageProxy.IsUpdate(context, Settings["ResultsTable"]!)
                && (poisoned.Length == 0 || StorageProxy.Target(context).Contains(TaskId.Parse(poisoned).RowKey));
            context.Response.StatusCode = isPoisoned ? 403 : 200;
            attempts += isPoisoned ? 1 : 0;
            return Task.FromResult(isPoisoned);
        };
        poisoned = await host.Http.SubmitAsync();

        await host.Http.AssertResultsAsync("4.6", await host.Http.SubmitManyAsync(10));
        await Task.Delay(TimeSpan.FromSeconds(6));
        Assert.Equal("Pending", (await host.Http.GetTaskAsync(poisoned)).GetProperty("status").GetString());
        proxy.Fault = null;

        JsonElement task = await host.Http.WaitForStatusAsync(poisoned, "Failed");
        Assert.Equal("failed", task.GetProperty("error").GetProperty("code").GetString());
        Assert.InRange(attempts, 3, 20);
    }

    [Fact]
    public async Task A_task_that_hangs_is_Failed_at_the_limit_of_the_attempt_that_is_not_interrupted()
    {
        (Settings["SlowMultiply__Delay"], Settings["SlowMultiply__Timeout"]) = ("01:00:00", "00:00:08");
        string task;
        await using (LocalHostProcess first = await StartAsync())
        {
            task = await first.Http.SubmitAsync();
            await first.Http.WaitForStatusAsync(task, "Running");
            first.Kill();
        }

        await using LocalHostProcess second = await StartAsync();
        JsonElement ended = await second.Http.WaitForStatusAsync(task, "Failed");

        Assert.Equal("timeout", ended.GetProperty("error").GetProperty("code").GetString());
        TimeSpan took = ended.GetProperty("ended_at").GetDateTimeOffset() - ended.GetProperty("started_at").GetDateTimeOffset();
        Assert.InRange(took, TimeSpan.FromSeconds(8), TimeSpan.FromSeconds(14));
    }

    [Fact]
    public async Task A_worker_that_dies_again_and_again_is_started_again_and_again_and_its_tasks_with_it()
    {
        Settings["SlowMultiply__Delay"] = "00:00:05"; // long enough to be seen running on a busy machine
        await using LocalHostProcess host = await StartAsync();
        string[] tasks = await host.Http.SubmitManyAsync(10);
        for (int death = 0; death < 3; death++)
        {
            await host.Http.WaitForStatusAsync(tasks[0], "Running");
            LocalHostProcess.Kill(await host.FindWorkerAsync());
            await Eventually.AreEqual(HttpStatusCode.OK, () => GetStatusAsync(host.Http, tasks[0]));
        }

        await host.Http.AssertResultsAsync("4.6", tasks);
        Assert.InRange((await host.Http.GetTaskAsync(tasks[0])).GetProperty("attempt").GetInt32(), 2, 10);
    }

    private static async Task<HttpStatusCode> GetStatusAsync(HttpClient http, string taskId)
    {
        using HttpResponseMessage response = await http.GetAsync($"/tasks/{taskId}");
        return response.StatusCode;
    }
}
