using DurableLocalHost;

namespace Bench.Systems;

/// <summary>The app on the local host, in release builds, with an Azurite that it starts itself.</summary>
internal static class LocalHost
{
    public const string Sqlite = "SQLite";
    public const string AzureStorage = "AzureStorage";

    /// <summary>SQLite, of another build, such as one of an earlier commit.</summary>
    public const string Before = "before";

    /// <param name="build">The folder with the program; null is this one.</param>
    /// <param name="delay">How long each task takes.</param>
    public static async Task<RunningSystem> StartAsync(string name, string dataFolder, string? build = null, TimeSpan delay = default)
    {
        string storage = name == AzureStorage ? "AzureStorage" : "Sqlite";
        string url = $"http://127.0.0.1:{RunningSystem.FindFreePort()}";
        var system = new RunningSystem(new Uri(url));
        system.Variables["AzureWebJobsStorage"] = Azurite.NewConnectionString();
        system.Variables["SlowMultiply__Delay"] = $"{delay}";
        string program = Path.Combine(name == Before ? build! : AppContext.BaseDirectory, "FunctionApp.LocalHost.dll");
        _ = system.Start("dotnet", program, "--urls", url, "--data-folder", dataFolder, "--storage", storage);
        return await system.WaitUntilItAnswersAsync();
    }
}
