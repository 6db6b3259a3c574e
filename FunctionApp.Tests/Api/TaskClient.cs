using System.Net;
using System.Text;
using System.Text.Json;

namespace FunctionApp.Tests.Api;

/// <summary>What a caller of the API does: submit, then poll.</summary>
internal static class TaskClient
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    public static Task<HttpResponseMessage> PostAsync(this HttpClient http, string body) =>
        http.PostAsync("/multiply", new StringContent(body, Encoding.UTF8, "application/json"), TestContext.Current.CancellationToken);

    /// <summary>Submits and returns the task ID.</summary>
    public static async Task<string> SubmitAsync(this HttpClient http, string x, string y)
    {
        using HttpResponseMessage response = await http.PostAsync($$"""{"x": {{x}}, "y": {{y}}}""");
        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        return await response.ReadTaskIdAsync();
    }

    /// <summary>Polls until the result is there and returns its JSON text.</summary>
    public static async Task<string> WaitForResultAsync(this HttpClient http, string taskId)
    {
        using HttpResponseMessage response = await http.PollAsync(taskId, answer => answer.StatusCode == HttpStatusCode.OK);
        return (await response.ReadJsonAsync()).GetProperty("result").GetRawText();
    }

    /// <summary>Polls until the task is no longer on its way: answered, or with nothing left to wait for.</summary>
    public static Task<HttpResponseMessage> WaitForEndAsync(this HttpClient http, string taskId) => http.PollAsync(
        taskId, answer => answer.StatusCode == HttpStatusCode.OK || answer.Headers.RetryAfter is null);

    /// <summary>Polls until the result is not found any more: a result that was read may be remembered for a second.</summary>
    public static Task<HttpResponseMessage> WaitUntilGoneAsync(this HttpClient http, string taskId) => http.PollAsync(
        taskId, answer => answer.StatusCode == HttpStatusCode.NotFound);

    /// <summary>Polls until an unfinished task has come that far.</summary>
    public static async Task WaitForStatusAsync(this HttpClient http, string taskId, string status)
    {
        using HttpResponseMessage reached = await http.PollAsync(taskId, answer =>
        {
            // The content is buffered: this reads memory.
            using Stream body = answer.Content.ReadAsStream();
            return JsonSerializer.Deserialize<JsonElement>(body).GetProperty("task_status").GetString() == status;
        });
    }

    /// <summary>The task ID in the body of a 202.</summary>
    public static async Task<string> ReadTaskIdAsync(this HttpResponseMessage response) =>
        (await response.ReadJsonAsync()).GetProperty("task_id").GetString()!;

    public static async Task<JsonElement> ReadJsonAsync(this HttpResponseMessage response) =>
        JsonElement.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));

    private static async Task<HttpResponseMessage> PollAsync(
        this HttpClient http, string taskId, Func<HttpResponseMessage, bool> isEnd)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        while (true)
        {
            HttpResponseMessage response = await http.GetAsync($"/multiply/{taskId}", patience.Token);
            if (isEnd(response))
            {
                return response;
            }

            response.Dispose();
            await Task.Delay(20, patience.Token);
        }
    }
}
