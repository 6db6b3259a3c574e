using System.Net;
using System.Text;
using System.Text.Json;

namespace FunctionApp.Tests;

/// <summary>What a caller of the API does: submit, then poll.</summary>
internal static class TaskClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Submits a body, with the options of a query string, and headers.</summary>
    public static async Task<HttpResponseMessage> PostAsync(
        this HttpClient http, string body, string query = "", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/multiply{query}") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        return await http.SendAsync(request, headers);
    }

    /// <summary>A GET with headers.</summary>
    public static async Task<HttpResponseMessage> GetAsync(this HttpClient http, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        return await http.SendAsync(request, headers);
    }

    /// <summary>A request without a body, with headers.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        this HttpClient http, HttpMethod method, string path, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path);
        return await http.SendAsync(request, headers);
    }

    /// <summary>Submits and returns the task ID.</summary>
    public static async Task<string> SubmitAsync(
        this HttpClient http, string x = "2.3", string y = "2.0", string query = "", params (string Name, string Value)[] headers)
    {
        using HttpResponseMessage response = await http.PostAsync($$"""{"x": {{x}}, "y": {{y}}}""", query, headers);
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return await response.ReadTaskIdAsync();
    }

    /// <summary>Submits that many at once, whose result is 4.6, and returns their IDs.</summary>
    public static Task<string[]> SubmitManyAsync(this HttpClient http, int count, string query = "") =>
        Task.WhenAll(Enumerable.Range(0, count).Select(_ => http.SubmitAsync(query: query)));

    /// <summary>Polls until each has its result, which is that one; over outages too.</summary>
    public static Task AssertResultsAsync(this HttpClient http, string result, IEnumerable<string> taskIds) =>
        Parallel.ForEachAsync(taskIds, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (taskId, _) =>
            Assert.Equal(result, await http.WaitForResultAsync(taskId)));

    /// <summary>Polls until the result is there and returns its JSON text.</summary>
    public static async Task<string> WaitForResultAsync(this HttpClient http, string taskId)
    {
        using HttpResponseMessage response = await http.WaitForEndAsync(taskId);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (await response.ReadJsonAsync()).GetProperty("result").GetRawText();
    }

    /// <summary>Polls until the task is no longer on its way: answered, or with nothing left to wait for.</summary>
    public static Task<HttpResponseMessage> WaitForEndAsync(this HttpClient http, string taskId) => http.PollAsync(
        $"/multiply/{taskId}", answer => answer.StatusCode == HttpStatusCode.OK || answer.Headers.RetryAfter is null);

    /// <summary>Polls until the task's status is that one, and returns the task.</summary>
    public static async Task<JsonElement> WaitForStatusAsync(this HttpClient http, string taskId, string status, TimeSpan? patience = null)
    {
        JsonElement task = default;
        await Eventually.AreEqual(
            status,
            async () =>
            {
                task = await http.GetTaskAsync(taskId);
                return task.GetProperty("status").GetString();
            },
            patience ?? Patience);
        return task;
    }

    /// <summary>The task as the status monitor has it.</summary>
    public static Task<JsonElement> GetTaskAsync(this HttpClient http, string taskId) => http.GetJsonAsync($"/tasks/{taskId}");

    /// <summary>The answer 200 to a GET.</summary>
    public static async Task<JsonElement> GetJsonAsync(this HttpClient http, string path)
    {
        using HttpResponseMessage response = await http.GetAsync(path);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.ReadJsonAsync();
    }

    /// <summary>A page of a list, and all that follow it.</summary>
    public static async Task<List<JsonElement>> ReadPagesAsync(this HttpClient http, string? path)
    {
        List<JsonElement> pages = [];
        while (path is not null)
        {
            pages.Add(await http.GetJsonAsync(path));
            path = pages[^1].GetProperty("next").GetString();
        }

        return pages;
    }

    /// <summary>The IDs on a page of a list, and on all that follow it.</summary>
    public static async Task<string[]> ListAsync(this HttpClient http, string path) =>
        [.. (await http.ReadPagesAsync(path)).SelectMany(page => page.GetProperty("tasks").EnumerateArray()).Select(task => task.GetProperty("task_id").GetString()!)];

    public static Task<HttpResponseMessage> CancelAsync(this HttpClient http, string taskId) =>
        http.PostAsync($"/tasks/{taskId}/cancel", content: null);

    /// <summary>Lets the host run one of the app's timers now, which goes on meanwhile.</summary>
    public static async Task RunTimerAsync(this HttpClient http, string function)
    {
        using var input = new StringContent("""{"input": ""}""", Encoding.UTF8, "application/json");
        using HttpResponseMessage accepted = await http.PostAsync($"/admin/functions/{function}", input);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
    }

    /// <summary>The task ID in the body of a 202.</summary>
    public static async Task<string> ReadTaskIdAsync(this HttpResponseMessage response) =>
        (await response.ReadJsonAsync()).GetProperty("task_id").GetString()!;

    public static async Task<JsonElement> ReadJsonAsync(this HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync());

    private static Task<HttpResponseMessage> SendAsync(this HttpClient http, HttpRequestMessage request, (string Name, string Value)[] headers)
    {
        foreach ((string name, string value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return http.SendAsync(request);
    }

    private static async Task<HttpResponseMessage> PollAsync(this HttpClient http, string path, Func<HttpResponseMessage, bool> isEnd)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        while (true)
        {
            HttpResponseMessage response = await http.GetAsync(path, patience.Token);
            if (isEnd(response))
            {
                return response;
            }

            response.Dispose();
            await Task.Delay(50, patience.Token);
        }
    }
}
