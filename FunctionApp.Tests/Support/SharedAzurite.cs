using DurableLocalHost;

[assembly: AssemblyFixture(typeof(FunctionApp.Tests.SharedAzurite))]

namespace FunctionApp.Tests;

/// <summary>One Azurite for all tests, each of which keeps to tables of its own. Starts with the first test that asks.</summary>
public sealed class SharedAzurite : IAsyncDisposable
{
    private static readonly DirectoryInfo DataFolder = Directory.CreateTempSubdirectory("azurite-");
    private static readonly Lazy<Task<Azurite>> Server = new(() => Azurite.StartAsync(DataFolder.FullName));

    public static async Task<string> ConnectionStringAsync() => (await Server.Value).ConnectionString;

    public async ValueTask DisposeAsync()
    {
        if (Server.IsValueCreated)
        {
            await (await Server.Value).DisposeAsync();
        }

        DataFolder.Delete(recursive: true);
    }
}
