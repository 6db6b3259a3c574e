using FunctionApp.Emulator;
using FunctionApp.Emulator.Host;

namespace FunctionApp.Tests;

/// <summary>
/// One Azurite for all tests; each app keeps to a results table of its own. Starts with the first test that asks.
/// </summary>
public sealed class AzuriteFixture : IDisposable
{
    private static readonly DirectoryInfo DataFolder = Directory.CreateTempSubdirectory("azurite-");
    private static readonly Lazy<(Azurite Server, string ConnectionString)> Azurite = new(Start);
    private static int s_tables;

    /// <summary>Settings of an app with a results table of its own, and no delay unless one is given.</summary>
    public static Dictionary<string, string?> NewAppSettings(params (string Name, string? Value)[] settings)
    {
        Dictionary<string, string?> all = new()
        {
            ["AzureWebJobsStorage"] = Azurite.Value.ConnectionString,
            ["ResultsTable"] = $"results{Interlocked.Increment(ref s_tables)}",
            ["SlowMultiply__Delay"] = "00:00:00",
        };
        foreach ((string name, string? value) in settings)
        {
            all[name] = value;
        }

        return all;
    }

    /// <summary>Starts an app with <see cref="NewAppSettings"/>.</summary>
    public static Task<EmulatedFunctionApp> StartAppAsync(params (string Name, string? Value)[] settings) =>
        EmulatedFunctionApp.StartAsync(NewAppSettings(settings));

    public void Dispose()
    {
        if (Azurite.IsValueCreated)
        {
            Azurite.Value.Server.Dispose();
        }

        DataFolder.Delete(recursive: true);
    }

    private static (Azurite Server, string ConnectionString) Start()
    {
        string connectionString = LocalPort.AzuriteConnectionString(LocalPort.FindFree());
        FunctionApp.Emulator.Host.Azurite server = FunctionApp.Emulator.Host.Azurite.StartIfNeeded(connectionString, DataFolder.FullName)!;
        server.WaitUntilReady();
        return (server, connectionString);
    }
}
