using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Emulator.Host;

/// <summary>
/// Routes requests as the Functions host does: case and a trailing slash do not matter, a wrong method is an empty 404,
/// an unhandled exception an empty 500.
/// </summary>
internal static class HttpRouting
{
    public static void MapFunctions(
        this WebApplication app, IEnumerable<HttpFunction> functions, string routePrefix, Func<DurableTaskClient> client)
    {
        foreach (IGrouping<string, HttpFunction> route in functions.GroupBy(function => function.Route, StringComparer.OrdinalIgnoreCase))
        {
            HttpFunction[] candidates = [.. route];
            app.Map($"/{routePrefix}/{route.Key}".Replace("//", "/", StringComparison.Ordinal), async (HttpContext context) =>
            {
                if (Array.Find(candidates, candidate => candidate.Accepts(context.Request.Method)) is not { } function)
                {
                    context.Response.StatusCode = StatusCodes.Status404NotFound;
                    return;
                }

                try
                {
                    await function.RunAsync(context, client());
                }
                catch (Exception e) when (!context.Response.HasStarted && e is not OutOfMemoryException)
                {
                    if (!context.RequestAborted.IsCancellationRequested)
                    {
                        app.Logger.LogError("{Function} failed: {Type}: {Message}", function.Name, e.GetType(), e.Message);
                    }

                    context.Response.StatusCode = StatusCodes.Status500InternalServerError;
                }
            });
        }
    }
}
