using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace FunctionApp.Multiply;

/// <summary>
/// The results, a row each. Every task is a partition of its own (PartitionKey = task ID), so that load spreads over
/// the table's servers, and each call below is one storage request. The RowKey is the task ID too: Azurite looks a row
/// up by its RowKey first, and with one that all rows share it would search them all.
/// </summary>
public sealed class ResultsTable(TableClient table)
{
    private const string Column = "Result";

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
    }

    /// <summary>The result, a JSON number; null if there is none.</summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public async Task<string?> FindAsync(string taskId, CancellationToken cancellationToken)
    {
        NullableResponse<TableEntity> row =
            await table.GetEntityIfExistsAsync<TableEntity>(taskId, taskId, [Column], cancellationToken);
        return row.HasValue ? row.Value!.GetString(Column) : null;
    }

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
