using System.Net;
using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary><c>GET /tasks/{task_id}</c>: where a task stands, whatever its kind.</summary>
public abstract class MonitorTests(ApiHost api)
{
    [Fact]
    public async Task A_poller_that_knows_only_the_three_ends_follows_Operation_Location_to_one()
    {
        await api.NeedsLongTasksAsync();
        using HttpResponseMessage accepted = await api.Http.PostAsync("""{"x": 2.30, "y": 2.0}""");
        string monitor = Assert.Single(accepted.Headers.GetValues("Operation-Location"));

        JsonElement task;
        List<string> statuses = [];
        List<double> progress = [];
        do
        {
            using HttpResponseMessage answer = await api.Http.GetAsync(monitor);
            task = await answer.ReadJsonAsync();
            statuses.Add(task.GetProperty("status").GetString()!);
            progress.Add(task.GetProperty("progress").ValueKind == JsonValueKind.Null ? 0 : task.GetProperty("progress").GetDouble());
            Assert.Equal(statuses[^1] is not ("Succeeded" or "Failed" or "Canceled"), answer.Headers.RetryAfter is not null);
            await Task.Delay(100);
        }
        while (statuses[^1] is not ("Succeeded" or "Failed" or "Canceled"));

        Assert.Equal(["Pending", "Running", "Succeeded"], statuses.Distinct());
        Assert.Equal(progress.Order(), progress);
        Assert.True(progress.Distinct().Count() >= 3, string.Join(' ', progress.Distinct()));
        Assert.Equal(1, progress[^1]);
        Assert.Equal("4.6", task.GetProperty("result").GetRawText());
        Assert.Equal("""{"x":2.3,"y":2.0}""", task.GetProperty("input").GetRawText());
        Assert.Equal("multiply", task.GetProperty("kind").GetString());
        Assert.Equal(1, task.GetProperty("attempt").GetInt32());
        Assert.Equal(JsonValueKind.Null, task.GetProperty("retry_of").ValueKind);
        string[] names = ["created_at", "started_at", "ended_at", "expires_at"];
        DateTimeOffset[] times = [.. names.Select(name => task.GetProperty(name).GetDateTimeOffset())];
        Assert.Equal(times.Order(), times);
        using HttpResponseMessage result = await api.Http.GetAsync(task.GetProperty("links").GetProperty("result").GetString());
        Assert.Equal(HttpStatusCode.OK, result.StatusCode);
    }

    [Fact]
    public async Task A_running_task_cannot_be_retried()
    {
        string taskId = await api.StartLongTaskAsync();

        using HttpResponseMessage tooEarly = await api.Http.PostAsync($"/tasks/{taskId}/retry", content: null);

        await ProblemAssert.IsAsync(HttpStatusCode.Conflict, tooEarly);
    }

    [Fact]
    public async Task Results_and_tasks_can_be_waited_for()
    {
        string taskId = await api.Http.SubmitAsync();

        HttpResponseMessage[] answers = await Task.WhenAll(
            api.Http.GetAsync($"/multiply/{taskId}", ("Prefer", "wait=30")), api.Http.GetAsync($"/tasks/{taskId}", ("Prefer", "wait=30")));

        Assert.Equal("4.6", (await answers[0].ReadJsonAsync()).GetProperty("result").GetRawText());
        Assert.Equal("Succeeded", (await answers[1].ReadJsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Any_change_can_be_waited_for_and_without_one_the_answer_is_304()
    {
        string taskId = await api.StartLongTaskAsync();
        List<string> seen = [];
        string etag = "\"none\"";
        string status;
        do
        {
            using HttpResponseMessage change = await api.Http.GetAsync($"/tasks/{taskId}", ("Prefer", "wait=30"), ("If-None-Match", etag));
            Assert.Equal(HttpStatusCode.OK, change.StatusCode);
            JsonElement task = await change.ReadJsonAsync();
            (etag, status) = (change.Headers.ETag!.ToString(), task.GetProperty("status").GetString()!);
            seen.Add(task.GetProperty("progress").GetRawText());
        }
        while (status == "Running");

        Assert.True(seen.Count >= 2, string.Join(' ', seen)); // each for another progress
        Assert.Equal(seen.Distinct(), seen);
        using HttpResponseMessage none = await api.Http.GetAsync($"/tasks/{taskId}", ("Prefer", "wait=1"), ("If-None-Match", etag));
        Assert.Equal(HttpStatusCode.NotModified, none.StatusCode);
    }

    [Fact]
    public async Task A_running_task_is_canceled_at_once_and_for_good()
    {
        string taskId = await api.StartLongTaskAsync();

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
    }
}
