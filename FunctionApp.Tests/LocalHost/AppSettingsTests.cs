using DurableLocalHost;
using Microsoft.Extensions.Configuration;

namespace FunctionApp.Tests.LocalHost;

/// <summary>What host.json says, and what overrides it.</summary>
public sealed class AppSettingsTests : IDisposable
{
    private const string Storage = "extensions:durableTask:storageProvider";

    private readonly DirectoryInfo _app = Directory.CreateTempSubdirectory("settings-");

    public void Dispose() => _app.Delete(recursive: true);

    [Fact]
    public void Comments_and_trailing_commas_are_fine_and_the_environment_overrides()
    {
        AppSettings settings = Read(
            """
            {
              // Of the second generation.
              "version": "2.0",
              "functionTimeout": "00:05:00",
              "extensions": { "http": { "routePrefix": "/v1/" }, },
            }
            """,
            settings: new() { ["AzureFunctionsJobHost__functionTimeout"] = "-1" });

        Assert.Equal("v1", settings.RoutePrefix);
        Assert.Equal(Timeout.InfiniteTimeSpan, settings.FunctionTimeout);
    }

    [Fact]
    public void A_variable_that_is_removed_overrides_nothing()
    {
        AppSettings settings = Read(
            """{ "version": "2.0", "functionTimeout": "00:05:00" }""",
            settings: new() { ["AzureFunctionsJobHost__functionTimeout"] = null, ["AzureFunctionsJobHost__extensions__durableTask__hubName"] = null });

        Assert.Equal(TimeSpan.FromMinutes(5), settings.FunctionTimeout);
        Assert.DoesNotContain(settings.Host.AsEnumerable(), pair => pair.Key.EndsWith("hubName"));
    }

    [Theory]
    [InlineData("mssql", StorageProvider.AzureStorage, "AzureWebJobsStorage")]
    [InlineData("mssql", StorageProvider.Sqlite, "AzureWebJobsStorage")]
    [InlineData("azureStorage", StorageProvider.AzureStorage, "Own")]
    [InlineData(null, StorageProvider.AzureStorage, "Own")]
    [InlineData(null, StorageProvider.Sqlite, "AzureWebJobsStorage")]
    public void A_connection_counts_for_the_provider_that_it_was_written_for(string? type, StorageProvider storage, string expected)
    {
        string member = type is null ? "" : $"\"type\": \"{type}\", ";
        AppSettings settings = Read(
            $$"""{ "version": "2.0", "extensions": { "durableTask": { "storageProvider": { {{member}}"connectionName": "Own", "connectionStringName": "Own" } } } }""",
            storage);

        Assert.Equal($"{storage}", settings.Host[$"{Storage}:type"]);
        Assert.Equal(expected, settings.Host[$"{Storage}:connectionName"]);
        Assert.Equal(expected, settings.Host[$"{Storage}:connectionStringName"]);
    }

    [Theory]
    [InlineData("{ \"http\": { \"routePrefix\": \"\" } }", "host.json has no version: it must be \"2.0\"")]
    [InlineData("{ \"version\": \"4.0\" }", "host.json has the version \"4.0\", which must be \"2.0\"")]
    [InlineData("{ \"version\": \"2.0\" \"a\": 1 }", "host.json cannot be read: line 1, position 20")]
    public void One_of_another_version_or_that_cannot_be_read_is_refused(string json, string expected) =>
        Assert.Contains(expected, Assert.Throws<LocalHostException>(() => Read(json)).Message);

    private AppSettings Read(string hostJson, StorageProvider storage = StorageProvider.Sqlite, Dictionary<string, string?>? settings = null)
    {
        File.WriteAllText(Path.Combine(_app.FullName, "worker.config.json"), """{ "description": { "defaultWorkerPath": "App.dll" } }""");
        File.WriteAllText(Path.Combine(_app.FullName, "host.json"), hostJson);
        return new AppSettings(new StartOptions { AppFolder = _app.FullName, DataFolder = _app.FullName, Storage = storage, Settings = settings ?? [] });
    }
}
