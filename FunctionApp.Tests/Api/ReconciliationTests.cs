using System.Net;
using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.Api;

/// <summary>No task stays unfinished when what should end it is gone: whoever reads its row after a minute finds out.</summary>
public abstract class ReconciliationTests(ApiHost api)
{
    [Fact]
    public async Task What_happens_to_orchestrations_behind_the_apps_back_is_seen_after_a_minute()
    {
        DurableTaskClient client = api.Own.DurableClient;
        string terminated = await api.Http.SubmitAsync(query: "?delay=600");
        string purged = await api.Http.SubmitAsync(query: "?delay=600");
        foreach (string taskId in new[] { terminated, purged })
        {
            await client.WaitForInstanceStartAsync(taskId);
            using HttpResponseMessage accepted = await api.Own.Http.PostAsync(
                $"/runtime/webhooks/durabletask/instances/{taskId}/terminate?reason=by%20hand", content: null);
            Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
            await client.WaitForInstanceCompletionAsync(taskId);
        }

        await client.PurgeInstanceAsync(purged);

        // As a submission that broke off after the row.
        var orphan = TaskId.Create(DateTimeOffset.UtcNow);
        await api.Tables.GetTableClient(api.ResultsTable).AddEntityAsync(new TaskRow(orphan)
        {
            Kind = "multiply",
            Activity = "SlowMultiply",
            Input = new BinaryData("""{"x":6,"y":7}"""),
            TimeLimit = 300_000,
            Status = RowStatus.Pending,
        });
        Assert.Equal("Scheduled", (await api.Http.GetTaskAsync(terminated)).GetProperty("status").GetString());

        await Task.Delay(TimeSpan.FromSeconds(62));

        JsonElement task = await api.Http.WaitForStatusAsync(terminated, "Canceled");
        Assert.Contains("by hand", task.GetProperty("error").GetProperty("detail").GetString());
        // Never begun, and no orchestration: as if never started, so it is started, for its time.
        Assert.Equal("Scheduled", (await api.Http.GetTaskAsync(purged)).GetProperty("status").GetString());
        await client.WaitForInstanceStartAsync(purged);
        Assert.Equal("42", await api.Http.WaitForResultAsync(orphan.ToString()));
    }
}
