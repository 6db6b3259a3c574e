using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace DurableSample;

/// <summary>Functions that fail, before or while they answer.</summary>
public static class HttpFunctions
{
    [Function("Throw")]
    public static Task Throw([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        throw new InvalidOperationException($"{request.Path} fails on purpose");

    [Function("Break")]
    public static async Task BreakAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request)
    {
        await request.HttpContext.Response.WriteAsync("half of ");
        await request.HttpContext.Response.Body.FlushAsync();
        throw new InvalidOperationException($"{request.Path} fails on purpose");
    }
}
