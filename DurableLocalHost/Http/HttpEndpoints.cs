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
        app.UseExceptionHandler(HttpFunctions.Failures);
        app.UseHostNamesAndCors();
        app.MapGrpcService<WorkerSupervisor>();
        app.Map($"{WebHookPath}/{{**rest}}", context => ManageAsync(context, started));
        app.MapAdministration(started);
        // Also takes what has a route, but for other methods, which routing alone would answer with 405.
        app.MapFallback("{**path}", AnswerUnknown);
        AppSettings settings = app.Services.GetRequiredService<AppSettings>();
        HttpFunctions http = app.Services.GetRequiredService<HttpFunctions>();
        foreach (AppFunction function in app.Services.GetRequiredService<AppFunction[]>())
        {
            if (function.Trigger.IsHttp && !settings.IsDisabled(function.Name))
            {
                string route = function.Route(settings.RoutePrefix);
                ILogger logger = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger($"Function.{function.Name}");
                Task AnswerAsync(HttpContext context) => http.AnswerAsync(context, function, logger);
                _ = function.Trigger.Methods is { Count: > 0 } methods ? app.MapMethods(route, methods, AnswerAsync) : app.Map(route, AnswerAsync);
            }
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
