using DurableLocalHost;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Reliability;

/// <summary>A task belongs to the task hub that runs it.</summary>
public abstract class TaskHubTests(StorageProvider storage) : LocalHostTest
{
    [Fact]
    public async Task Under_a_new_task_hub_former_tasks_go_on_if_the_setting_says_so_and_are_left_alone_if_not()
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

    private async Task<TaskRow> FindRowAsync(string taskId)
    {
        var id = TaskId.Parse(taskId);
        return await new Azure.Data.Tables.TableClient(Settings["AzureWebJobsStorage"], Settings["ResultsTable"])
            .GetEntityAsync<TaskRow>(id.PartitionKey, id.RowKey);
    }
}

[Long]
public sealed class TaskHubOnSqlite() : TaskHubTests(StorageProvider.Sqlite);

[Long]
public sealed class TaskHubOnAzureStorage() : TaskHubTests(StorageProvider.AzureStorage);
