using System.Net;
using System.Text.Json;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.Api;

/// <summary><c>POST /tasks/{task_id}/cancel</c>: final at once.</summary>
public abstract class CancelTests(ApiHost api)
{
    [Fact]
    public async Task A_running_task_is_canceled_at_once_and_for_good_and_its_activity_ends_within_3_seconds()
    {
        await api.NeedsLongTasksAsync();
        string taskId = await api.Http.SubmitAsync();
        await api.Http.WaitForStatusAsync(taskId, "Running");

        using HttpResponseMessage canceled = await api.Http.CancelAsync(taskId);

        Assert.Equal(HttpStatusCode.OK, canceled.StatusCode);
        JsonElement task = await canceled.ReadJsonAsync();
        Assert.Equal("Canceled", task.GetProperty("status").GetString());
        Assert.Equal("canceled", task.GetProperty("error").GetProperty("code").GetString());
        using HttpResponseMessage again = await api.Http.CancelAsync(taskId);
        Assert.Equal(task.GetRawText(), (await again.ReadJsonAsync()).GetRawText());
        using HttpResponseMessage result = await api.Http.GetAsync($"/multiply/{taskId}");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Canceled", result);
        Assert.Null(result.Headers.RetryAfter);

        if (api.IsAnothers)
        {
            await Task.Delay(5_000); // longer than the work takes
        }
        else
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(4));
            OrchestrationMetadata instance = await api.Own.DurableClient.WaitForInstanceCompletionAsync(taskId, patience.Token);
            DateTimeOffset ended = task.GetProperty("ended_at").GetDateTimeOffset();
            Assert.InRange(instance.LastUpdatedAt - ended, TimeSpan.Zero, TimeSpan.FromSeconds(3.5));
        }

        Assert.Equal(task.GetRawText(), (await api.Http.GetTaskAsync(taskId)).GetRawText());
    }
}
