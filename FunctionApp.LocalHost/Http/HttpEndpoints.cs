using FunctionApp.LocalHost.Durable;
using FunctionApp.LocalHost.Timers;
using FunctionApp.LocalHost.Worker;

namespace FunctionApp.LocalHost.Http;

/// <summary>
/// What the host serves: the app's functions by their routes, the Durable extension's management API, the start of a function by hand,
/// and the workers' gRPC. Routes are ASP.NET Core's own: case and a trailing slash do not matter. No route, or one that has other
/// methods, is an empty 404.
/// </summary>
internal static class HttpEndpoints
{
    /// <param name="started">Callers wait for it; the worker, who alone speaks HTTP/2, comes before.</param>
    public static void MapAll(this WebApplication app, IEnumerable<AppFunction> functions, string routePrefix, Task started)
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
        app.MapManagementApi();
        app.MapAdmin();
        HttpFunctions http = app.Services.GetRequiredService<HttpFunctions>();
        foreach (AppFunction function in functions.Where(function => function.Trigger.Type is "httpTrigger"))
        {
            string route = $"{routePrefix.Trim('/')}/{(function.Trigger.Route ?? function.Name).TrimStart('/')}";
            IEndpointConventionBuilder endpoint = app.Map(route, (RequestDelegate)(context => http.AnswerAsync(context, function)));
            if (function.Trigger.Methods is { Count: > 0 } methods)
            {
                endpoint.WithMetadata(new HttpMethodMetadata(methods));
            }
        }
    }

    // POST /admin/functions/{name} starts a timer function.
    private static void MapAdmin(this WebApplication app)
    {
        TimerTriggers timers = app.Services.GetRequiredService<TimerTriggers>();
        app.MapPost("/admin/functions/{name}", (RequestDelegate)(context =>
        {
            bool isStarted = timers.StartNow((string)context.Request.RouteValues["name"]!);
            context.Response.StatusCode = isStarted ? StatusCodes.Status202Accepted : StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }));
    }
}
