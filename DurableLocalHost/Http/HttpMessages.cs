using Google.Protobuf;
using Microsoft.AspNetCore.Http.Extensions;

namespace DurableLocalHost.Http;

/// <summary>Requests and answers as messages, for functions that use the worker's own types (HttpRequestData) without ASP.NET Core.</summary>
internal static class HttpMessages
{
    /// <summary>The request with its whole body.</summary>
    public static async Task<TypedData> ReadAsync(HttpRequest request)
    {
        var http = new RpcHttp { Method = request.Method, Url = request.GetEncodedUrl() };
        foreach ((string name, Microsoft.Extensions.Primitives.StringValues value) in request.Headers)
        {
            http.NullableHeaders[name] = new NullableString { Value = value.ToString() };
        }

        ByteString body = await ByteString.FromStreamAsync(request.Body, request.HttpContext.RequestAborted);
        http.Body = body.IsEmpty ? null : new TypedData { Bytes = body };
        return new TypedData { Http = http };
    }

    /// <summary>
    /// Sends what a function has answered: an HTTP answer, which it returned or set among its outputs; another value as the body of a 200;
    /// without either a 204.
    /// </summary>
    public static Task AnswerAsync(InvocationResponse invocation, HttpResponse response)
    {
        RpcHttp? http = invocation.ReturnValue?.Http ?? invocation.OutputData.Select(output => output.Data?.Http).FirstOrDefault(data => data is not null);
        if (http is null)
        {
            response.StatusCode = IsEmpty(invocation.ReturnValue) ? StatusCodes.Status204NoContent : StatusCodes.Status200OK;
            return WriteAsync(invocation.ReturnValue, response);
        }

        response.StatusCode = int.Parse(http.StatusCode);
        foreach ((string name, string value) in http.Headers)
        {
            response.Headers[name] = value;
        }

        foreach (RpcHttpCookie cookie in http.Cookies)
        {
            response.Cookies.Append(cookie.Name, cookie.Value, Options(cookie));
        }

        return WriteAsync(http.Body, response);
    }

    private static bool IsEmpty(TypedData? data) => data is null or { DataCase: TypedData.DataOneofCase.None };

    private static Task WriteAsync(TypedData? data, HttpResponse response)
    {
        (ByteString body, string? type) = data?.DataCase switch
        {
            TypedData.DataOneofCase.Bytes => (data.Bytes, null),
            TypedData.DataOneofCase.String => (ByteString.CopyFromUtf8(data.String), "text/plain; charset=utf-8"),
            TypedData.DataOneofCase.Json => (ByteString.CopyFromUtf8(data.Json), "application/json; charset=utf-8"),
            TypedData.DataOneofCase.Int => (ByteString.CopyFromUtf8($"{data.Int}"), "application/json; charset=utf-8"),
            TypedData.DataOneofCase.Double => (ByteString.CopyFromUtf8($"{data.Double:R}"), "application/json; charset=utf-8"),
            _ => (ByteString.Empty, null),
        };
        response.ContentType ??= type;
        return body.IsEmpty ? Task.CompletedTask : response.Body.WriteAsync(body.Memory, response.HttpContext.RequestAborted).AsTask();
    }

    private static CookieOptions Options(RpcHttpCookie cookie) => new()
    {
        Domain = cookie.Domain?.Value,
        Path = cookie.Path?.Value,
        Expires = cookie.Expires?.Value?.ToDateTimeOffset(),
        Secure = cookie.Secure?.Value ?? false,
        HttpOnly = cookie.HttpOnly?.Value ?? false,
        MaxAge = cookie.MaxAge is { } age ? TimeSpan.FromSeconds(age.Value) : null,
        SameSite = cookie.SameSite switch
        {
            1 => SameSiteMode.Lax,
            2 => SameSiteMode.Strict,
            3 => SameSiteMode.None,
            _ => SameSiteMode.Unspecified,
        },
    };
}
