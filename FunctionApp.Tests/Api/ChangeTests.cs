using System.Net;
using System.Text;
using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary><c>PATCH /tasks/{task_id}</c>: another start, label, or end of its keeping.</summary>
public abstract class ChangeTests(ApiHost api)
{
    [Fact]
    public async Task A_task_for_later_starts_sooner()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=3600");
        JsonElement now = await ChangedAsync(taskId, """{"start_at": null}""");
        Assert.NotEqual("Scheduled", now.GetProperty("status").GetString());
        Assert.Equal("4.6", await api.Http.WaitForResultAsync(taskId));

        string soon = await api.Http.SubmitAsync(query: "?delay=3600");
        DateTimeOffset startAt = DateTimeOffset.UtcNow.AddSeconds(3);
        await ChangedAsync(soon, $$"""{"start_at": "{{startAt:O}}"}""");
        JsonElement task = await api.Http.WaitForStatusAsync(soon, "Succeeded");
        Assert.InRange(task.GetProperty("started_at").GetDateTimeOffset() - startAt, TimeSpan.FromMilliseconds(-50), TimeSpan.FromSeconds(2.5));
    }

    [Fact]
    public async Task A_task_and_a_batch_for_soon_are_put_off()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=6");
        using var body = new StringContent("""{"items": [{"x": 6, "y": 7}]}""");
        using HttpResponseMessage accepted = await api.Http.PostAsync("/multiply/batch?delay=6", body);
        string batchId = await accepted.ReadTaskIdAsync();
        DateTimeOffset startAt = DateTimeOffset.UtcNow.AddHours(2);
        foreach (string id in new[] { taskId, batchId })
        {
            JsonElement later = await ChangedAsync(id, $$"""{"start_at": "{{startAt:O}}", "ignored": 1}""");
            Assert.Equal(startAt, later.GetProperty("start_at").GetDateTimeOffset());
        }

        await Task.Delay(TimeSpan.FromSeconds(8));
        Assert.Equal("Scheduled", (await api.Http.GetTaskAsync(taskId)).GetProperty("status").GetString());
        Assert.Equal("Scheduled", (await api.Http.GetTaskAsync(batchId)).GetProperty("status").GetString());
        using HttpResponseMessage canceled = await api.Http.CancelAsync(taskId);
        Assert.Equal(HttpStatusCode.OK, canceled.StatusCode);
    }

    [Fact]
    public async Task It_gets_another_name_and_none_and_is_kept_for_as_long_as_one_says()
    {
        string taskId = await api.Http.SubmitAsync(query: "?label=one");
        await api.Http.WaitForResultAsync(taskId);
        DateTimeOffset expiresAt = DateTimeOffset.UtcNow.AddDays(2);

        JsonElement task = await ChangedAsync(taskId, $$"""{"label": "two", "expires_at": "{{expiresAt:O}}"}""");
        Assert.Equal(("two", expiresAt), (task.GetProperty("label").GetString(), task.GetProperty("expires_at").GetDateTimeOffset()));
        task = await ChangedAsync(taskId, """{"label": null, "expires_at": null}""");
        Assert.Equal((JsonValueKind.Null, JsonValueKind.Null), (task.GetProperty("label").ValueKind, task.GetProperty("expires_at").ValueKind));
        Assert.Equal("4.6", task.GetProperty("result").GetRawText());
        Assert.DoesNotContain(taskId, await api.Http.ListAsync("/tasks?label=*"));
    }

    [Fact]
    public async Task With_If_Match_only_what_the_caller_has_seen_is_changed()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=3600");
        using HttpResponseMessage seen = await api.Http.GetAsync($"/tasks/{taskId}");
        string etag = seen.Headers.ETag!.Tag;
        using HttpResponseMessage first = await PatchAsync(taskId, """{"label": "first"}""", ("If-Match", etag));
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        using HttpResponseMessage second = await PatchAsync(taskId, """{"label": "second"}""", ("If-Match", etag));
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.PreconditionFailed, "Scheduled", second);
        using HttpResponseMessage third = await PatchAsync(taskId, """{"label": "third"}""", ("If-Match", $"\"other\", {first.Headers.ETag!.Tag}"));
        Assert.Equal("third", (await third.ReadJsonAsync()).GetProperty("label").GetString());
    }

    [Fact]
    public async Task Many_who_change_it_at_once_all_do()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=3600");
        HttpResponseMessage[] answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => PatchAsync(taskId, $$"""{"label": "{{n}}"}""")));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        Assert.All(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task A_start_that_is_past_or_beyond_the_expiry_cannot_be_changed()
    {
        string ended = await api.Http.SubmitAsync();
        await api.Http.WaitForResultAsync(ended);
        using HttpResponseMessage late = await PatchAsync(ended, """{"start_at": null}""");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.Conflict, "Succeeded", late);

        string expiring = await api.Http.SubmitAsync(query: "?delay=600&expires_in=1200");
        using HttpResponseMessage beyond = await PatchAsync(expiring, $$"""{"start_at": "{{DateTimeOffset.UtcNow.AddHours(1):O}}"}""");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.Conflict, "Scheduled", beyond);
        using HttpResponseMessage unknown = await PatchAsync(Guid.CreateVersion7().ToString(), """{"label": "x"}""");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", unknown);
    }

    [Theory]
    [InlineData("{}", "body")]
    [InlineData("[]", "body")]
    [InlineData("", "body")]
    [InlineData("""{"start_at": "tomorrow", "label": "", "expires_at": "2020-01-01T00:00:00Z"}""", "start_at,label,expires_at")]
    [InlineData("""{"start_at": 5, "label": 5, "expires_at": 5}""", "start_at,label,expires_at")]
    [InlineData("""{"start_at": "2100-01-01T00:00:00Z", "label": "a\nb"}""", "start_at,label")]
    [InlineData("""{"label": "a", "label": "b"}""", "label")]
    public async Task What_is_wrong_is_named(string body, string names)
    {
        using HttpResponseMessage response = await PatchAsync(await api.Http.SubmitAsync(), body);
        await ProblemAssert.NamesAsync(names.Split(','), response);
    }

    private async Task<JsonElement> ChangedAsync(string taskId, string body)
    {
        using HttpResponseMessage response = await PatchAsync(taskId, body);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.ReadJsonAsync();
    }

    private async Task<HttpResponseMessage> PatchAsync(string taskId, string body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"/tasks/{taskId}") { Content = new StringContent(body, Encoding.UTF8) };
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await api.Http.SendAsync(request);
    }
}
