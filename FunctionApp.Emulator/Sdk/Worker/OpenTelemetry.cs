using OpenTelemetry;

namespace Microsoft.Azure.Functions.Worker.OpenTelemetry;

/// <summary>Telemetry of the worker.</summary>
public static class ConfigureFunctionsOpenTelemetry
{
    /// <summary>Marks telemetry as that of a Functions worker; the emulator adds nothing of its own.</summary>
    public static IOpenTelemetryBuilder UseFunctionsWorkerDefaults(this IOpenTelemetryBuilder builder) => builder;
}
