using FunctionApp.Emulator.Durable;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Emulator.Host;

/// <summary>What the emulator follows of host.json. Source: https://learn.microsoft.com/azure/azure-functions/functions-host-json</summary>
internal sealed record HostJson(string RoutePrefix, TaskHubOptions TaskHub)
{
    public static HostJson Read()
    {
        IConfigurationRoot file = new ConfigurationBuilder()
            .AddJsonFile(Path.Combine(AppContext.BaseDirectory, "host.json"))
            .Build();
        IConfigurationSection durable = file.GetSection("extensions:durableTask");

        // The defaults of Durable Functions outside the Consumption plan.
        int perMachine = 10 * Environment.ProcessorCount;
        return new(
            file["extensions:http:routePrefix"] ?? "api",
            new TaskHubOptions(
                durable.GetValue("maxConcurrentActivityFunctions", perMachine),
                durable.GetValue("maxConcurrentOrchestratorFunctions", perMachine)));
    }
}
