using System.Net;
using Azure.Data.Tables;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Webhooks;

namespace FunctionApp.Tests.Api;

/// <summary>Nothing is left of a deleted task.</summary>
public abstract class DeletionTests(ApiHost api)
{
    [Fact]
    public async Task A_deleted_task_is_unknown_and_nothing_is_left_of_it()
    {
        string taskId = await api.Http.SubmitAsync(headers: ("Idempotency-Key", Guid.NewGuid().ToString()));
        await api.Http.WaitForResultAsync(taskId);
        string? key = (await api.FindRowAsync(taskId))?.KeyHash;

        using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await AssertUnknownAsync(taskId);
        await AssertNothingIsLeftAsync(taskId);
        Assert.False((await api.Tables.GetTableClient(api.ResultsTable + "keys").GetEntityIfExistsAsync<TableEntity>(key, key)).HasValue);
    }

    [Fact]
    public async Task Deleted_the_moment_it_ended_or_canceled_while_scheduled_nothing_is_left_either()
    {
        string ended = await api.Http.SubmitAsync(headers: ("Prefer", "wait=30"));
        string scheduled = await api.Http.SubmitAsync(query: "?delay=3600");
        using HttpResponseMessage canceled = await api.Http.CancelAsync(scheduled);

        foreach (string taskId in new[] { ended, scheduled })
        {
            using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");
            Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
            await AssertUnknownAsync(taskId);
            await api.Own.Http.RunTimerAsync("Sweep");
            await AssertNothingIsLeftAsync(taskId);
        }
    }

    [Fact]
    public async Task Deleted_between_two_attempts_of_its_webhook_nothing_is_left_either()
    {
        _ = api.Own;
        await using WebhookReceiver receiver = await WebhookReceiver.StartAsync(500);
        string taskId = await api.Http.SubmitAsync(query: $"?webhook={Uri.EscapeDataString(receiver.Url)}", headers: ("Prefer", "wait=30"));
        await Eventually.AreEqual(1, async () => (await api.Http.GetTaskAsync(taskId)).GetProperty("webhook").GetProperty("attempts").GetInt32());

        using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await api.Own.Http.RunTimerAsync("Sweep");
        await AssertNothingIsLeftAsync(taskId);
        Assert.Null(await api.Own.DurableClient.GetInstanceAsync(WebhookOrchestration.InstanceId(taskId)));
    }

    [Fact]
    public async Task An_unfinished_task_is_409()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=600");

        using HttpResponseMessage tooEarly = await api.Http.DeleteAsync($"/tasks/{taskId}");
        using HttpResponseMessage unknown = await api.Http.DeleteAsync("/tasks/01a20f2b-8410-7890-9b38-b3942ffb5075");

        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.Conflict, "Scheduled", tooEarly);
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", unknown);
    }

    [Fact]
    public async Task What_ended_more_than_30_days_ago_is_deleted()
    {
        _ = api.Own;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        TaskId[] old = [.. Enumerable.Range(0, 20).Select(n => TaskId.Create(now.AddDays(-31).AddMinutes(-n)))];
        var longRunning = TaskId.Create(now.AddDays(-31));
        var young = TaskId.Create(now.AddDays(-29));
        TableClient table = api.Tables.GetTableClient(api.ResultsTable);
        foreach (TaskId id in (TaskId[])[.. old, longRunning, young])
        {
            await table.AddEntityAsync(new TaskRow(id)
            {
                Kind = "multiply",
                Status = RowStatus.Succeeded,
                Result = new BinaryData("1"),
                EndedAt = id == longRunning ? now.AddDays(-1) : id.CreatedAt.AddMinutes(1),
            });
        }

        await api.Own.Http.RunTimerAsync("Retention");

        await Eventually.AreEqual(0, async () => (await Task.WhenAll(old.Select(id => api.FindRowAsync(id.ToString())))).Count(row => row is not null));
        Assert.NotNull(await api.FindRowAsync(longRunning.ToString()));
        Assert.NotNull(await api.FindRowAsync(young.ToString()));
    }

    private async Task AssertUnknownAsync(string taskId)
    {
        using HttpResponseMessage response = await api.Http.GetAsync($"/tasks/{taskId}");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", response);
    }

    private async Task AssertNothingIsLeftAsync(string taskId)
    {
        await Eventually.AreEqual((false, false), async () => (
            await api.FindRowAsync(taskId) is not null,
            await api.Own.DurableClient.GetInstanceAsync(taskId) is not null));
        if (api.Storage == DurableLocalHost.StorageProvider.AzureStorage)
        {
            foreach (string table in new[] { "History", "Instances" })
            {
                Assert.Empty(api.Tables.GetTableClient(api.TaskHub + table).Query<TableEntity>($"PartitionKey eq '{taskId}'"));
            }
        }
    }
}
