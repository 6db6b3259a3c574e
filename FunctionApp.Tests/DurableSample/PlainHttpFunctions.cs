using System.Net;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Azure.Functions.Worker.Http;

namespace DurableSample;

/// <summary>Functions that use the worker's own HTTP types, which need no ASP.NET Core.</summary>
public static class PlainHttpFunctions
{
    /// <returns>What has come, as text, with a header and a cookie.</returns>
    [Function(nameof(Plain))]
    public static async Task<HttpResponseData> Plain(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", "post", Route = "plain/{id}")] HttpRequestData request, string id, string? color)
    {
        HttpResponseData response = request.CreateResponse(HttpStatusCode.Created);
        response.Headers.Add("X-Seen", request.Headers.TryGetValues("X-Sent", out IEnumerable<string>? sent) ? string.Join(',', sent) : "nothing");
        response.Cookies.Append(new HttpCookie("taste", "sweet") { Path = "/api", HttpOnly = true, MaxAge = 60, SameSite = SameSite.Lax });
        using var reader = new StreamReader(request.Body);
        string body = await reader.ReadToEndAsync();
        await response.WriteStringAsync($"{request.Method} {request.Url.PathAndQuery} {id} {color} {request.Cookies.Count} {body}");
        return response;
    }

    /// <returns>An answer as one of several outputs.</returns>
    [Function(nameof(PlainOutputs))]
    public static PlainOutputsResult PlainOutputs([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequestData request) =>
        new(request.CreateResponse(HttpStatusCode.Conflict));

    /// <returns>A value that is no answer by itself.</returns>
    [Function(nameof(PlainValue))]
    public static object PlainValue([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequestData request) => new { request.Method };

    /// <summary>Answers with nothing.</summary>
    [Function(nameof(PlainNothing))]
    public static void PlainNothing([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequestData request)
    {
        ArgumentNullException.ThrowIfNull(request);
    }
}

/// <summary>Several outputs, one of which answers the request.</summary>
public sealed record PlainOutputsResult([property: HttpResult] HttpResponseData Answer);
