using System.Net;
using System.Text;
using System.Text.Json;
using FunctionApp.LocalHost;
using FunctionApp.Tasks;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Reliability;

/// <summary>Ordinary days: deployments, scale-in, backlogs, a host that is away for a while. They make tasks late, never lost.</summary>
[Long]
public sealed class OrdinaryDaysTests(ITestOutputHelper output) : LocalHostTest
{
    [Theory]
    [InlineData(StorageProvider.Sqlite)]
    [InlineData(StorageProvider.AzureStorage)]
    public async Task Ten_times_stopped_and_killed_in_a_row_nothing_is_lost(StorageProvider storage)
    {
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(200);
        Settings["SlowMultiply__Delay"] = "00:00:03";
        Settings["Webhook__Secret"] = ApiHost.WebhookSecret;
        Settings["Webhook__AllowedHosts"] = "127.0.0.1";
        List<string> tasks = [];
        List<string> called = [];
        for (int round = 0; round < 10; round++)
        {
            await using LocalHostProcess host = await StartAsync(storage);
            tasks.AddRange(await host.Http.SubmitManyAsync(3));
            tasks.Add(await SubmitBatchAsync(host.Http));
            called.Add(await host.Http.SubmitAsync(query: $"?delay=2&webhook={receiver.Url}"));
            await Task.Delay(TimeSpan.FromSeconds(1 + (round % 3)));
            if (round % 2 == 0)
            {
                Assert.Equal(0, await host.SignalAsync("TERM"));
            }
            else
            {
                host.Kill();
                await host.WaitForExitAsync();
            }
        }

        await using LocalHostProcess last = await StartAsync(storage);
        foreach (string taskId in tasks.Concat(called))
        {
            JsonElement task = await last.Http.WaitForStatusAsync(taskId, "Succeeded", TimeSpan.FromMinutes(5));
            output.WriteLine($"{taskId} {task.GetProperty("kind")}: attempt {task.GetProperty("attempt")}");
        }

        await Eventually.AreEqual(
            true,
            () => Task.FromResult(called.TrueForAll(taskId => receiver.Requests.Any(request => request.Body.Contains(taskId)))),
            TimeSpan.FromMinutes(3));
    }

    [Theory]
    [InlineData(StorageProvider.Sqlite, 1_500)]
    [InlineData(StorageProvider.AzureStorage, 200)]
    public async Task A_backlog_and_a_host_that_is_away_for_longer_than_the_limit_fail_no_task(StorageProvider storage, int count)
    {
        (Settings["SlowMultiply__Delay"], Settings["SlowMultiply__Timeout"]) = ("00:00:00.2", "00:00:08");
        Settings["AzureFunctionsJobHost__extensions__durableTask__maxConcurrentActivityFunctions"] = "10";
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

    [Theory]
    [InlineData(StorageProvider.Sqlite)]
    [InlineData(StorageProvider.AzureStorage)]
    public async Task Under_a_new_task_hub_former_tasks_go_on_if_the_setting_says_so_and_are_left_alone_if_not(StorageProvider storage)
    {
        string scheduled;
        string running;
        Settings["SlowMultiply__Delay"] = "00:00:20";
        await using (LocalHostProcess first = await StartAsync(storage))
        {
            scheduled = await first.Http.SubmitAsync(query: "?delay=15");
            running = await first.Http.SubmitAsync();
            await first.Http.WaitForStatusAsync(running, "Running");
            Assert.Equal(0, await first.SignalAsync("TERM"));
        }

        Settings["AzureFunctionsJobHost__extensions__durableTask__hubName"] = $"n{Guid.NewGuid():N}"[..20];
        await Task.Delay(TimeSpan.FromSeconds(62)); // a row is believed for a minute
        string former;
        await using (LocalHostProcess without = await StartAsync(storage))
        {
            Assert.Equal("Running", (await without.Http.GetTaskAsync(running)).GetProperty("status").GetString());
            Assert.Equal("Pending", (await without.Http.GetTaskAsync(scheduled)).GetProperty("status").GetString());
            former = (await FindRowAsync(running)).Hub!;
        }

        Settings["FormerTaskHubs"] = former;
        await using LocalHostProcess second = await StartAsync(storage);
        foreach (string taskId in new[] { scheduled, running })
        {
            await second.Http.WaitForStatusAsync(taskId, "Succeeded");
            Assert.NotEqual(former, (await FindRowAsync(taskId)).Hub);
        }

        Assert.Equal(2, (await second.Http.GetTaskAsync(running)).GetProperty("attempt").GetInt32());
    }

    [Theory]
    [InlineData(StorageProvider.Sqlite)]
    [InlineData(StorageProvider.AzureStorage)]
    public async Task Killed_at_60_percent_the_next_attempt_does_not_begin_at_0(StorageProvider storage)
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

    [Theory]
    [InlineData(StorageProvider.Sqlite)]
    [InlineData(StorageProvider.AzureStorage)]
    public async Task Storage_that_is_away_for_longer_than_its_client_waits_costs_no_attempt(StorageProvider storage)
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync(storage);
        int refused = 0;
        proxy.Fault = context =>
        {
            bool isRow = StorageProxy.IsUpdate(context, Settings["ResultsTable"]!);
            context.Response.StatusCode = isRow ? 503 : 200;
            refused += isRow ? 1 : 0;
            return Task.FromResult(isRow);
        };
        string taskId = await host.Http.SubmitAsync();
        await Eventually.AreEqual(true, () => Task.FromResult(refused >= 14), TimeSpan.FromMinutes(4)); // the client tries eleven times
        proxy.Fault = null;

        JsonElement task = await host.Http.WaitForStatusAsync(taskId, "Succeeded");

        Assert.Equal(1, task.GetProperty("attempt").GetInt32());
    }

    private static async Task<string> SubmitBatchAsync(HttpClient http)
    {
        string items = string.Join(',', Enumerable.Repeat("""{"x":6,"y":7}""", 100));
        using var body = new StringContent($$"""{"items": [{{items}}]}""", Encoding.UTF8);
        using HttpResponseMessage accepted = await http.PostAsync("/multiply/batch", body);
        return await accepted.ReadTaskIdAsync();
    }

    private async Task<TaskRow> FindRowAsync(string taskId)
    {
        var id = TaskId.Parse(taskId);
        return await new Azure.Data.Tables.TableClient(Settings["AzureWebJobsStorage"], Settings["ResultsTable"])
            .GetEntityAsync<TaskRow>(id.PartitionKey, id.RowKey);
    }
}
