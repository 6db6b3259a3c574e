using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace FunctionApp.Tasks.Batches;

/// <summary>One item of a batch. Columns that are null are not written.</summary>
public sealed class ItemRow : ITableEntity
{
    // The table client needs a constructor without parameters.
    public ItemRow()
    {
    }

    public ItemRow(string taskId, int index)
    {
        PartitionKey = taskId;
        RowKey = Key(taskId, index);
    }

    public string PartitionKey { get; set; } = "";

    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    /// <summary>JSON in UTF-8.</summary>
    public BinaryData? Input { get; set; }

    /// <summary>JSON in UTF-8.</summary>
    public BinaryData? Result { get; set; }

    public string? ErrorCode { get; set; }

    public string? ErrorDetail { get; set; }

    internal bool HasEnded => Result is not null || ErrorCode is not null;

    // With the task's ID, because Azurite looks for a row by its row key first.
    internal static string Key(string taskId, int index) => $"{taskId}-{index:D4}";
}

/// <summary>The items of batches, a partition each, in a table beside the results. All methods throw <see cref="RequestFailedException"/>.</summary>
public sealed class ItemsTable(TableClient table)
{
    /// <exception cref="StartupException">Table Storage refused or did not answer.</exception>
    public Task CreateIfNotExistsAsync() => table.CreateAtStartAsync();

    /// <summary>Writes the inputs of a batch, into a new table if there is none any more; results that are there stay.</summary>
    public async Task AddAsync(string taskId, BatchItems items, CancellationToken cancellationToken)
    {
        ItemRow[] rows = [.. items.Inputs.Select((input, index) => new ItemRow(taskId, index) { Input = input })];
        try
        {
            await MergeAsync(rows, cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            await table.CreateIfNotExistsAsync(cancellationToken);
            await MergeAsync(rows, cancellationToken);
        }
    }

    /// <summary>Writes rows of one batch; up to 100 of them all or none.</summary>
    public async Task MergeAsync(IEnumerable<ItemRow> rows, CancellationToken cancellationToken)
    {
        foreach (ItemRow[] chunk in rows.Chunk(TableRemoval.MostInTransaction))
        {
            await table.SubmitTransactionAsync(
                chunk.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertMerge, row)), cancellationToken);
        }
    }

    /// <summary>The items from <paramref name="start"/> on, in their order.</summary>
    public IAsyncEnumerable<ItemRow> ReadAsync(string taskId, int start, int count, CancellationToken cancellationToken)
    {
        (string from, string to) = (ItemRow.Key(taskId, start), ItemRow.Key(taskId, start + count));
        return table.QueryAsync<ItemRow>(
            row => row.PartitionKey == taskId && row.RowKey.CompareTo(from) >= 0 && row.RowKey.CompareTo(to) < 0, cancellationToken: cancellationToken);
    }

    /// <summary>Removes all items of a batch.</summary>
    public async Task RemoveAsync(string taskId, CancellationToken cancellationToken)
    {
        List<ItemRow> rows = [];
        await foreach (ItemRow row in table.QueryAsync<ItemRow>(
            row => row.PartitionKey == taskId, select: [nameof(ItemRow.PartitionKey), nameof(ItemRow.RowKey)], cancellationToken: cancellationToken))
        {
            row.ETag = ETag.All;
            rows.Add(row);
        }

        foreach (ItemRow[] chunk in rows.Chunk(TableRemoval.MostInTransaction))
        {
            await table.RemoveAsync(chunk, cancellationToken);
        }
    }
}
