using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Data.Tables;

namespace FunctionApp.Tests.Api;

/// <summary><c>POST /multiply/batch</c>: many inputs, one task.</summary>
public abstract class BatchTests(ApiHost api)
{
    [Fact]
    public async Task A_thousand_items_are_one_task_with_their_results_in_order()
    {
        string taskId = await SubmitAsync(Enumerable.Range(0, 1_000).Select(n => ($"{n}", "2")));

        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        Assert.Equal(("multiply/batch", 1.0), (task.GetProperty("kind").GetString(), task.GetProperty("progress").GetDouble()));
        Assert.Equal("""{"items":1000}""", task.GetProperty("input").GetRawText());
        Assert.Equal($"/multiply/batch/{taskId}", task.GetProperty("links").GetProperty("result").GetString());
        Assert.Equal(Enumerable.Range(0, 1_000).Select(n => $$"""{"result":{{n * 2}}}"""), await ReadAsync(taskId));
    }

    [Fact]
    public async Task An_item_that_fails_does_not_fail_the_others()
    {
        string taskId = await SubmitAsync([("2.3", "2.0"), ("1e200", "1e200"), ("6", "7")]);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        string[] results = await ReadAsync(taskId);

        Assert.Equal("""{"result":4.6}""", results[0]);
        Assert.Contains("too large", results[1]);
        Assert.StartsWith("""{"error":{"code":"not_finite",""", results[1]);
        Assert.Equal("""{"result":42}""", results[2]);
    }

    [Fact]
    public async Task It_says_how_many_of_its_items_have_failed_and_those_are_retried_alone()
    {
        string taskId = await SubmitAsync([.. Enumerable.Range(0, 30).Select(n => n is 3 or 25 ? ("1e200", "1e200") : ($"{n}", "2"))]);

        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        Assert.Equal("""{"total":30,"succeeded":28,"failed":2}""", task.GetProperty("items").GetRawText());
        JsonElement listed = (await api.Http.GetJsonAsync("/tasks?kind=multiply/batch&limit=100")).GetProperty("tasks").EnumerateArray()
            .Single(one => one.GetProperty("task_id").GetString() == taskId);
        Assert.Equal(task.GetProperty("items").GetRawText(), listed.GetProperty("items").GetRawText());

        using HttpResponseMessage wrong = await api.Http.PostAsync($"/tasks/{taskId}/retry?items=some&delay=soon", content: null);
        await ProblemAssert.NamesAsync(["items", "delay"], wrong);
        using HttpResponseMessage retry = await api.Http.PostAsync($"/tasks/{taskId}/retry?items=failed", content: null);
        string retryId = await retry.ReadTaskIdAsync();
        JsonElement again = await api.Http.WaitForStatusAsync(retryId, "Succeeded");
        Assert.Equal("""{"total":2,"succeeded":0,"failed":2}""", again.GetProperty("items").GetRawText());
        Assert.Equal(taskId, again.GetProperty("retry_of").GetString());

        string perfect = await SubmitAsync([("6", "7")]);
        await api.Http.WaitForStatusAsync(perfect, "Succeeded");
        using HttpResponseMessage nothing = await api.Http.PostAsync($"/tasks/{perfect}/retry?items=failed", content: null);
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.Conflict, "Succeeded", nothing);
        using HttpResponseMessage single = await api.Http.PostAsync($"/tasks/{await EndedAsync()}/retry?items=failed", content: null);
        await ProblemAssert.NamesAsync(["items"], single);
    }

    [Theory]
    [InlineData("""{"items": []}""", "items")]
    [InlineData("""{"items": {}}""", "items")]
    [InlineData("{}", "items")]
    [InlineData("""{"items": [{"x": 1, "y": 1}, 7, {"x": 1}, {"x": "1", "y": null, "y": 1}]}""", "items[1],items[2].y,items[3].x,items[3].y")]
    [InlineData("""{"items":[{"x":1,"y":2,"\ud83d":1}]}""", "body,items")]
    [InlineData("""{"items":[{"x":1,"y":2,"z":["\udfff"]}]}""", "body,items")]
    public async Task What_is_wrong_is_named_by_item(string body, string names)
    {
        using HttpResponseMessage response = await PostAsync(body);
        await ProblemAssert.NamesAsync(names.Split(','), response);
    }

    [Fact]
    public async Task It_has_at_most_1000_items_and_1_MiB()
    {
        using HttpResponseMessage many = await PostAsync($$"""{"items": [{{string.Join(',', Enumerable.Repeat("""{"x":1,"y":1}""", 1_001))}}]}""");
        await ProblemAssert.NamesAsync(["items"], many);
        using HttpResponseMessage large = await PostAsync("""{"items": [{"x": 1, "y": 1}]}""".PadRight((1_024 * 1_024) + 1));
        await ProblemAssert.IsAsync(HttpStatusCode.RequestEntityTooLarge, large);
        using HttpResponseMessage noSuchKind = await api.Http.PostAsync("/divide/batch", new StringContent("{}"));
        await ProblemAssert.IsAsync(HttpStatusCode.NotFound, noSuchKind);
    }

    [Fact]
    public async Task It_has_a_key_a_start_and_a_wait_as_single_ones_have()
    {
        string key = Guid.NewGuid().ToString();
        string body = """{"items": [{"x": 6, "y": 7}, {"x": 2.30, "y": 2.0}]}""";

        using HttpResponseMessage waited = await PostAsync(body, "?delay=1", ("Idempotency-Key", key), ("Prefer", "wait=30"));
        using HttpResponseMessage again = await PostAsync(body.Replace("2.30", "2.3"), "?delay=1", ("Idempotency-Key", key));
        using HttpResponseMessage other = await PostAsync(body.Replace("6", "8"), "?delay=1", ("Idempotency-Key", key));

        JsonElement accepted = await waited.ReadJsonAsync();
        Assert.Equal("Succeeded", accepted.GetProperty("status").GetString());
        string taskId = accepted.GetProperty("task_id").GetString()!;
        Assert.Equal(taskId, (await again.ReadJsonAsync()).GetProperty("task_id").GetString());
        await ProblemAssert.IsAsync(HttpStatusCode.UnprocessableEntity, other);
        Assert.Equal(["""{"result":42}""", """{"result":4.6}"""], await ReadAsync(taskId));
    }

    [Fact]
    public async Task A_retry_has_the_same_items_and_of_a_deleted_one_nothing_is_left()
    {
        string taskId = await SubmitAsync([("6", "7"), ("1", "1")]);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        using HttpResponseMessage retry = await api.Http.PostAsync($"/tasks/{taskId}/retry", content: null);
        string retryId = (await retry.ReadJsonAsync()).GetProperty("task_id").GetString()!;
        await api.Http.WaitForStatusAsync(retryId, "Succeeded");
        Assert.Equal(["""{"result":42}""", """{"result":1}"""], await ReadAsync(retryId));

        using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        _ = api.Own;
        await Eventually.AreEqual(0, () => Task.FromResult(
            api.Tables.GetTableClient(api.ResultsTable + "items").Query<TableEntity>($"PartitionKey eq '{taskId}'").Count()));
    }

    [Fact]
    public async Task Canceled_it_shows_no_results_unless_asked_for_those_that_there_are()
    {
        string taskId = await SubmitAsync(Enumerable.Range(0, 1_000).Select(n => ($"{n}", "2")), "?delay=1");
        await api.Http.WaitForStatusAsync(taskId, "Running");

        using HttpResponseMessage canceled = await api.Http.CancelAsync(taskId);

        Assert.Equal(HttpStatusCode.OK, canceled.StatusCode);
        JsonElement counts = (await canceled.ReadJsonAsync()).GetProperty("items");
        Assert.Equal((1_000, 0), (counts.GetProperty("total").GetInt32(), counts.GetProperty("failed").GetInt32()));
        Assert.InRange(counts.GetProperty("succeeded").GetInt32(), 0, 999);
        using HttpResponseMessage results = await api.Http.GetAsync($"/multiply/batch/{taskId}");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Canceled", results);
        JsonElement partial = (await api.Http.GetJsonAsync($"/multiply/batch/{taskId}?partial=true")).GetProperty("results");
        Assert.Equal(1_000, partial.GetArrayLength());
        Assert.All(partial.EnumerateArray().Index(), one => Assert.True(
            one.Item.TryGetProperty("result", out JsonElement product)
                ? product.GetInt32() == 2 * one.Index
                : one.Item.GetProperty("error").GetProperty("code").GetString() == "canceled"));
        using HttpResponseMessage asSingle = await api.Http.GetAsync($"/multiply/{taskId}");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", asSingle);
    }

    private async Task<string> EndedAsync()
    {
        string taskId = await api.Http.SubmitAsync();
        await api.Http.WaitForResultAsync(taskId);
        return taskId;
    }

    private async Task<HttpResponseMessage> PostAsync(string body, string query = "", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/multiply/batch{query}") { Content = new StringContent(body, Encoding.UTF8) };
        foreach ((string name, string value) in headers)
        {
            request.Headers.Add(name, value);
        }

        return await api.Http.SendAsync(request);
    }

    private async Task<string> SubmitAsync(IEnumerable<(string X, string Y)> items, string query = "")
    {
        string body = $$"""{"items": [{{string.Join(',', items.Select(item => $$"""{"x":{{item.X}},"y":{{item.Y}}}"""))}}]}""";
        using HttpResponseMessage response = await PostAsync(body, query);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return (await response.ReadJsonAsync()).GetProperty("task_id").GetString()!;
    }

    private async Task<string[]> ReadAsync(string taskId)
    {
        using HttpResponseMessage response = await api.Http.GetAsync($"/multiply/batch/{taskId}");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return [.. (await response.ReadJsonAsync()).GetProperty("results").EnumerateArray().Select(result => result.GetRawText())];
    }
}
