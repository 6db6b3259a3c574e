using System.Net;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>
/// The tasks that the sweep has to look at again, by when that is due, in a table beside the results. So it finds them, however
/// old they are and however many others there are. All methods throw <see cref="RequestFailedException"/>.
/// </summary>
public sealed class OpenTasks(TableClient table)
{
    /// <summary>
    /// How long it takes until a request that has announced a row here has surely written it, or never will.
    /// </summary>
    public static readonly TimeSpan WhileARequestLasts = TimeSpan.FromMinutes(10);

    private const int PageSize = 1_000;

    /// <exception cref="StartupException">Table Storage refused or did not answer.</exception>
    public Task CreateIfNotExistsAsync() => table.CreateAtStartAsync();

    /// <summary>Adds them, to a new table if there is none any more.</summary>
    public async Task AddAsync(IEnumerable<OpenTask> entries, CancellationToken cancellationToken)
    {
        IEnumerable<OpenTask[]> chunks = entries.DistinctBy(entry => (entry.PartitionKey, entry.RowKey)).GroupBy(entry => entry.PartitionKey)
            .SelectMany(partition => partition.Chunk(TableRemoval.MostInTransaction));
        foreach (OpenTask[] chunk in chunks)
        {
            TableTransactionAction[] actions = [.. chunk.Select(Put)];
            try
            {
                await table.SubmitTransactionAsync(actions, cancellationToken);
            }
            catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
            {
                await table.CreateIfNotExistsAsync(cancellationToken);
                await table.SubmitTransactionAsync(actions, cancellationToken);
            }
        }
    }

    /// <summary>Those of a hub that are due by then, the longest overdue first.</summary>
    public IAsyncEnumerable<Page<OpenTask>> DueAsync(string hub, DateTimeOffset by, CancellationToken cancellationToken) => table.QueryAsync<OpenTask>(
        $"PartitionKey eq '{OpenTask.Partition(hub)}' and RowKey lt '{OpenTask.DueKey(by)}~'",
        PageSize,
        [nameof(OpenTask.PartitionKey), nameof(OpenTask.RowKey)],
        cancellationToken).AsPages();

    /// <summary>Replaces it by another one for the same task, unless somebody else has dealt with it.</summary>
    public async Task MoveAsync(OpenTask entry, OpenTask next, CancellationToken cancellationToken)
    {
        if (entry.PartitionKey != next.PartitionKey)
        {
            await AddAsync([next], cancellationToken);
            await RemoveAsync(entry, cancellationToken);
            return;
        }

        if (entry.RowKey == next.RowKey)
        {
            return;
        }

        TableTransactionAction[] actions = [Put(next), new(TableTransactionActionType.Delete, entry, ETag.All)];
        try
        {
            await table.SubmitTransactionAsync(actions, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == (int)HttpStatusCode.NotFound)
        {
            // 404: another sweep has moved or removed the entry, so the transaction, which would have added the next one, does neither.
        }
    }

    /// <summary>Removes it, if it is there.</summary>
    public Task RemoveAsync(OpenTask entry, CancellationToken cancellationToken) =>
        table.DeleteEntityAsync(entry.PartitionKey, entry.RowKey, ETag.All, cancellationToken);

    private static TableTransactionAction Put(OpenTask entry) => new(TableTransactionActionType.UpsertReplace, entry);
}
