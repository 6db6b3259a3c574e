namespace Bench.Systems;

/// <summary>The app on the local host, in release builds, with an Azurite that it starts itself.</summary>
internal static class LocalHost
{
    public const string Sqlite = "SQLite";
    public const string InMemory = "SQLite in memory";
    public const string NoLogs = "SQLite, no logs";
    public const string AzureStorage = "AzureStorage";

    // The key is Azurite's, the same everywhere: https://learn.microsoft.com/azure/storage/common/storage-use-azurite
    private const string Account =
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;"
        + "AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;";

    public static IReadOnlyList<string> Names { get; } = [Sqlite, InMemory, NoLogs, AzureStorage];

    public static async Task<RunningSystem> StartAsync(string name, string dataFolder)
    {
        string storage = name == AzureStorage ? "AzureStorage" : "Sqlite";
        string? logLevel = name == NoLogs ? "None" : null;
        string url = $"http://127.0.0.1:{RunningSystem.FindFreePort()}";
        var system = new RunningSystem(new Uri(url));
        system.Variables["AzureWebJobsStorage"] = $"{Account}{Endpoint("Table")}{Endpoint("Queue")}{Endpoint("Blob")}";
        system.Variables["SlowMultiply__Delay"] = "00:00:00";
        system.Variables["AzureFunctionsJobHost__logging__logLevel__default"] = logLevel;
        system.Variables["AzureFunctionsJobHost__logging__logLevel__Host.Results"] = logLevel;
        _ = system.Start("dotnet", Folders.LocalHost, "--urls", url, "--data-folder", dataFolder, "--storage", storage);
        return await system.WaitUntilItAnswersAsync();
    }

    private static string Endpoint(string service) => $"{service}Endpoint=http://127.0.0.1:{RunningSystem.FindFreePort()}/devstoreaccount1;";
}
