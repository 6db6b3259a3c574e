using FunctionApp.LocalHost.Durable;
using FunctionApp.LocalHost.Http;
using FunctionApp.LocalHost.Sqlite;
using FunctionApp.LocalHost.Timers;
using FunctionApp.LocalHost.Worker;

namespace FunctionApp.LocalHost;

/// <summary>The application that holds the host's parts: its services, its log, its endpoints.</summary>
internal static class HostApplication
{
    // The Functions host's own limit.
    private const long MaxBodyBytes = 100 * 1024 * 1024;

    public static WebApplication Build(StartOptions options, IConfiguration configuration, IReadOnlyList<AppFunction> functions, DurableFunctions durable)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddConfiguration(configuration);
        AddLog(builder.Logging, configuration);
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = MaxBodyBytes;
            kestrel.Configure(Endpoints(options.Urls));
        });
        builder.Services.AddRouting().AddHttpForwarder().AddGrpc(grpc =>
        {
            grpc.MaxReceiveMessageSize = null;
            grpc.MaxSendMessageSize = null;
        });
        builder.Services
            .AddDurableExtension(durable)
            .AddSqliteDurability(Path.Combine(options.DataFolder, "durable.db"))
            .AddSingleton<IHostLifetime, NoLifetime>()
            .AddSingleton(options)
            .AddSingleton<IEnumerable<AppFunction>>(functions)
            .AddSingleton<InvocationLog>()
            .AddSingleton<WorkerSupervisor>()
            .AddSingleton<HttpFunctions>()
            .AddSingleton<TimerTriggers>();
        return builder.Build();
    }

    // The first is the workers', who speak gRPC, that is HTTP/2; the others are public.
    private static IConfiguration Endpoints(string urls)
    {
        Dictionary<string, string?> endpoints = new() { ["Endpoints:0:Url"] = "http://127.0.0.1:0", ["Endpoints:0:Protocols"] = "Http2" };
        foreach ((int number, string url) in urls.Split(';', StringSplitOptions.RemoveEmptyEntries).Index())
        {
            endpoints[$"Endpoints:{number + 1}:Url"] = url;
        }

        return new ConfigurationBuilder().AddInMemoryCollection(endpoints).Build();
    }

    // One log for host and worker: the console, at the levels of host.json.
    private static void AddLog(ILoggingBuilder log, IConfiguration configuration) => log
        // What these say of a failed request or start, the host says itself, without a stack; rules that host.json has for them go before.
        .AddFilter("Yarp", LogLevel.None)
        .AddFilter("Grpc", LogLevel.Critical)
        .AddFilter("Azure", LogLevel.Error)
        .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .AddFilter($"Function.{FunctionEmitter.ClientFunction}", LogLevel.None)
        .AddConfiguration(configuration.GetSection($"{AppSettings.HostJson}:logging"))
        .AddSimpleConsole(console => console.TimestampFormat = "HH:mm:ss.fff ");

    /// <summary>No ear for signals: Program.cs has one.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
