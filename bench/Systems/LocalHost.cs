using DurableLocalHost;

namespace Bench.Systems;

/// <summary>The app on the local host, in release builds, with an Azurite that it starts itself.</summary>
internal static class LocalHost
{
    public const string Sqlite = "SQLite";
    public const string InMemory = "SQLite in memory";
    public const string NoLogs = "SQLite, no logs";
    public const string AzureStorage = "AzureStorage";

    public static IReadOnlyList<string> Names { get; } = [Sqlite, InMemory, NoLogs, AzureStorage];

    public static async Task<RunningSystem> StartAsync(string name, string dataFolder)
    {
        string storage = name == AzureStorage ? "AzureStorage" : "Sqlite";
        string? logLevel = name == NoLogs ? "None" : null;
        string url = $"http://127.0.0.1:{RunningSystem.FindFreePort()}";
        var system = new RunningSystem(new Uri(url));
        system.Variables["AzureWebJobsStorage"] = Azurite.NewConnectionString();
        system.Variables["SlowMultiply__Delay"] = "00:00:00";
        system.Variables["AzureFunctionsJobHost__logging__logLevel__default"] = logLevel;
        system.Variables["AzureFunctionsJobHost__logging__logLevel__Host.Results"] = logLevel;
        _ = system.Start("dotnet", Path.Combine(AppContext.BaseDirectory, "FunctionApp.LocalHost.dll"), "--urls", url, "--data-folder", dataFolder, "--storage", storage);
        return await system.WaitUntilItAnswersAsync();
    }
}
