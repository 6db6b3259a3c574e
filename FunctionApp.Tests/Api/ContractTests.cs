using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary>What callers may send, and what they get.</summary>
public abstract class ContractTests(ApiHost api)
{
    [Theory]
    [InlineData("", "x,y,body")]
    [InlineData("not json", "x,y,body")]
    [InlineData("[]", "x,y,body")]
    [InlineData("1", "x,y,body")]
    [InlineData("null", "x,y,body")]
    [InlineData("{}", "x,y")]
    [InlineData("""{"x": 1}""", "y")]
    [InlineData("""{"x": null, "y": 1}""", "x")]
    [InlineData("""{"x": true, "y": 1}""", "x")]
    [InlineData("""{"x": "1", "y": 1}""", "x")]
    [InlineData("""{"x": [1], "y": {"y": 1}}""", "x,y")]
    [InlineData("""{"x": NaN, "y": 1}""", "x,y,body")]
    [InlineData("""{"x": 1, "y": Infinity}""", "y,body")]
    [InlineData("""{"x": 1, "x": 1, "y": 1}""", "x")]
    [InlineData("""{"x": 1, "y": 1, "\u0079": 2}""", "y")]
    [InlineData("""{"x": 1, "y": 1} 2""", "body")]
    [InlineData("""{"x": 01, "y": 1}""", "x,y,body")]
    [InlineData("""{"x": 1, "y": 1, "\ud83d": 1}""", "body")]
    [InlineData("""{"x": 1, "y": {"z": "\udfff"}}""", "y,body")]
    public async Task A_wrong_body_is_400_and_names_each_wrong_member(string body, string members)
    {
        using HttpResponseMessage response = await api.Http.PostAsync(body);

        await ProblemAssert.NamesAsync(members.Split(','), response);
    }

    [Theory]
    [InlineData(1_000, HttpStatusCode.Accepted)]
    [InlineData(1_001, HttpStatusCode.BadRequest)]
    public async Task A_number_has_at_most_1000_characters(int length, HttpStatusCode expected)
    {
        using HttpResponseMessage response = await api.Http.PostAsync($$"""{"x": {{new string('9', length)}}, "y": 1}""");
        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData(65_536, false, HttpStatusCode.Accepted)]
    [InlineData(65_537, false, HttpStatusCode.RequestEntityTooLarge)]
    [InlineData(65_536, true, HttpStatusCode.Accepted)]
    [InlineData(65_537, true, HttpStatusCode.RequestEntityTooLarge)]
    public async Task A_body_has_at_most_64_KiB(int length, bool chunked, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/multiply")
        {
            Content = new StringContent("""{"x": 1, "y": 2}""".PadRight(length)),
        };
        request.Headers.TransferEncodingChunked = chunked;

        using HttpResponseMessage response = await api.Http.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        if (expected != HttpStatusCode.Accepted)
        {
            await ProblemAssert.IsAsync(expected, response);
        }
    }

    [Theory]
    [InlineData(56, HttpStatusCode.Accepted)]
    [InlineData(57, HttpStatusCode.BadRequest)]
    public async Task A_body_has_at_most_56_levels(int levels, HttpStatusCode expected)
    {
        string brackets = new string('[', levels - 1) + new string(']', levels - 1);
        using HttpResponseMessage response = await api.Http.PostAsync($$"""{"x": 1, "y": 2, "z": {{brackets}}}""");
        Assert.Equal(expected, response.StatusCode);
    }

    [Theory]
    [InlineData("gzip", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("br, gzip", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("identity", HttpStatusCode.Accepted)]
    public async Task An_encoding_of_the_body_is_refused_by_its_name(string encoding, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/multiply") { Content = new StringContent("""{"x": 1, "y": 2}""") };
        request.Content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);

        using HttpResponseMessage response = await api.Http.SendAsync(request);

        Assert.Equal(expected, response.StatusCode);
        if (expected != HttpStatusCode.Accepted)
        {
            Assert.Contains(encoding, (await ProblemAssert.IsAsync(expected, response)).GetProperty("detail").GetString());
            Assert.Equal("identity", Assert.Single(response.Headers.GetValues("Accept-Encoding")));
        }
    }

    [Fact]
    public async Task HEAD_is_answered_as_GET_is_without_the_body()
    {
        string taskId = await api.Http.SubmitAsync();
        await api.Http.WaitForResultAsync(taskId);
        foreach (string path in new[] { "/", "/openapi.json", "/tasks", $"/tasks/{taskId}", $"/multiply/{taskId}", $"/multiply/batch/{taskId}", "/tasks?limit=x" })
        {
            using HttpResponseMessage get = await api.Http.GetAsync(path);
            using var request = new HttpRequestMessage(HttpMethod.Head, path);
            using HttpResponseMessage head = await api.Http.SendAsync(request);

            Assert.Equal(get.StatusCode, head.StatusCode);
            Assert.Equal($"{get.Headers.ETag} {get.Headers.CacheControl}", $"{head.Headers.ETag} {head.Headers.CacheControl}");
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        }
    }

    [Fact]
    public async Task No_answer_is_kept_on_its_way_or_taken_for_another_type()
    {
        const string unknown = "01a20f2b-8410-7890-9b38-b3942ffb5075";
        HttpResponseMessage[] answers =
        [
            await api.Http.PostAsync("""{"x": 1, "y": 2}"""), await api.Http.PostAsync("{}"), await api.Http.GetAsync("/tasks"),
            await api.Http.GetAsync($"/tasks/{unknown}"), await api.Http.CancelAsync(unknown), await api.Http.DeleteAsync($"/tasks/{unknown}"),
        ];

        Assert.All(answers, answer =>
        {
            Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
            Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
            answer.Dispose();
        });
    }

    [Fact]
    public async Task A_byte_order_mark_and_any_content_type_are_accepted_and_other_members_ignored()
    {
        using var content = new ByteArrayContent([.. Encoding.UTF8.Preamble, .. """{"a": [{}], "y": 4, "x": 3}"""u8]);
        content.Headers.ContentType = new MediaTypeHeaderValue("image/png");

        using HttpResponseMessage response = await api.Http.PostAsync("/multiply", content);

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        string taskId = (await response.ReadJsonAsync()).GetProperty("task_id").GetString()!;
        Assert.Equal("12", await api.Http.WaitForResultAsync(taskId));
    }

    [Fact]
    public async Task A_finished_task_is_200_whatever_the_case_of_route_and_ID()
    {
        string taskId = await api.Http.SubmitAsync("2", "3.0");
        Assert.Equal("6.0", await api.Http.WaitForResultAsync(taskId));

        using HttpResponseMessage response = await api.Http.GetAsync(
            $"/Multiply/{taskId.ToUpperInvariant()}/");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("application/json", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("6.0", Assert.Single((await response.ReadJsonAsync()).EnumerateObject()).Value.GetRawText());
    }

    [Fact]
    public async Task A_task_that_cannot_succeed_is_404_Failed_with_the_reason_and_no_Retry_After()
    {
        string taskId = await api.Http.SubmitAsync("1e200", "1e200");

        using HttpResponseMessage response = await api.Http.WaitForEndAsync(taskId);

        JsonElement problem = await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Failed", response);
        Assert.Contains("too large", problem.GetProperty("detail").GetString());
        Assert.Null(response.Headers.RetryAfter);
    }

    [Theory]
    [InlineData("6ba6be8e-0000-4000-8000-000000000000")] // of another version
    [InlineData("01a20f2b-8410-7890-9b38-b3942ffb5075")]
    [InlineData("ffffffff-ffff-7fff-bfff-ffffffffffff")] // of a time that does not exist
    [InlineData("nonsense")]
    [InlineData("%20")]
    public async Task No_such_task_is_404_Unknown_without_Retry_After(string taskId)
    {
        foreach (string path in new[] { $"/multiply/{taskId}", $"/tasks/{taskId}" })
        {
            using HttpResponseMessage response = await api.Http.GetAsync(path);

            await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", response);
            Assert.Null(response.Headers.RetryAfter);
        }
    }

    [Theory]
    [InlineData("GET", "/multiply")]
    [InlineData("POST", "/tasks")]
    [InlineData("DELETE", "/multiply/6ba6be8e-0000-4000-8000-000000000000")]
    public async Task A_wrong_method_is_an_empty_404(string method, string path)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using HttpResponseMessage response = await api.Http.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Empty(await response.Content.ReadAsStringAsync());
    }
}
