using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace FunctionApp.Tests.Unit;

/// <summary>Requests without a server, and what a function answers to them.</summary>
internal static class Requests
{
    public static HttpRequest Create(string body = "", params (string Name, string Value)[] headers)
    {
        var context = new DefaultHttpContext
        {
            RequestServices = new ServiceCollection().AddLogging().BuildServiceProvider(),
            Response = { Body = new MemoryStream() },
        };
        context.Request.Body = new MemoryStream(Encoding.UTF8.GetBytes(body));
        foreach ((string name, string value) in headers)
        {
            context.Request.Headers.Append(name, value);
        }

        return context.Request;
    }

    /// <summary>Status and body; the headers stand in the request's context.</summary>
    public static async Task<(int Status, JsonElement Body)> ExecuteAsync(this HttpRequest request, Task<IResult> function)
    {
        HttpResponse response = request.HttpContext.Response;
        await (await function).ExecuteAsync(request.HttpContext);
        response.Body.Position = 0;
        return (response.StatusCode, (await JsonDocument.ParseAsync(response.Body)).RootElement);
    }
}
