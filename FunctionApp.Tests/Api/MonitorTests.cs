using System.Net;
using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary><c>GET /tasks/{task_id}</c>: where a task stands, whatever its kind.</summary>
public abstract class MonitorTests(ApiHost api)
{
    [Fact]
    public async Task A_poller_that_knows_only_the_three_ends_follows_Operation_Location_to_one()
    {
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
    public async Task An_unchanged_task_is_304_for_who_knows_its_ETag()
    {
        string taskId = await api.Http.SubmitAsync();
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        using HttpResponseMessage first = await api.Http.GetAsync($"/tasks/{taskId}");
        string etag = first.Headers.ETag!.ToString();

        foreach (string known in new[] { etag, $"\"other\", W/{etag}", "*" })
        {
            using HttpResponseMessage again = await GetAsync(taskId, ("If-None-Match", known));
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Equal(etag, again.Headers.ETag!.ToString());
        }

        using HttpResponseMessage other = await GetAsync(taskId, ("If-None-Match", "\"other\""));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task A_failed_task_says_why()
    {
        string taskId = await api.Http.SubmitAsync("1e200", "1e200");

        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Failed");

        Assert.Equal("not_finite", task.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("too large", task.GetProperty("error").GetProperty("detail").GetString());
        Assert.False(task.TryGetProperty("result", out _));
    }

    [Fact]
    public async Task A_retry_is_a_new_task_with_the_same_input()
    {
        string taskId = await api.Http.SubmitAsync("1e200", "1e200");
        using HttpResponseMessage tooEarly = await api.Http.PostAsync($"/tasks/{taskId}/retry", content: null);
        await ProblemAssert.IsAsync(HttpStatusCode.Conflict, tooEarly);
        await api.Http.WaitForStatusAsync(taskId, "Failed");

        using HttpResponseMessage accepted = await api.Http.PostAsync($"/tasks/{taskId}/retry", content: null);

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        string retryId = (await accepted.ReadJsonAsync()).GetProperty("task_id").GetString()!;
        JsonElement retry = await api.Http.WaitForStatusAsync(retryId, "Failed");
        Assert.NotEqual(taskId, retryId);
        Assert.Equal(taskId, retry.GetProperty("retry_of").GetString());
        Assert.Equal("""{"x":1E+200,"y":1E+200}""", retry.GetProperty("input").GetRawText());

        using HttpResponseMessage unknown = await api.Http.PostAsync("/tasks/01a20f2b-8410-7890-9b38-b3942ffb5075/retry", content: null);
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", unknown);
    }

    [Fact]
    public async Task Who_prefers_to_wait_gets_the_result_with_the_first_answer()
    {
        using HttpResponseMessage accepted = await api.Http.PostAsync("""{"x": 2.3, "y": 2.0}""", "", ("Prefer", "respond-async, wait=30"));

        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal("wait=30", Assert.Single(accepted.Headers.GetValues("Preference-Applied")));
        JsonElement body = await accepted.ReadJsonAsync();
        Assert.Equal(("Succeeded", "4.6"), (body.GetProperty("status").GetString(), body.GetProperty("result").GetRawText()));
    }

    [Fact]
    public async Task A_wait_that_is_too_short_ends_in_time_with_what_there_is()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=600");
        using HttpResponseMessage result = await GetAsync($"/multiply/{taskId}", "wait=1");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Scheduled", result);
        using HttpResponseMessage unreadable = await GetAsync($"/multiply/{taskId}", "wait=soon");
        Assert.False(unreadable.Headers.Contains("Preference-Applied"));
        using HttpResponseMessage cut = await GetAsync("/multiply/01a20f2b-8410-7890-9b38-b3942ffb5075", "wait=1000");
        Assert.Equal("wait=60", Assert.Single(cut.Headers.GetValues("Preference-Applied")));
    }

    [Fact]
    public async Task Results_and_tasks_can_be_waited_for()
    {
        string taskId = await api.Http.SubmitAsync();

        HttpResponseMessage[] answers = await Task.WhenAll(GetAsync($"/multiply/{taskId}", "wait=30"), GetAsync($"/tasks/{taskId}", "wait=30"));

        Assert.Equal("4.6", (await answers[0].ReadJsonAsync()).GetProperty("result").GetRawText());
        Assert.Equal("Succeeded", (await answers[1].ReadJsonAsync()).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Any_change_can_be_waited_for_and_without_one_the_answer_is_304()
    {
        string taskId = await api.Http.SubmitAsync();
        await api.Http.WaitForStatusAsync(taskId, "Running");
        List<string> seen = [];
        string etag = "\"none\"";
        string status;
        do
        {
            using HttpResponseMessage change = await GetAsync(taskId, ("Prefer", "wait=30"), ("If-None-Match", etag));
            Assert.Equal(HttpStatusCode.OK, change.StatusCode);
            JsonElement task = await change.ReadJsonAsync();
            (etag, status) = (change.Headers.ETag!.ToString(), task.GetProperty("status").GetString()!);
            seen.Add(task.GetProperty("progress").GetRawText());
        }
        while (status == "Running");

        Assert.True(seen.Count >= 2, string.Join(' ', seen)); // each for another progress
        Assert.Equal(seen.Distinct(), seen);
        using HttpResponseMessage none = await GetAsync(taskId, ("Prefer", "wait=1"), ("If-None-Match", etag));
        Assert.Equal(HttpStatusCode.NotModified, none.StatusCode);
    }

    private Task<HttpResponseMessage> GetAsync(string path, string prefer) => SendAsync(path, ("Prefer", prefer));

    private Task<HttpResponseMessage> GetAsync(string taskId, params (string Name, string Value)[] headers) => SendAsync($"/tasks/{taskId}", headers);

    private async Task<HttpResponseMessage> SendAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await api.Http.SendAsync(request);
    }
}
