using System.Net;
using System.Text;
using System.Text.Json;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Api;

/// <summary><c>/tasks/{task_id}</c> of tasks that have ended, or have not begun.</summary>
public abstract class TaskTests(ApiHost api)
{
    [Fact]
    public async Task A_failed_task_says_why()
    {
        string taskId = await api.Http.SubmitAsync("1e200", "1e200");

        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Failed");

        Assert.Equal("not_finite", task.GetProperty("error").GetProperty("code").GetString());
        Assert.Contains("too large", task.GetProperty("error").GetProperty("detail").GetString());
        Assert.Equal(task.GetProperty("error").GetProperty("detail").GetString(), task.GetProperty("error").GetProperty("message").GetString());
        Assert.False(task.TryGetProperty("result", out _));
    }

    [Theory]
    [InlineData("я")]
    [InlineData("<")]
    public async Task The_largest_text_in_the_deepest_JSON_is_stored_run_again_and_shown(string character)
    {
        _ = api.Own;
        string Json(string start, string end, int levels)
        {
            string nested = $"{new string('[', levels)}\"*\"{new string(']', levels)}";
            int room = TaskRow.MaxBytes - nested.Length - start.Length - end.Length + 1;
            return start + nested.Replace("*", string.Concat(Enumerable.Repeat(character, room / Encoding.UTF8.GetByteCount(character)))) + end;
        }

        var id = TaskId.Create(DateTimeOffset.UtcNow);
        (string input, string result) = (Json("""{"x":6,"y":7,"z":""", "}", 59), Json("", "", 60));
        await api.Tables.GetTableClient(api.ResultsTable).AddEntityAsync(new TaskRow(id)
        {
            Kind = "multiply",
            Activity = nameof(Multiply.SlowMultiply),
            TimeLimit = 60_000,
            Input = new BinaryData(input),
            Status = RowStatus.Succeeded,
            Result = new BinaryData(result),
            EndedAt = id.CreatedAt,
        });

        JsonElement task = await api.Http.GetTaskAsync($"{id}");
        // What the description says of a product does not hold for this one.
        using HttpResponseMessage answer = await api.Own.Http.GetAsync($"/multiply/{id}");
        using HttpResponseMessage retry = await api.Http.SendAsync(HttpMethod.Post, $"/tasks/{id}/retry", ("Prefer", "wait=30"));

        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(input), task.GetProperty("input")));
        Assert.True(JsonElement.DeepEquals(JsonElement.Parse(result), (await answer.ReadJsonAsync()).GetProperty("result")));
        Assert.Equal("42", (await retry.ReadJsonAsync()).GetProperty("result").GetRawText());
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
            using HttpResponseMessage again = await api.Http.GetAsync($"/tasks/{taskId}", ("If-None-Match", known));
            Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
            Assert.Equal(etag, again.Headers.ETag!.ToString());
        }

        using HttpResponseMessage other = await api.Http.GetAsync($"/tasks/{taskId}", ("If-None-Match", "\"other\""));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task A_retry_is_a_new_task_with_the_same_input()
    {
        string unfinished = await api.Http.SubmitAsync(query: "?delay=600");
        using HttpResponseMessage tooEarly = await api.Http.PostAsync($"/tasks/{unfinished}/retry", content: null);
        await ProblemAssert.IsAsync(HttpStatusCode.Conflict, tooEarly);
        string taskId = await api.Http.SubmitAsync("1e200", "1e200");
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
        using HttpResponseMessage result = await api.Http.GetAsync($"/multiply/{taskId}", ("Prefer", "wait=1"));
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Scheduled", result);
        using HttpResponseMessage unreadable = await api.Http.GetAsync($"/multiply/{taskId}", ("Prefer", "wait=soon"));
        Assert.False(unreadable.Headers.Contains("Preference-Applied"));
        using HttpResponseMessage cut = await api.Http.GetAsync("/multiply/01a20f2b-8410-7890-9b38-b3942ffb5075", ("Prefer", "wait=99999999999; foo"));
        Assert.Equal("wait=50", Assert.Single(cut.Headers.GetValues("Preference-Applied")));
    }

    [Fact]
    public async Task One_that_has_ended_cannot_be_canceled_nor_one_that_is_unknown()
    {
        string taskId = await api.Http.SubmitAsync();
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        using HttpResponseMessage late = await api.Http.CancelAsync(taskId);
        using HttpResponseMessage unknown = await api.Http.CancelAsync("01a20f2b-8410-7890-9b38-b3942ffb5075");

        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.Conflict, "Succeeded", late);
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", unknown);
        Assert.Equal("4.6", await api.Http.WaitForResultAsync(taskId));
    }
}
