using System.Net;
using Azure;
using Azure.Data.Tables;

namespace FunctionApp.Tasks;

/// <summary>Removes rows from tables, many at once where that can be done.</summary>
internal static class TableRemoval
{
    // https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions
    public const int MostInTransaction = 100;

    /// <summary>
    /// Removes up to 100 rows of one partition, each if it has not changed since it was read. One that is gone already is
    /// what was wanted; one that has changed stays.
    /// </summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public static async Task RemoveAsync(this TableClient table, IReadOnlyList<ITableEntity> rows, CancellationToken cancellationToken)
    {
        try
        {
            await table.SubmitTransactionAsync(
                rows.Select(row => new TableTransactionAction(TableTransactionActionType.Delete, row, row.ETag)), cancellationToken);
        }
        catch (RequestFailedException e) when (IsGoneOrChanged(e))
        {
            // Storage refuses a whole transaction because of one row that has changed, or is gone: then each is removed by itself.
            await Parallel.ForEachAsync(
                rows,
                new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
                async (row, token) => await table.RemoveAsync(row, token));
        }
    }

    /// <summary>Removes a row if it has not changed since it was read; true if it is gone, whoever has removed it.</summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public static async Task<bool> RemoveAsync(this TableClient table, ITableEntity row, CancellationToken cancellationToken)
    {
        try
        {
            // The client's DeleteEntity does not throw for 404.
            await table.DeleteEntityAsync(row.PartitionKey, row.RowKey, row.ETag, cancellationToken);
            return true;
        }
        catch (RequestFailedException e) when (IsGoneOrChanged(e))
        {
            return e.Status == (int)HttpStatusCode.NotFound;
        }
    }

    private static bool IsGoneOrChanged(RequestFailedException e) =>
        e.Status is (int)HttpStatusCode.NotFound or (int)HttpStatusCode.PreconditionFailed;
}
