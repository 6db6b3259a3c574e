using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace DurableSample;

/// <summary>Functions that fail, before or while they answer, and functions that tell what reached them.</summary>
public static class HttpFunctions
{
    private static int _received;

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

    /// <summary>Ends the worker, with that exit code.</summary>
    [Function(nameof(Exit))]
    public static void Exit([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        Environment.Exit(int.Parse(request.Query["code"]!));

    /// <summary>Ends when its caller has gone.</summary>
    [Function(nameof(WaitForEver))]
    public static Task WaitForEver([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        Task.Delay(Timeout.Infinite, request.HttpContext.RequestAborted);

    /// <returns>The length that was announced, and the one that came.</returns>
    [Function(nameof(Receive))]
    public static async Task<IResult> Receive([HttpTrigger(AuthorizationLevel.Anonymous, "post")] HttpRequest request)
    {
        Interlocked.Increment(ref _received);
        using var content = new MemoryStream();
        await request.Body.CopyToAsync(content);
        return Results.Text($"{request.ContentLength} {content.Length}");
    }

    /// <returns>How often Receive has been called.</returns>
    [Function(nameof(Received))]
    public static IResult Received([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) => Results.Text($"{_received}");

    /// <returns>What the parameters were bound to.</returns>
    [Function(nameof(Bind))]
    public static IResult Bind(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "bind/{id}")] HttpRequest request,
        string id, string? color, string? size, string? code, FunctionContext context) =>
        Results.Text($"{id} {color} {size} {code} {context.BindingContext.BindingData.ContainsKey("Headers")} {context.BindingContext.BindingData["Query"]}");

    /// <returns>The name of the task hub, as the durable client has it.</returns>
    [Function(nameof(Hub))]
    public static IResult Hub([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request, [DurableClient] DurableTaskClient client) =>
        Results.Text(client.Name);

    /// <returns>The value of a setting.</returns>
    [Function(nameof(Setting))]
    public static IResult Setting([HttpTrigger(AuthorizationLevel.Anonymous, "get")] HttpRequest request) =>
        Results.Text(Environment.GetEnvironmentVariable($"{request.Query["name"]}") ?? "(none)");
}
