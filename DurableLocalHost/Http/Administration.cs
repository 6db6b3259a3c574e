using System.Diagnostics;
using System.Reflection;
using System.Text.Json.Nodes;

namespace DurableLocalHost.Http;

/// <summary>The Functions host's own API: how the host is, and its functions, which can be run by hand.</summary>
internal static class Administration
{
    private const string Route = "/admin/functions";

    private static readonly Action<ILogger, string, Exception?> LogFailed =
        LoggerMessage.Define<string>(LogLevel.Error, default, "The function {Function}, run by hand, has failed.");

    /// <param name="started">Completes when WebJobs runs.</param>
    public static void MapAdministration(this WebApplication app, Task started)
    {
        app.MapMethods("/admin/host/ping", ["GET", "POST"], () => Results.Ok());
        RouteGroupBuilder admin = app.MapGroup("").WithMetadata(new RequiredAccess(AccessLevel.Admin));
        admin.MapGet("/admin/host/status", (StartOptions options) => Results.Json(new
        {
            id = options.DataFolder,
            state = started.IsCompletedSuccessfully ? "Running" : "Initialized",
            version = "4.0.0.0",
            versionDetails = typeof(Administration).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion,
            processUptime = (long)(DateTime.Now - Process.GetCurrentProcess().StartTime).TotalMilliseconds,
        }));
        admin.MapGet(Route, (HttpContext context, AppFunction[] functions, AppSettings settings, StartOptions options) =>
            Results.Json(Describe(functions, context.Request, settings, options)));
        admin.MapGet($"{Route}/{{name}}", (string name, HttpContext context, AppFunction[] functions, AppSettings settings, StartOptions options) =>
            Describe(Find(functions, name), context.Request, settings, options) is [JsonObject function] ? Results.Json(function) : Results.NotFound());
        admin.MapPost($"{Route}/{{name}}", (string name, HttpContext context, AppFunction[] functions) =>
            Find(functions, name) is [AppFunction function] ? RunAsync(function, context, started) : Task.FromResult(Results.NotFound()));
    }

    private static AppFunction[] Find(AppFunction[] functions, string name) =>
        Array.FindAll(functions, function => function.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    private static JsonObject[] Describe(AppFunction[] functions, HttpRequest request, AppSettings settings, StartOptions options)
    {
        string address = $"{request.Scheme}://{request.Host}";
        JsonArray configs = JsonNode.Parse(File.ReadAllText(Path.Combine(options.AppFolder, AppFunction.FileName)))!.AsArray();
        return [.. functions.Select(function => new JsonObject
        {
            ["name"] = function.Name,
            ["href"] = $"{address}{Route}/{function.Name}",
            ["invoke_url_template"] = function.Trigger.IsHttp ? $"{address}/{function.Route(settings.RoutePrefix)}".ToLowerInvariant() : null,
            ["language"] = function.Language,
            ["config"] = configs.Single(config => (string)config!["name"]! == function.Name)!.DeepClone(),
            ["isDisabled"] = settings.IsDisabled(function.Name),
            ["isDirect"] = false,
            ["isProxy"] = false,
        })];
    }

    // The caller hears that it has begun, and the log how it ended.
    private static async Task<IResult> RunAsync(AppFunction function, HttpContext context, Task started)
    {
        using var reader = new StreamReader(context.Request.Body);
        string body = await reader.ReadToEndAsync(context.RequestAborted);
        string input;
        try
        {
            input = body is "" ? "" : JsonNode.Parse(body)?["input"] is { } given ? $"{given}" : "";
        }
        catch (Exception e) when (e is System.Text.Json.JsonException or InvalidOperationException)
        {
            return Results.BadRequest();
        }

        await started.WaitAsync(context.RequestAborted);
        IJobHost jobs = context.RequestServices.GetRequiredService<IJobHost>();
        ILogger logger = context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger($"Function.{function.Name}");
        _ = Task.Run(async () =>
        {
            try
            {
                await jobs.CallAsync(function.Name, new Dictionary<string, object> { [function.Trigger.Name] = input });
            }
#pragma warning disable CA1031 // What a function may throw is not known, and nobody waits for it.
            catch (Exception e)
#pragma warning restore CA1031
            {
                LogFailed(logger, function.Name, e);
            }
        });
        return Results.Accepted();
    }
}
