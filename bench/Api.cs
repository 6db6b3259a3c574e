using System.Diagnostics;
using System.Net;
using System.Text.Json;

namespace Bench;

/// <summary>The API under test, as a client sees it: keep-alive connections, at most one per concurrent request.</summary>
internal sealed class Api : IDisposable
{
    private static readonly byte[] Body = """{"x": 2.3, "y": 2.0}"""u8.ToArray();

    private readonly HttpClient _http;

    public Uri Url => _http.BaseAddress!;

    public Api(Uri url, string? key = null)
    {
        // No header that only some servers have to parse.
        var handler = new SocketsHttpHandler { UseCookies = false, UseProxy = false, ActivityHeadersPropagator = null };
        _http = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Add("x-functions-key", key);
        }
    }

    /// <summary>Submits 2.3 × 2.0, and returns the task's ID; null if the answer is not 202.</summary>
    /// <param name="query">With its question mark.</param>
    public async Task<string?> SubmitAsync(string query = "")
    {
        using var content = new ByteArrayContent(Body) { Headers = { ContentType = new("application/json") } };
        using HttpResponseMessage response = await _http.PostAsync(new Uri($"/multiply{query}", UriKind.Relative), content);
        byte[] answer = await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode == HttpStatusCode.Accepted
            ? JsonSerializer.Deserialize<JsonElement>(answer).GetProperty("task_id").GetString()
            : null;
    }

    public async Task<HttpStatusCode> GetAsync(string path)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri(path, UriKind.Relative));
        await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode;
    }

    /// <summary>Waits for a task to end, asking every second, or as long as the API lets it wait.</summary>
    /// <exception cref="TimeoutException">It has not ended after some minutes.</exception>
    public async Task WaitPatientlyAsync(string taskId, bool canWait)
    {
        long start = Stopwatch.GetTimestamp();
        while (true)
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromMinutes(3))
            {
                throw new TimeoutException($"Task {taskId} did not end.");
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/multiply/{taskId}", UriKind.Relative));
            if (canWait)
            {
                request.Headers.Add("Prefer", "wait=50");
            }

            using HttpResponseMessage response = await _http.SendAsync(request);
            if (response.IsSuccessStatusCode)
            {
                return;
            }

            await Task.Delay(canWait ? TimeSpan.Zero : TimeSpan.FromSeconds(1));
        }
    }

    public async Task<bool> IsFinishedAsync(string taskId) => await GetAsync($"/multiply/{taskId}") == HttpStatusCode.OK;

    public async Task WaitForResultAsync(string taskId)
    {
        while (!await IsFinishedAsync(taskId))
        {
            await Task.Delay(5);
        }
    }

    /// <summary>Whether the API answers at all.</summary>
    public async Task<bool> AnswersAsync()
    {
        try
        {
            return await GetAsync($"/multiply/{Guid.Empty}") == HttpStatusCode.NotFound;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Clients that each send their next request when the last is answered; how many good answers a second there were.</summary>
    public static async Task<double> SendAsync(int clients, Func<int, bool> goesOn, Func<int, Task<bool>> send)
    {
        int started = -1;
        long start = Stopwatch.GetTimestamp();
        int[] sent = await Task.WhenAll(Enumerable.Range(0, clients).Select(_ => Task.Run(async () =>
        {
            int good = 0;
            for (int next; goesOn(next = Interlocked.Increment(ref started));)
            {
                good += await send(next) ? 1 : 0;
            }

            return good;
        })));
        return sent.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    public void Dispose() => _http.Dispose();
}
