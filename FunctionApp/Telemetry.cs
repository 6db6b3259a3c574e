using System.Diagnostics;
using Azure.Identity;
using Azure.Monitor.OpenTelemetry.Exporter;
using Microsoft.Azure.Functions.Worker.Builder;
using Microsoft.Azure.Functions.Worker.OpenTelemetry;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry;

namespace FunctionApp;

/// <summary>Traces, metrics and logs, to Azure Monitor too when its connection string is set.</summary>
internal static class Telemetry
{
    /// <summary>Where the app's own traces come from, and, by the same name, its metrics.</summary>
    public static readonly ActivitySource Source = new("FunctionApp");

    public static void AddTelemetry(this FunctionsApplicationBuilder builder)
    {
        // Frameworks tell of each request in some ten lines, which would be sent to the host or to Azure Monitor one by one.
        builder.Configuration["Logging:LogLevel:Microsoft"] ??= "Warning";

        string? connectionString = builder.Configuration["APPLICATIONINSIGHTS_CONNECTION_STRING"];
        if (string.IsNullOrWhiteSpace(connectionString))
        {
            return;
        }

        builder.Services.AddOpenTelemetry()
            .UseFunctionsWorkerDefaults()
            .WithTracing(tracing => tracing.AddSource(Source.Name))
            .WithMetrics(metrics => metrics.AddMeter(Source.Name))
            .UseAzureMonitorExporter(exporter =>
            {
                exporter.ConnectionString = connectionString;
                exporter.Credential = Credential(builder.Configuration["APPLICATIONINSIGHTS_AUTHENTICATION_STRING"]);
            });
    }

    // "Authorization=AAD;ClientId=<guid>", as the Functions host reads it: https://learn.microsoft.com/azure/azure-functions/functions-app-settings
    private static ManagedIdentityCredential? Credential(string? authentication)
    {
        if (string.IsNullOrWhiteSpace(authentication))
        {
            return null;
        }

        string? clientId = authentication
            .Split(';', StringSplitOptions.TrimEntries)
            .Where(part => part.StartsWith("ClientId=", StringComparison.OrdinalIgnoreCase))
            .Select(part => part["ClientId=".Length..])
            .FirstOrDefault();
        return new ManagedIdentityCredential(StorageAccount.Identity(clientId));
    }
}
