using System.Text.Json;
using DurableLocalHost;

namespace FunctionApp.Tests.Reliability;

/// <summary>An attempt whose outcome cannot be stored for now is repeated, and does not count.</summary>
public abstract class RowOutageTests(StorageProvider storage) : LocalHostTest
{
    [Fact]
    public async Task Storage_that_is_away_for_longer_than_its_client_waits_costs_no_attempt()
    {
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalHostProcess host = await StartAsync(storage);
        int refused = 0;
        proxy.Fault = context =>
        {
            bool isRow = StorageProxy.IsUpdate(context, Settings["ResultsTable"]!);
            context.Response.StatusCode = isRow ? 503 : 200;
            refused += isRow ? 1 : 0;
            return Task.FromResult(isRow);
        };
        string taskId = await host.Http.SubmitAsync();
        await Eventually.AreEqual(true, () => Task.FromResult(refused >= 14), TimeSpan.FromMinutes(4)); // the client tries eleven times
        proxy.Fault = null;

        JsonElement task = await host.Http.WaitForStatusAsync(taskId, "Succeeded");

        Assert.Equal(1, task.GetProperty("attempt").GetInt32());
    }
}

[Long]
public sealed class RowOutageOnSqlite() : RowOutageTests(StorageProvider.Sqlite);

[Long]
public sealed class RowOutageOnAzureStorage() : RowOutageTests(StorageProvider.AzureStorage);
