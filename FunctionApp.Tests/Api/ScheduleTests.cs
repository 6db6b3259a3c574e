using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary><c>?start_at=</c> and <c>?delay=</c>: not before then.</summary>
public abstract class ScheduleTests(ApiHost api)
{
    [Fact]
    public async Task What_has_not_begun_in_time_expires()
    {
        string late = await api.Http.SubmitAsync(query: "?expires_in=0.0001");
        string early = await api.Http.SubmitAsync(query: "?delay=1&expires_in=60");

        JsonElement task = await api.Http.WaitForStatusAsync(late, "Failed");

        Assert.Equal("expired", task.GetProperty("error").GetProperty("code").GetString());
        Assert.Equal(0, task.GetProperty("attempt").GetInt32());
        Assert.Equal("4.6", await api.Http.WaitForResultAsync(early));
    }

    [Fact]
    public async Task A_past_time_means_now()
    {
        string taskId = await api.Http.SubmitAsync(query: "?start_at=2020-01-01T00:00:00Z");

        Assert.Equal("4.6", await api.Http.WaitForResultAsync(taskId));
        await api.Http.WaitForResultAsync(await api.Http.SubmitAsync(query: "?delay=1e-7"));
        Assert.Equal("Scheduled", (await api.Http.GetTaskAsync(await api.Http.SubmitAsync(query: "?delay=1e3"))).GetProperty("status").GetString());
        Assert.Equal(JsonValueKind.Null, (await api.Http.GetTaskAsync(taskId)).GetProperty("start_at").ValueKind);
    }

    [Theory]
    [InlineData("?start_at=tomorrow", "start_at")]
    [InlineData("?start_at=2030-01-01T00:00:00", "start_at")]
    [InlineData("?start_at=2100-01-01T00:00:00Z", "start_at")]
    [InlineData("?start_at=", "start_at")]
    [InlineData("?delay=-1", "delay")]
    [InlineData("?delay=31536001", "delay")]
    [InlineData("?delay=NaN", "delay")]
    [InlineData("?expires_in=0", "expires_in")]
    [InlineData("?expires_in=-Infinity", "expires_in")]
    [InlineData("?expires_in=31536001", "expires_in")]
    [InlineData("?delay=10&expires_in=10", "expires_in")]
    [InlineData("?delay=-Infinity", "delay")]
    [InlineData("?delay=1e9", "delay")]
    [InlineData("?delay=1&delay=2", "delay")]
    [InlineData("?delay=1&start_at=2020-01-01T00:00:00Z", "delay")]
    [InlineData("?label=", "label")]
    [InlineData("?label=%20", "label")]
    [InlineData("?label=a&label=b", "label")]
    [InlineData("?label=a%0Ab", "label")]
    [InlineData("?label=12345678901234567890123456789012345678901234567890123456789012345", "label")]
    [InlineData("?webhook=nonsense", "webhook")]
    [InlineData("?webhook=https://xn--%C3%BC.com/", "webhook")]
    [InlineData("?delay=x&start_at=y&webhook=http://example.com/", "delay,start_at,webhook")]
    public async Task A_wrong_option_is_400_that_names_it(string query, string names)
    {
        using HttpResponseMessage response = await api.Http.PostAsync("""{"x": 6, "y": 7}""", query);

        await ProblemAssert.NamesAsync(names.Split(','), response);
    }

    [Fact]
    public async Task What_is_wrong_with_the_body_and_with_the_options_is_told_at_once()
    {
        using HttpResponseMessage response = await api.Http.PostAsync("""{"x": "+5"}""", "?delay=soon&webhook=nonsense&label=", ("Idempotency-Key", "a b"));
        await ProblemAssert.NamesAsync(["x", "y", "delay", "webhook", "label", "Idempotency-Key"], response);
        using var batch = new StringContent("""{"items": [{"x": 1}]}""");
        using HttpResponseMessage ofBatch = await api.Http.PostAsync("/multiply/batch?delay=soon", batch);
        await ProblemAssert.NamesAsync(["items[0].y", "delay"], ofBatch);
    }

    [Fact]
    public async Task A_retry_starts_when_the_task_was_to_start_unless_it_says_otherwise()
    {
        string taskId = await api.Http.SubmitAsync(query: "?delay=3600");
        (await api.Http.CancelAsync(taskId)).Dispose();
        string? startAt = (await api.Http.GetTaskAsync(taskId)).GetProperty("start_at").GetString();

        using HttpResponseMessage retry = await api.Http.PostAsync($"/tasks/{taskId}/retry", content: null);
        Assert.Equal(startAt, (await api.Http.GetTaskAsync(await retry.ReadTaskIdAsync())).GetProperty("start_at").GetString());
        using HttpResponseMessage now = await api.Http.PostAsync($"/tasks/{taskId}/retry?delay=0", content: null);
        Assert.Equal("4.6", await api.Http.WaitForResultAsync(await now.ReadTaskIdAsync()));
        using HttpResponseMessage never = await api.Http.PostAsync($"/tasks/{taskId}/retry?expires_in=60", content: null);
        await ProblemAssert.NamesAsync(["expires_in"], never);
    }
}
