using Microsoft.AspNetCore.Mvc.Formatters;
using Microsoft.AspNetCore.Mvc.WebApiCompatShim;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Host.Config;

namespace DurableLocalHost.Http;

/// <summary>
/// What the host serves: the app's functions by their routes, the Durable extension's management API, the host's own API, and the workers'
/// gRPC. Routes are ASP.NET Core's own: case and a trailing slash do not matter. No route, or one that has other methods, is an empty 404.
/// </summary>
internal static class HttpEndpoints
{
    /// <summary>Where the Durable extension's management API is.</summary>
    public const string WebHookPath = "/runtime/webhooks/durabletask";

    /// <param name="started">Completes when WebJobs runs.</param>
    public static void MapAll(this WebApplication app, Task started)
    {
        AppSettings settings = app.Services.GetRequiredService<AppSettings>();
        app.UseExceptionHandler(HttpFunctions.Failures);
        app.UseHostNamesAndCors();
        app.UseCustomHeaders(settings);
        if (app.Services.GetService<AccessKeys>() is { } keys)
        {
            app.UseAccessKeys(keys);
        }

        app.MapGrpcService<WorkerSupervisor>();
        app.Map($"{WebHookPath}/{{**rest}}", context => ManageAsync(context, started)).WithMetadata(new RequiredAccess(AccessLevel.System));
        app.MapAdministration(started);
        // Also takes what has a route, but for other methods, which routing alone would answer with 405.
        app.MapFallback("{**path}", AnswerUnknown);
        HttpFunctions http = app.Services.GetRequiredService<HttpFunctions>();
        foreach (AppFunction function in app.Services.GetRequiredService<AppFunction[]>())
        {
            if (function.Trigger.IsHttp && !settings.IsDisabled(function.Name))
            {
                string route = function.Route(settings.RoutePrefix);
                ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger($"Function.{function.Name}");
                Task AnswerAsync(HttpContext context) => http.AnswerAsync(context, function, logger);
                (function.Trigger.Methods is { Count: > 0 } methods ? app.MapMethods(route, methods, AnswerAsync) : app.Map(route, AnswerAsync))
                    .WithMetadata(new RequiredAccess(function.Trigger.Access, function.Name));
            }
        }
    }

    // What host.json has for every answer, unless the answer has it already.
    private static void UseCustomHeaders(this WebApplication app, AppSettings settings)
    {
        (string Name, string? Value)[] headers =
            [.. settings.Host.GetSection("extensions:http:customHeaders").GetChildren().Select(header => (header.Key, header.Value))];
        if (headers is not [])
        {
            app.Use((context, next) =>
            {
                context.Response.OnStarting(() =>
                {
                    Array.ForEach(headers, header => context.Response.Headers.TryAdd(header.Name, header.Value));
                    return Task.CompletedTask;
                });
                return next(context);
            });
        }
    }

    // The Functions host has a page of its own at /, and a setting that leaves it empty.
    private static IResult AnswerUnknown(string? path, AppSettings settings) =>
        path is not (null or "") ? Results.NotFound()
        : bool.TryParse(settings.Configuration["AzureWebJobsDisableHomepage"], out bool isEmpty) && isEmpty ? Results.NoContent()
        : Results.Content("<!DOCTYPE html><title>Local host</title><p>The Functions app is up and running.", "text/html");

    private static async Task ManageAsync(HttpContext context, Task started)
    {
        await started.WaitAsync(context.RequestAborted);
        using HttpRequestMessage request = new HttpRequestMessageFeature(context).HttpRequestMessage;
        IAsyncConverter<HttpRequestMessage, HttpResponseMessage> api =
            context.RequestServices.GetServices<IExtensionConfigProvider>().OfType<DurableTaskExtension>().Single();
        HttpResponseMessage answer = await api.ConvertAsync(request, context.RequestAborted);
        await new HttpResponseMessageOutputFormatter().WriteAsync(new OutputFormatterWriteContext(
            context, (stream, encoding) => new StreamWriter(stream, encoding), typeof(HttpResponseMessage), answer));
    }
}
