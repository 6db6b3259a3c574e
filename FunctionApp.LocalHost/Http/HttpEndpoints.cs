using FunctionApp.LocalHost.WebJobs;
using FunctionApp.LocalHost.Worker;
using Microsoft.AspNetCore.Mvc.Formatters;
using Microsoft.AspNetCore.Mvc.WebApiCompatShim;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host.Config;

namespace FunctionApp.LocalHost.Http;

/// <summary>
/// What the host serves: the app's functions by their routes, the Durable extension's management API, the start of a timer function by
/// hand, and the workers' gRPC. Routes are ASP.NET Core's own: case and a trailing slash do not matter. No route, or one that has other
/// methods, is an empty 404.
/// </summary>
internal static class HttpEndpoints
{
    /// <summary>Where the Durable extension's management API is.</summary>
    public const string WebHookPath = "/runtime/webhooks/durabletask";

    /// <param name="started">Callers wait for it; the worker, who alone speaks HTTP/2, comes before.</param>
    public static void MapAll(this WebApplication app, Task started)
    {
        app.Use(async (context, next) =>
        {
            if (!HttpProtocol.IsHttp2(context.Request.Protocol))
            {
                await started.WaitAsync(context.RequestAborted);
            }

            await next(context);
        });
        app.MapGrpcService<WorkerSupervisor>();
        app.Map($"{WebHookPath}/{{**rest}}", ManageAsync);
        // Also takes what has a route, but for other methods, which routing alone would answer with 405.
        app.MapFallback("{**path}", () => Results.NotFound());
        HttpFunctions http = app.Services.GetRequiredService<HttpFunctions>();
        foreach (AppFunction function in app.Services.GetRequiredService<AppFunction[]>())
        {
            if (function.Trigger.IsTimer)
            {
                app.MapPost($"/admin/functions/{function.Name}", (IJobHost jobs) =>
                {
                    _ = TimerMonitor.RunAsync(jobs, function);
                    return Results.Accepted();
                });
            }
            else if (function.Trigger.IsHttp)
            {
                string route = $"{RoutePrefix(app.Services)}/{(function.Trigger.Route ?? function.Name).TrimStart('/')}";
                string[] methods = [.. function.Trigger.Methods ?? []];
                _ = methods is [] ? app.Map(route, http.For(function)) : app.MapMethods(route, methods, http.For(function));
            }
        }
    }

    /// <summary>What the functions' routes begin with, as host.json has it.</summary>
    public static string RoutePrefix(IServiceProvider services) =>
        (services.GetRequiredService<AppSettings>().Host["extensions:http:routePrefix"] ?? "api").Trim('/');

    private static async Task ManageAsync(HttpContext context)
    {
        using HttpRequestMessage request = new HttpRequestMessageFeature(context).HttpRequestMessage;
        HttpResponseMessage answer = await context.RequestServices.GetServices<IExtensionConfigProvider>()
            .OfType<IAsyncConverter<HttpRequestMessage, HttpResponseMessage>>().Single()
            .ConvertAsync(request, context.RequestAborted);
        await new HttpResponseMessageOutputFormatter().WriteAsync(new OutputFormatterWriteContext(
            context, (stream, encoding) => new StreamWriter(stream, encoding), typeof(HttpResponseMessage), answer));
    }
}
