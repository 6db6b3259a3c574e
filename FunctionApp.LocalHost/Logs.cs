namespace FunctionApp.LocalHost;

/// <summary>The one log of the host and the worker: the console, at the levels of host.json.</summary>
internal static class Logs
{
    /// <param name="configuration">Has host.json's <c>logging</c>.</param>
    public static ILoggerFactory Create(IConfiguration configuration) => LoggerFactory.Create(builder => builder
        // What these say of a failed request or start, the host says itself, without a stack; rules that host.json has for them go before.
        .AddFilter("Yarp", LogLevel.None)
        .AddFilter("Grpc", LogLevel.Critical)
        .AddFilter("Azure", LogLevel.Error)
        .AddFilter("Microsoft.AspNetCore", LogLevel.Warning)
        .AddFilter("Microsoft.Extensions.Hosting", LogLevel.None)
        .AddFilter($"Function.{Durable.DurableFunctions.ClientFunction}", LogLevel.None)
        .AddConfiguration(configuration.GetSection($"{AppSettings.HostJson}:logging"))
        .AddSimpleConsole(console => console.TimestampFormat = "HH:mm:ss.fff "));
}
