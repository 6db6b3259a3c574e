using System.Net;
using System.Text.Json;

namespace Bench.Client;

/// <summary>The API under test, as a client sees it: keep-alive connections, at most one per concurrent request.</summary>
internal sealed class Api : IDisposable
{
    private static readonly byte[] Body = """{"x": 2.3, "y": 2.0}"""u8.ToArray();

    private readonly HttpClient _http;

    public Api(Uri url, string? apiKey)
    {
        var handler = new SocketsHttpHandler
        {
            UseCookies = false,
            UseProxy = false,
            AllowAutoRedirect = false,
            // No header that only some servers have to parse.
            ActivityHeadersPropagator = null,
        };
        _http = new HttpClient(handler) { BaseAddress = url, Timeout = TimeSpan.FromSeconds(30) };
        if (apiKey is not null)
        {
            _http.DefaultRequestHeaders.Add("x-functions-key", apiKey);
        }
    }

    /// <summary>Submits 2.3 × 2.0. Null if the answer is not 202.</summary>
    public async Task<string?> SubmitAsync()
    {
        using var content = new ByteArrayContent(Body);
        content.Headers.ContentType = new("application/json");
        using HttpResponseMessage response = await _http.PostAsync(new Uri("/multiply", UriKind.Relative), content);
        byte[] answer = await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode == HttpStatusCode.Accepted ? TaskId(answer) : null;
    }

    public async Task<HttpStatusCode> GetAsync(string taskId)
    {
        using HttpResponseMessage response = await _http.GetAsync(new Uri($"/multiply/{taskId}", UriKind.Relative));
        await response.Content.ReadAsByteArrayAsync();
        return response.StatusCode;
    }

    public async Task<bool> IsFinishedAsync(string taskId) => await GetAsync(taskId) == HttpStatusCode.OK;

    /// <summary>Whether anything answers at all.</summary>
    public async Task<bool> AnswersAsync()
    {
        try
        {
            return await GetAsync(Guid.Empty.ToString()) == HttpStatusCode.NotFound;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    public void Dispose() => _http.Dispose();

    private static string? TaskId(byte[] json)
    {
        var reader = new Utf8JsonReader(json);
        while (reader.Read())
        {
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("task_id"u8))
            {
                reader.Read();
                return reader.GetString();
            }
        }

        return null;
    }
}
