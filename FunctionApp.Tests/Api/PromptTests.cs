using System.Net;
using System.Text.Json;
using FunctionApp.Tasks;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.Api;

/// <summary>What happens at its time, to a second or two: <c>?start_at=</c>, <c>?delay=</c>, <c>POST /tasks/{task_id}/cancel</c>.</summary>
public abstract class PromptTests(ApiHost api)
{
    [Fact]
    public async Task A_task_starts_at_its_time_to_a_second_or_two()
    {
        DateTimeOffset startAt = DateTimeOffset.UtcNow.AddSeconds(3);
        string[] taskIds =
        [
            await api.Http.SubmitAsync(query: $"?start_at={Uri.EscapeDataString(startAt.ToString("O"))}"),
            await api.Http.SubmitAsync(query: $"?start_at={startAt.ToOffset(TimeSpan.FromHours(2)):yyyy-MM-dd'T'HH:mm:ss.fffzzz}"),
            await api.Http.SubmitAsync(query: "?delay=2.5"),
        ];

        foreach (string taskId in taskIds)
        {
            JsonElement scheduled = await api.Http.GetTaskAsync(taskId);
            Assert.Equal("Scheduled", scheduled.GetProperty("status").GetString());
            using HttpResponseMessage notYet = await api.Http.GetAsync($"/multiply/{taskId}");
            await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Scheduled", notYet);
            Assert.NotNull(notYet.Headers.RetryAfter);
        }

        foreach (string taskId in taskIds)
        {
            JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Succeeded");
            DateTimeOffset due = task.GetProperty("start_at").GetDateTimeOffset();
            Assert.InRange(task.GetProperty("started_at").GetDateTimeOffset() - due, TimeSpan.FromMilliseconds(-50), TimeSpan.FromSeconds(2.5));
        }
    }

    [Fact]
    public async Task The_start_holds_over_an_orderly_restart()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=4");
        await api.Own.DurableClient.WaitForInstanceStartAsync(taskId);

        await api.Own.RestartAsync();
        DateTimeOffset restarted = DateTimeOffset.UtcNow;

        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        DateTimeOffset due = task.GetProperty("start_at").GetDateTimeOffset();
        DateTimeOffset possible = due > restarted ? due : restarted;
        Assert.InRange(task.GetProperty("started_at").GetDateTimeOffset(), due.AddMilliseconds(-50), possible.AddSeconds(2.5));
    }

    [Fact]
    public async Task Canceled_before_its_start_it_never_runs_and_its_orchestration_ends_within_seconds()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=3600");
        using HttpResponseMessage canceled = await api.Http.CancelAsync(taskId);
        Assert.Equal("Canceled", (await canceled.ReadJsonAsync()).GetProperty("status").GetString());

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(5));
        await api.Own.DurableClient.WaitForInstanceCompletionAsync(taskId, patience.Token);

        TaskRow row = (await api.FindRowAsync(taskId))!;
        Assert.Equal((RowStatus.Canceled, null), (row.Status, row.StartedAt));
    }

    [Fact]
    public async Task The_activity_of_a_canceled_task_ends_within_3_seconds()
    {
        string taskId = await api.StartLongTaskAsync();

        using HttpResponseMessage canceled = await api.Http.CancelAsync(taskId);

        JsonElement task = await canceled.ReadJsonAsync();
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
