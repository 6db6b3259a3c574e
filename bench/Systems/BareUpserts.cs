using Azure.Data.Tables;
using Bench.Client;

namespace Bench.Systems;

/// <summary>The physical limit: what Azurite gives a bare client that does nothing but write rows like the app's.</summary>
internal static class BareUpserts
{
    // maxConcurrentActivityFunctions in host.json
    private const int Concurrency = 100;

    public static async Task<LoopResult> MeasureAsync(Azurite azurite, int count)
    {
        var table = new TableClient(azurite.ConnectionString, "baseline");
        await table.CreateIfNotExistsAsync();
        await ClosedLoop.RunAsync(Concurrency, Concurrency, _ => UpsertAsync(table));
        return await ClosedLoop.RunAsync(Concurrency, count, _ => UpsertAsync(table));
    }

    private static async Task<bool> UpsertAsync(TableClient table)
    {
        string id = Guid.NewGuid().ToString();
        var row = new TableEntity(id, id) { ["Result"] = "4.6" };
        await table.UpsertEntityAsync(row, TableUpdateMode.Replace);
        return true;
    }
}
