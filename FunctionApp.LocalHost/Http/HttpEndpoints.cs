using FunctionApp.LocalHost.Timers;
using FunctionApp.LocalHost.Worker;
using Microsoft.AspNetCore.Mvc.WebApiCompatShim;
using Microsoft.Azure.WebJobs;
using Microsoft.Azure.WebJobs.Host.Config;

namespace FunctionApp.LocalHost.Http;

/// <summary>
/// What the host serves: the app's functions by their routes, the Durable extension's management API, the start of a function by hand,
/// and the workers' gRPC. Routes are ASP.NET Core's own: case and a trailing slash do not matter. No route, or one that has other
/// methods, is an empty 404.
/// </summary>
internal static class HttpEndpoints
{
    /// <summary>Where the Durable extension's management API is.</summary>
    public const string WebHookPath = "/runtime/webhooks/durabletask";

    /// <param name="started">Callers wait for it; the worker, who alone speaks HTTP/2, comes before.</param>
    public static void MapAll(this WebApplication app, Task started)
    {
        app.UseRouting();
        app.Use(async (context, next) =>
        {
            if (!HttpProtocol.IsHttp2(context.Request.Protocol))
            {
                await started.WaitAsync(context.RequestAborted);
            }

            if (context.GetEndpoint() is { } endpoint && endpoint is not RouteEndpoint)
            {
                // Routing's answer to a wrong method, a 405.
                context.SetEndpoint(null);
            }

            await next(context);
        });
        app.MapGrpcService<WorkerSupervisor>();
        TimerTriggers timers = app.Services.GetRequiredService<TimerTriggers>();
        app.MapPost("/admin/functions/{name}", (string name) => timers.StartNow(name) ? Results.Accepted() : Results.NotFound());
        app.Map($"{WebHookPath}/{{**rest}}", ManageAsync);
        HttpFunctions http = app.Services.GetRequiredService<HttpFunctions>();
        foreach (AppFunction function in app.Services.GetRequiredService<AppFunction[]>().Where(function => function.Trigger.Type is "httpTrigger"))
        {
            string route = $"{RoutePrefix(app.Services)}/{(function.Trigger.Route ?? function.Name).TrimStart('/')}";
            IEndpointConventionBuilder endpoint = app.Map(route, (RequestDelegate)(context => http.AnswerAsync(context, function)));
            if (function.Trigger.Methods is { Count: > 0 } methods)
            {
                endpoint.WithMetadata(new HttpMethodMetadata(methods));
            }
        }
    }

    /// <summary>What the functions' routes begin with, as host.json has it.</summary>
    public static string RoutePrefix(IServiceProvider services) =>
        (services.GetRequiredService<AppSettings>().Host["extensions:http:routePrefix"] ?? "api").Trim('/');

    private static async Task ManageAsync(HttpContext context)
    {
        using HttpRequestMessage request = new HttpRequestMessageFeature(context).HttpRequestMessage;
        using HttpResponseMessage answer = await context.RequestServices.GetServices<IExtensionConfigProvider>()
            .OfType<IAsyncConverter<HttpRequestMessage, HttpResponseMessage>>().Single()
            .ConvertAsync(request, context.RequestAborted);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
        {
            context.Response.Headers[name] = values.ToArray();
        }

        await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
    }
}
