using DurableLocalHost;

namespace FunctionApp.Tests;

/// <summary>A test with a data folder, a results table and a task hub of its own, which outlive each host that it starts.</summary>
public abstract class LocalHostTest : IAsyncLifetime
{
    protected DirectoryInfo Data { get; } = Directory.CreateTempSubdirectory("localhost-");

    /// <summary>Of every host that is started.</summary>
    protected Dictionary<string, string?> Settings { get; } = [];

    public virtual async ValueTask InitializeAsync()
    {
        string name = $"t{Guid.NewGuid():N}";
        Settings["AzureWebJobsStorage"] = await SharedAzurite.ConnectionStringAsync();
        Settings["ResultsTable"] = name;
        Settings["SlowMultiply__Delay"] = "00:00:00";
        Settings["AzureFunctionsJobHost__extensions__durableTask__hubName"] = name;
    }

    public virtual ValueTask DisposeAsync()
    {
        Data.Delete(recursive: true);
        GC.SuppressFinalize(this);
        return default;
    }

    private protected LocalHostProcess Launch(
        StorageProvider storage = StorageProvider.Sqlite,
        string? dataFolder = null,
        string urls = "http://127.0.0.1:0",
        long? maxFileSize = null) =>
        new(["--urls", urls, "--data-folder", dataFolder ?? Data.FullName, "--storage", $"{storage}"], Settings, maxFileSize);

    private protected async Task<LocalHostProcess> StartAsync(StorageProvider storage = StorageProvider.Sqlite, long? maxFileSize = null)
    {
        LocalHostProcess host = Launch(storage, maxFileSize: maxFileSize);
        await host.WaitUntilStartedAsync();
        return host;
    }

    /// <summary>The host refuses to start: exit code 1, and one line that contains <paramref name="expected"/>.</summary>
    private protected static async Task AssertRefusedAsync(LocalHostProcess host, string expected)
    {
        await using (host)
        {
            Assert.Equal(1, await host.WaitForExitAsync());

            Assert.Contains(expected, Assert.Single(host.Errors));
            Assert.DoesNotContain(host.Output, line => line.Contains("   at "));
        }
    }
}
