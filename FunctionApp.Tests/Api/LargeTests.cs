using System.Net;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs.Models;
using FunctionApp.Tasks;

namespace FunctionApp.Tests.Api;

/// <summary>JSON inputs and results that a row does not hold: the same routes, and the same code of the kind.</summary>
public abstract class LargeTests(DataApi api)
{
    private const int Default = 16 * 1_024 * 1_024;

    [Theory]
    [InlineData(10, 10)] // in the start message
    [InlineData(10_000, 1)] // in the row
    [InlineData(10, 300_000)] // a small input, a large result
    [InlineData(3_000_000, 1)]
    public async Task An_input_and_a_result_of_any_size_go_in_and_come_out(int length, int times)
    {
        string text = Text(length);
        string taskId = await SubmitAsync(text, times);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        using HttpResponseMessage answer = await api.Http.GetAsync($"/repeat/{taskId}");
        JsonElement task = await api.Http.GetTaskAsync(taskId);
        using HttpResponseMessage input = await api.Http.GetAsync($"/tasks/{taskId}/input");

        string expected = string.Concat(Enumerable.Repeat(text, times));
        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        Assert.Equal(expected, (await answer.ReadJsonAsync()).GetProperty("result").GetString());
        Assert.Equal(text, (await input.ReadJsonAsync()).GetProperty("text").GetString());
        AssertShown(task, "input", Body(text, times).Length, $"/tasks/{taskId}/input");
        AssertShown(task, "result", expected.Length + 2, $"/repeat/{taskId}");
    }

    [Fact]
    public async Task The_history_has_some_KB_of_a_task_and_a_small_task_touches_no_blob()
    {
        string large = await SubmitAsync(Text(1_000_000), 1);
        string inRow = await SubmitAsync(Text(20_000), 3);
        string small = await SubmitAsync("x", 1);
        foreach (string taskId in new[] { large, inRow, small })
        {
            await api.Http.WaitForStatusAsync(taskId, "Succeeded");
            Microsoft.DurableTask.Client.OrchestrationMetadata? instance =
                await api.Own.DurableClient.GetInstanceAsync(taskId, getInputsAndOutputs: true);
            Assert.InRange(instance!.SerializedInput!.Length, 10, 4_000);
        }

        Assert.Equal(2, CountBlobs(large));
        Assert.Equal(0, CountBlobs(inRow));
        Assert.Null((await api.FindRowAsync(small))!.HasBlobs);
    }

    [Fact]
    public async Task Who_waits_is_told_where_a_large_result_is()
    {
        using HttpResponseMessage accepted = await PostAsync(Text(10), 100_000, ("Prefer", "wait=30"));

        JsonElement answer = await accepted.ReadJsonAsync();

        Assert.Equal("Succeeded", answer.GetProperty("status").GetString());
        Assert.False(answer.TryGetProperty("result", out _));
        Assert.Equal($"/repeat/{answer.GetProperty("task_id").GetString()}", accepted.Headers.Location!.OriginalString);
    }

    [Long]
    [Fact]
    public async Task What_is_larger_than_the_kind_allows_is_413_or_fails_with_its_size_and_the_limit()
    {
        using HttpResponseMessage refused = await PostAsync(Text(Default), 1);
        string taskId = await SubmitAsync(Text(10), (Default / 10) + 1);

        Assert.Contains("16,777,216", (await ProblemAssert.IsAsync(HttpStatusCode.RequestEntityTooLarge, refused)).GetProperty("detail").GetString());
        JsonElement error = (await api.Http.WaitForStatusAsync(taskId, "Failed")).GetProperty("error");
        Assert.Equal("too_large", error.GetProperty("code").GetString());
        Assert.Contains("16,777,216", error.GetProperty("detail").GetString());
        Assert.Contains("16,777,2", error.GetProperty("detail").GetString());
    }

    [Fact]
    public async Task A_key_is_the_same_task_for_the_same_large_input_and_422_for_another()
    {
        string text = Text(200_000);
        (string, string) key = ("Idempotency-Key", Guid.NewGuid().ToString());

        string[] ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => SubmitAsync(text, 1, key)));
        using HttpResponseMessage other = await PostAsync(text[1..] + "!", 1, key);

        string taskId = Assert.Single(ids.Distinct());
        await ProblemAssert.IsAsync(HttpStatusCode.UnprocessableEntity, other);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");
    }

    [Fact]
    public async Task A_retry_has_the_same_large_input()
    {
        string text = Text(200_000);
        string taskId = await SubmitAsync(text, 1);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        using HttpResponseMessage retried = await api.Http.PostAsync($"/tasks/{taskId}/retry", content: null);
        string retryId = await retried.ReadTaskIdAsync();
        await api.Http.WaitForStatusAsync(retryId, "Succeeded");
        using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");

        Assert.Equal(text, (await api.Http.GetJsonAsync($"/repeat/{retryId}")).GetProperty("result").GetString());
        Assert.Equal(text, (await api.Http.GetJsonAsync($"/tasks/{retryId}/input")).GetProperty("text").GetString());
    }

    [Fact]
    public async Task Of_a_deleted_task_no_blob_is_left()
    {
        string taskId = await SubmitAsync(Text(200_000), 1);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        Assert.Equal(2, CountBlobs(taskId));

        using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await Eventually.AreEqual(0, () => Task.FromResult(CountBlobs(taskId)));
        using HttpResponseMessage gone = await api.Http.GetAsync($"/repeat/{taskId}");
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", gone);
    }

    [Fact]
    public async Task Lists_and_batches_stay_small()
    {
        string taskId = await SubmitAsync(Text(100_000), 2);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        using StringContent items = new("""{"items": [{"text": "x", "times": 3}, {"text": "x", "times": 70000}]}""");
        using HttpResponseMessage batch = await api.Http.PostAsync("/repeat/batch", items);
        string batchId = await batch.ReadTaskIdAsync();
        await api.Http.WaitForStatusAsync(batchId, "Succeeded");

        JsonElement results = (await api.Http.GetJsonAsync($"/repeat/batch/{batchId}")).GetProperty("results");
        JsonElement listed = (await api.Http.GetJsonAsync("/tasks?kind=repeat&limit=100")).GetProperty("tasks").EnumerateArray()
            .Single(task => task.GetProperty("task_id").GetString() == taskId);

        Assert.Equal("xxx", results[0].GetProperty("result").GetString());
        Assert.Equal("too_large", results[1].GetProperty("error").GetProperty("code").GetString());
        AssertShown(listed, "input", Body(Text(100_000), 2).Length, $"/tasks/{taskId}/input");
        AssertShown(listed, "result", 200_002, $"/repeat/{taskId}");
    }

    /// <summary>Of what is large there is a link, and nothing else.</summary>
    private static void AssertShown(JsonElement task, string member, int size, string path)
    {
        bool isLarge = size > TaskRow.MaxBytes;
        Assert.NotEqual(isLarge, task.TryGetProperty(member, out _));
        Assert.Equal(isLarge, task.TryGetProperty($"{member}_file", out JsonElement file));
        if (isLarge)
        {
            Assert.Equal(($"{member}.json", "application/json", size, path), (
                file.GetProperty("name").GetString(), file.GetProperty("content_type").GetString(), file.GetProperty("size").GetInt32(), file.GetProperty("path").GetString()));
        }
    }

    private static string Text(int length) => string.Concat(Enumerable.Repeat("0123456789", (length / 10) + 1))[..length];

    private static string Body(string text, int times) => $$"""{"text":"{{text}}","times":{{times}}}""";

    private int CountBlobs(string taskId) => api.Blobs.Exists() ? api.Blobs.GetBlobs(BlobTraits.None, BlobStates.None, $"{taskId}/", default).Count() : 0;

    private async Task<string> SubmitAsync(string text, int times, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage accepted = await PostAsync(text, times, headers);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        return await accepted.ReadTaskIdAsync();
    }

    private async Task<HttpResponseMessage> PostAsync(string text, int times, params (string Name, string Value)[] headers)
    {
        using var body = new StringContent(Body(text, times), Encoding.UTF8, "application/json");
        using var request = new HttpRequestMessage(HttpMethod.Post, "/repeat") { Content = body };
        Array.ForEach(headers, header => request.Headers.Add(header.Name, header.Value));
        return await api.Http.SendAsync(request);
    }
}
