using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace FunctionApp.Multiply;

/// <summary>
/// The results, a row each. Every task is a partition of its own (PartitionKey = task ID), so that load spreads over
/// the table's servers, and each call below is one storage request. The RowKey is the task ID too: Azurite looks a row
/// up by its RowKey first, and with one that all rows share it would search them all.
/// </summary>
public sealed class ResultsTable(TableClient table) : IDisposable
{
    private const string Column = "Result";

    private readonly RecentResults _recent = new();

    /// <summary>Writes the result, a JSON number; to write it again changes nothing.</summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public async Task SaveAsync(string taskId, string result, CancellationToken cancellationToken)
    {
        var row = new TableEntity(taskId, taskId) { [Column] = result };
        try
        {
            await table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            // Deleted since the start.
            await table.CreateIfNotExistsAsync(cancellationToken);
            await table.UpsertEntityAsync(row, TableUpdateMode.Replace, cancellationToken);
        }

        _recent.Remember(taskId, result);
    }

    /// <summary>The result, a JSON number; null if there is none. For a second after its deletion it may still be found.</summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public async Task<string?> FindAsync(string taskId, CancellationToken cancellationToken)
    {
        if (_recent.Find(taskId) is { } recent)
        {
            return recent;
        }

        NullableResponse<TableEntity> row =
            await table.GetEntityIfExistsAsync<TableEntity>(taskId, taskId, [Column], cancellationToken);
        if (!row.HasValue)
        {
            return null;
        }

        string result = row.Value!.GetString(Column);
        _recent.Remember(taskId, result);
        return result;
    }

    public void Dispose() => _recent.Dispose();

    /// <summary>Creates the table if need be; called once, at start.</summary>
    /// <exception cref="StartupException">Table Storage refused or did not answer.</exception>
    internal async Task CreateIfNotExistsAsync()
    {
        try
        {
            await table.CreateIfNotExistsAsync();
        }
        catch (Exception e) when (Problems.IsOutage(e))
        {
            string reason = (e.InnerException ?? e).Message.Split('\n', 2)[0].Trim();
            throw new StartupException(
                $"Cannot use Table Storage at {table.Uri.GetLeftPart(UriPartial.Authority)}: {reason} Is it running (locally: npx azurite), and is the setting AzureWebJobsStorage right?", e);
        }
    }
}
