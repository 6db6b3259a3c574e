using DurableLocalHost.Http;
using DurableLocalHost.Sqlite;
using DurableLocalHost.WebJobs;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Azure.WebJobs.Extensions.DurableTask;
using Microsoft.Azure.WebJobs.Extensions.Timers;
using Microsoft.Azure.WebJobs.Host;
using Microsoft.Azure.WebJobs.Host.Config;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace DurableLocalHost;

/// <summary>
/// The application that holds the host's parts: its server, its log, its services, among them WebJobs with the genuine Durable extension.
/// </summary>
internal static class HostApplication
{
    public static WebApplication Build(StartOptions options, AppSettings settings, AppFunction[] functions, DataFolder data, AccessKeys? keys)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddConfiguration(settings.Configuration);
        AddLog(builder.Logging, settings.Host.GetSection("logging"));
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = 100 << 20; // the Functions host's own limit
            kestrel.Configure(Endpoints(settings.Urls));
        });
        builder.Services.AddWebJobs(_ => { }).AddDurableTask().AddTimers().AddStorage(functions, settings, data);
        // WebJobs' own, for scaling and for many hosts: they would make the extension before there is an address to tell it.
        builder.Services.RemoveAll<IHostedService>();
        builder.Services.AddGrpc(grpc => grpc.MaxReceiveMessageSize = null);
        builder.Services
            .AddRouting().AddCors().AddHostNames(settings).AddHttpForwarder()
            .AddSingleton(_ => new HttpMessageInvoker(
                new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null }))
            .AddSqliteDurability(Path.Combine(options.DataFolder, "durable.db"), data.NameHub)
            .AddSingleton<ScheduleMonitor, TimerMonitor>()
            .AddSingleton<IHostLifetime, NoLifetime>()
            .AddSingleton(provider => FunctionEmitter.Create(
                functions, provider.GetRequiredService<WorkerSupervisor>(), () => WebHook(provider.GetAddress(1), keys)))
            .AddSingleton<ITypeLocator>(provider => provider.GetRequiredService<JobFunctions>())
            .AddSingleton<IJobActivator>(provider => provider.GetRequiredService<JobFunctions>())
            .AddSingleton<IWebHookProvider>(provider => provider.GetRequiredService<JobFunctions>())
            .AddSingleton(options).AddSingleton(settings).AddSingleton(functions)
            .AddSingleton<WorkerSupervisor>().AddSingleton<HttpFunctions>();
        if (keys is not null)
        {
            builder.Services.AddSingleton(keys);
        }

        return builder.Build();
    }

    /// <summary>Where the server listens: 0 is for workers, 1 for callers.</summary>
    public static Uri GetAddress(this IServiceProvider services, int number)
    {
        string address = services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.ElementAt(number);
        // One that means all of this machine's is nothing to call.
        return new Uri(address.Replace("[::]", "localhost").Replace("0.0.0.0", "localhost"));
    }

    private static Uri WebHook(Uri address, AccessKeys? keys) =>
        new(address, $"{HttpEndpoints.WebHookPath}{(keys is null ? "" : $"?code={keys.Durable}")}");

    // Workers speak gRPC, that is HTTP/2.
    private static IConfiguration Endpoints(string urls)
    {
        string[] all = ["http://127.0.0.1:0", .. urls.Split(';', StringSplitOptions.RemoveEmptyEntries)];
        IEnumerable<KeyValuePair<string, string?>> endpoints = all.Select((url, number) => KeyValuePair.Create($"Endpoints:{number}:Url", (string?)url));
        return new ConfigurationBuilder().AddInMemoryCollection(endpoints.Append(new("Endpoints:0:Protocols", "Http2"))).Build();
    }

    // One log for host and worker: the console, at the levels of host.json.
    private static void AddLog(ILoggingBuilder log, IConfiguration levels) => log
        // What these say of a failed request or start, the host says itself, without a stack; rules that host.json has for them go before.
        .AddFilter("Yarp", LogLevel.None)
        .AddFilter("Grpc", LogLevel.Critical)
        .AddFilter("Azure", LogLevel.Error)
        .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
        .AddFilter("Microsoft.Azure.WebJobs.Extensions.Storage", LogLevel.Warning)
        // Where there is no home, keys are not kept over a restart: fine on a developer's machine.
        .AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .AddFilter("Host.Startup", LogLevel.None)
        .AddFilter($"Function.{FunctionEmitter.ClientFunction}", LogLevel.None)
        .AddConfiguration(levels)
        .AddSimpleConsole(console => console.TimestampFormat = "HH:mm:ss.fff ");

    /// <summary>No ear for signals: Program.cs has one.</summary>
    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
