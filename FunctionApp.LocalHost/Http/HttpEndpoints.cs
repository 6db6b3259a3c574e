using FunctionApp.LocalHost.Durable;
using Microsoft.AspNetCore.Mvc.WebApiCompatShim;

namespace FunctionApp.LocalHost.Http;

/// <summary>What the host serves: the app's functions by their routes, the Durable extension's management API, and the start of a function by hand.</summary>
internal static class HttpEndpoints
{
    // The Functions host's own limit.
    private const long MaxBodyBytes = 100 * 1024 * 1024;

    /// <summary>
    /// Builds the server and its routes, which are ASP.NET Core's own: case and a trailing slash do not matter. No route, or one that
    /// has other methods, is an empty 404.
    /// </summary>
    /// <param name="started">Requests that come before wait for it.</param>
    public static WebApplication Build(string urls, ILoggerFactory loggers, Task started)
    {
        WebApplicationBuilder builder = Hosting.CreateWebBuilder(loggers);
        builder.WebHost.UseUrls(urls);
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
        });
        builder.Services.AddHttpForwarder();
        WebApplication app = builder.Build();
        app.UseRouting();
        app.Use(async (context, next) =>
        {
            await started;
            if (context.GetEndpoint() is { } endpoint && endpoint is not RouteEndpoint)
            {
                // Routing's answer to a wrong method, a 405.
                context.SetEndpoint(null);
            }

            await next(context);
        });
        return app;
    }

    public static void MapFunctions(this WebApplication app, IEnumerable<AppFunction> functions, string routePrefix, HttpFunctions http, InvocationLog log)
    {
        foreach (AppFunction function in functions)
        {
            IEndpointConventionBuilder endpoint = app.Map(
                Route(routePrefix, function["route"] ?? function.Name),
                (RequestDelegate)(context =>
                {
                    string id = Guid.NewGuid().ToString();
                    return log.RunAsync(function.Name, id, () => http.AnswerAsync(context, function, id));
                }));
            if (function.Methods.Count > 0)
            {
                endpoint.WithMetadata(new HttpMethodMetadata(function.Methods));
            }
        }
    }

    /// <summary>POST /admin/functions/{name} starts a function that no request starts.</summary>
    /// <param name="start">Starts a function by its name; false if there is none that can be started so.</param>
    public static void MapAdmin(this WebApplication app, Func<string, bool> start) =>
        app.MapPost("/admin/functions/{name}", (RequestDelegate)(context =>
        {
            context.Response.StatusCode = start((string)context.Request.RouteValues["name"]!)
                ? StatusCodes.Status202Accepted
                : StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }));

    public static void MapManagement(this WebApplication app, Func<DurableHost> durable) =>
        app.Map($"{DurableHost.WebHookPath}/{{**rest}}", (RequestDelegate)(async context =>
        {
            using HttpRequestMessage request = new HttpRequestMessageFeature(context).HttpRequestMessage;
            using HttpResponseMessage answer = await durable().AnswerAsync(request, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
            {
                context.Response.Headers[name] = values.ToArray();
            }

            await answer.Content.CopyToAsync(context.Response.Body, context.RequestAborted);
        }));

    private static string Route(string prefix, string route) =>
        string.Join('/', new[] { "", prefix.Trim('/'), route.TrimStart('/') }.Where((part, i) => i == 0 || part.Length > 0)) is { Length: > 0 } path ? path : "/";
}
