using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure.Storage.Blobs.Models;

namespace FunctionApp.Tests.Api;

/// <summary>Files go in as bodies, and come out as what a task leaves.</summary>
public abstract class FileTests(DataApi api)
{
    private const int Seed = 21;

    [Theory]
    [InlineData(1)]
    [InlineData(9_000_000)] // several blocks
    public async Task A_file_goes_in_as_it_is_and_comes_out_again(int size)
    {
        byte[] file = Bytes(size);
        string taskId = await SubmitAsync(file, "?files=2", disposition: """attachment; filename="C:\\my data\\table.csv"; filename*=UTF-8''z%C3%BCge.csv""");

        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        JsonElement result = task.GetProperty("result");
        Assert.Equal((Hash(file), size, "züge.csv", "text/csv"), (
            result.GetProperty("sha256").GetString(), result.GetProperty("size").GetInt32(), result.GetProperty("name").GetString(), result.GetProperty("contentType").GetString()));
        Assert.Equal(2, task.GetProperty("input").GetProperty("files").GetInt32());
        Assert.Equal("züge.csv", task.GetProperty("input_file").GetProperty("name").GetString());
        Assert.Equal(
            [("copy.bin", "text/csv", size, $"/tasks/{taskId}/files/copy.bin"), .. Enumerable.Range(0, 2).Select(n => ($"file-{n}.txt", "text/plain; charset=utf-8", 19, $"/tasks/{taskId}/files/file-{n}.txt"))],
            task.GetProperty("files").EnumerateArray().Select(one => (
                one.GetProperty("name").GetString()!, one.GetProperty("content_type").GetString()!, one.GetProperty("size").GetInt32(), one.GetProperty("path").GetString()!)));

        foreach (string path in new[] { $"/tasks/{taskId}/files/copy.bin", $"/tasks/{taskId}/input" })
        {
            using HttpResponseMessage answer = await api.Http.GetAsync(path);
            Assert.Equal(Hash(file), Hash(await answer.Content.ReadAsByteArrayAsync()));
            Assert.Equal(("text/csv", size, "attachment"), (
                answer.Content.Headers.ContentType!.MediaType, answer.Content.Headers.ContentLength, answer.Content.Headers.ContentDisposition!.DispositionType));
            using HttpResponseMessage known = await api.Http.GetAsync(path, ("If-None-Match", answer.Headers.ETag!.ToString()));
            Assert.Equal(HttpStatusCode.NotModified, known.StatusCode);
        }
    }

    [Fact]
    public async Task A_part_of_a_file_is_206_what_is_beyond_it_416_and_HEAD_has_no_body()
    {
        byte[] file = Bytes(5_000);
        string taskId = await SubmitAsync(file);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        string path = $"/tasks/{taskId}/files/copy.bin";

        using HttpResponseMessage part = await api.Http.GetAsync(path, ("Range", "bytes=1000-1999"));
        using HttpResponseMessage end = await api.Http.GetAsync(path, ("Range", "bytes=-10"));
        using HttpResponseMessage beyond = await api.Http.GetAsync(path, ("Range", "bytes=5000-"));
        using HttpResponseMessage head = await api.Http.SendAsync(HttpMethod.Head, path);

        Assert.Equal(HttpStatusCode.PartialContent, part.StatusCode);
        Assert.Equal("bytes 1000-1999/5000", part.Content.Headers.ContentRange!.ToString());
        Assert.Equal(file[1_000..2_000], await part.Content.ReadAsByteArrayAsync());
        Assert.Equal(file[^10..], await end.Content.ReadAsByteArrayAsync());
        Assert.Equal(HttpStatusCode.RequestedRangeNotSatisfiable, beyond.StatusCode);
        Assert.Equal((HttpStatusCode.OK, 5_000), (head.StatusCode, head.Content.Headers.ContentLength));
    }

    [Fact]
    public async Task Only_the_files_of_the_attempt_that_succeeded_are_seen_and_of_a_deleted_task_none_is_left()
    {
        string taskId = await SubmitAsync(Bytes(10), "?files=3&failures=1&lines=1");
        string failed = await SubmitAsync(Bytes(10), "?files=21");
        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        using HttpResponseMessage file = await api.Http.GetAsync($"/tasks/{taskId}/files/file-2.txt");
        using HttpResponseMessage none = await api.Http.GetAsync($"/tasks/{taskId}/files/file-3.txt");
        using HttpResponseMessage unfinished = await api.Http.GetAsync($"/tasks/{failed}/files/file-0.txt");

        Assert.Equal(2, task.GetProperty("attempt").GetInt32());
        Assert.Equal("file 2 of attempt 2", await file.Content.ReadAsStringAsync());
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Succeeded", none);
        await ProblemAssert.IsAsync(HttpStatusCode.NotFound, unfinished);
        using HttpResponseMessage canceled = await api.Http.CancelAsync(failed);
        using HttpResponseMessage deleted = await api.Http.DeleteAsync($"/tasks/{taskId}");
        await Eventually.AreEqual(0, () => Task.FromResult(CountBlobs(taskId)));
    }

    [Fact]
    public async Task What_is_wrong_with_a_file_is_said_and_leaves_nothing()
    {
        int before = CountInputs();
        using HttpResponseMessage type = await PostAsync(Bytes(10), "", "image/png");
        using HttpResponseMessage noType = await PostAsync(Bytes(10), "", type: null);
        using HttpResponseMessage empty = await PostAsync([], "");
        using HttpResponseMessage query = await PostAsync(Bytes(10), "?lines=x");
        using HttpResponseMessage options = await PostAsync(Bytes(10), "?delay=x");
        using HttpResponseMessage twice = await PostAsync(Bytes(10), "?lines=1&lines=2");

        string detail = (await ProblemAssert.IsAsync(HttpStatusCode.UnsupportedMediaType, type)).GetProperty("detail").GetString()!;
        Assert.Contains("image/png", detail);
        Assert.Contains("application/octet-stream, text/*", detail);
        await ProblemAssert.IsAsync(HttpStatusCode.UnsupportedMediaType, noType);
        await ProblemAssert.IsAsync(HttpStatusCode.BadRequest, empty);
        await ProblemAssert.NamesAsync(["lines"], query);
        await ProblemAssert.NamesAsync(["delay"], options);
        await ProblemAssert.NamesAsync(["lines"], twice);
        Assert.Equal(before, CountInputs());
    }

    [Fact]
    public async Task A_key_is_the_same_task_for_the_same_file_and_422_for_another_or_as_another_type_and_a_retry_has_it_again()
    {
        byte[] file = Bytes(100_000);
        (string, string) key = ("Idempotency-Key", Guid.NewGuid().ToString());

        string taskId = await SubmitAsync(file, headers: key);
        Assert.Equal(taskId, await SubmitAsync(file, headers: key));
        using HttpResponseMessage other = await PostAsync(file[1..], "", headers: key);
        using HttpResponseMessage otherType = await PostAsync(file, "", "text/plain", headers: key);
        await ProblemAssert.IsAsync(HttpStatusCode.UnprocessableEntity, other);
        await ProblemAssert.IsAsync(HttpStatusCode.UnprocessableEntity, otherType);
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        using HttpResponseMessage retried = await api.Http.PostAsync($"/tasks/{taskId}/retry", content: null);
        string retryId = await retried.ReadTaskIdAsync();
        JsonElement retry = await api.Http.WaitForStatusAsync(retryId, "Succeeded");

        Assert.Equal(Hash(file), retry.GetProperty("result").GetProperty("sha256").GetString());
        Assert.Equal("text/csv", retry.GetProperty("input_file").GetProperty("content_type").GetString());
    }

    [Fact]
    public async Task Files_have_no_batches()
    {
        using var items = new StringContent("""{"items": [{}]}""");
        using HttpResponseMessage response = await api.Http.PostAsync("/digest/batch", items);

        await ProblemAssert.IsAsync(HttpStatusCode.NotFound, response);
    }

    [Fact]
    public async Task The_log_is_read_while_the_task_runs_and_who_waits_gets_what_comes()
    {
        string taskId = await SubmitAsync(Bytes(10), "?lines=3&seconds=8");

        (string first, long offset) = await ReadLogAsync(taskId, 0, ("Prefer", "wait=20"));
        string status = (await api.Http.GetTaskAsync(taskId)).GetProperty("status").GetString()!;
        (string rest, long end) = await ReadLogAsync(taskId, offset, ("Prefer", "wait=20"));

        Assert.Equal("Running", status);
        Assert.Matches(@"\A(?:\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \[1\] line [123] äöü \.+\n){3}\z", first);
        Assert.Equal(("", offset), (rest, end));
        JsonElement task = await api.Http.WaitForStatusAsync(taskId, "Succeeded");
        Assert.Equal(offset, task.GetProperty("log_size").GetInt64());
        Assert.Equal($"/tasks/{taskId}/log", task.GetProperty("links").GetProperty("log").GetString());
        Assert.Equal((first, offset), await ReadLogAsync(taskId, 0));
    }

    [Fact]
    public async Task The_log_says_what_attempts_failed_with_and_ends_at_1_MiB()
    {
        string taskId = await SubmitAsync(Bytes(10), "?lines=3000&failures=2");
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        (string log, long size) = await ReadLogAsync(taskId, 0);

        Assert.Contains("[1] The attempt failed: The feed was down.\n", log);
        Assert.Contains("[3] line 1 ", log);
        Assert.EndsWith("\nThe log has reached 1 MiB. What follows is not kept.\n", log);
        Assert.InRange(size, (1_024 * 1_024) - 8, 1_024 * 1_024);
        Assert.Equal(Encoding.UTF8.GetByteCount(log), size);
    }

    [Fact]
    public async Task A_wrong_offset_is_400_and_a_task_without_a_log_has_an_empty_one()
    {
        string taskId = await SubmitAsync(Bytes(10));
        await api.Http.WaitForStatusAsync(taskId, "Succeeded");

        Assert.Equal(("", 0), await ReadLogAsync(taskId, 0));
        Assert.Equal(("", 99), await ReadLogAsync(taskId, 99));
        using HttpResponseMessage wrong = await api.Http.GetAsync($"/tasks/{taskId}/log?offset=-1");
        using HttpResponseMessage unknown = await api.Http.GetAsync("/tasks/01a20f2b-8410-7890-9b38-b3942ffb5075/log");
        await ProblemAssert.NamesAsync(["offset"], wrong);
        await ProblemAssert.HasTaskStatusAsync(HttpStatusCode.NotFound, "Unknown", unknown);
    }

    private static byte[] Bytes(int count)
    {
        byte[] bytes = new byte[count];
        new Random(Seed).NextBytes(bytes);
        return bytes;
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private int CountBlobs(string taskId) => ListBlobs($"{taskId}/").Length;

    private int CountInputs() => ListBlobs("").Count(blob => blob.Name.EndsWith("/input"));

    private BlobItem[] ListBlobs(string prefix) =>
        api.Blobs.Exists() ? [.. api.Blobs.GetBlobs(BlobTraits.None, BlobStates.Uncommitted, prefix, default)] : [];

    private async Task<(string Text, long Next)> ReadLogAsync(string taskId, long offset, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage response = await api.Http.GetAsync($"/tasks/{taskId}/log?offset={offset}", headers);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        return (await response.Content.ReadAsStringAsync(), long.Parse(Assert.Single(response.Headers.GetValues("Next-Offset"))));
    }

    private async Task<string> SubmitAsync(byte[] file, string query = "", string? disposition = null, params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage accepted = await PostAsync(file, query, disposition: disposition, headers: headers);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        return await accepted.ReadTaskIdAsync();
    }

    private async Task<HttpResponseMessage> PostAsync(
        byte[] file, string query, string? type = "text/csv", string? disposition = null, params (string Name, string Value)[] headers)
    {
        using var body = new ByteArrayContent(file);
        body.Headers.ContentType = type is null ? null : new MediaTypeHeaderValue(type);
        body.Headers.TryAddWithoutValidation("Content-Disposition", disposition is null ? [] : [disposition]);
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/digest{query}") { Content = body };
        Array.ForEach(headers, header => request.Headers.Add(header.Name, header.Value));
        return await api.Http.SendAsync(request);
    }
}
