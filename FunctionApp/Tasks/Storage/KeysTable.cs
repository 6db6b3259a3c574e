using System.Net;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace FunctionApp.Tasks;

/// <summary>An idempotency key that has been used: the task it stands for, and the submission it came with.</summary>
public sealed class KeyRow : ITableEntity
{
    // The table client needs a constructor without parameters.
    public KeyRow()
    {
    }

    /// <param name="keyHash">The key's hash.</param>
    /// <param name="taskId">The task it stands for from now on.</param>
    /// <param name="submissionHash">Hash of kind, input and options.</param>
    public KeyRow(string keyHash, TaskId taskId, string submissionHash)
    {
        PartitionKey = keyHash;
        RowKey = keyHash;
        TaskId = taskId.ToString();
        SubmissionHash = submissionHash;
    }

    public string PartitionKey { get; set; } = "";

    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    public string TaskId { get; set; } = "";

    public string SubmissionHash { get; set; } = "";
}

/// <summary>The idempotency keys, a row each, beside the results table.</summary>
public sealed class KeysTable(TableClient table)
{
    private const int NotFound = (int)HttpStatusCode.NotFound;
    private const int PreconditionFailed = (int)HttpStatusCode.PreconditionFailed;

    /// <exception cref="StartupException">Table Storage refused or did not answer.</exception>
    public Task CreateIfNotExistsAsync() => table.CreateAtStartAsync();

    /// <summary>
    /// The row of the key: <paramref name="row"/> itself for the first who comes, else that of who came first.
    /// </summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public async Task<KeyRow> GetOrAddAsync(KeyRow row, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await table.AddEntityAsync(row, cancellationToken);
                return row;
            }
            catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
            {
                await table.CreateIfNotExistsAsync(cancellationToken);
            }
            catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.EntityAlreadyExists)
            {
                NullableResponse<KeyRow> first = await table.GetEntityIfExistsAsync<KeyRow>(
                    row.PartitionKey, row.RowKey, cancellationToken: cancellationToken);

                // 404: the key was removed between the two requests. The next round adds it.
                if (first.HasValue)
                {
                    return first.Value!;
                }
            }
        }
    }

    /// <summary>Whether the key still stands for the same task.</summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public async Task<bool> HasAsync(KeyRow row, CancellationToken cancellationToken)
    {
        NullableResponse<KeyRow> now = await table.GetEntityIfExistsAsync<KeyRow>(
            row.PartitionKey, row.RowKey, cancellationToken: cancellationToken);
        return now.HasValue && now.Value!.TaskId == row.TaskId;
    }

    /// <summary>Removes the key, if it still stands for that task.</summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public async Task RemoveAsync(string keyHash, string taskId, CancellationToken cancellationToken)
    {
        NullableResponse<KeyRow> row = await table.GetEntityIfExistsAsync<KeyRow>(keyHash, keyHash, cancellationToken: cancellationToken);
        if (row.HasValue && row.Value!.TaskId == taskId)
        {
            try
            {
                await table.DeleteEntityAsync(keyHash, keyHash, row.Value.ETag, cancellationToken);
            }
            catch (RequestFailedException e) when (e.Status == PreconditionFailed)
            {
                // 412: the key was given to another task between the two requests, and is not this task's any more.
            }
        }
    }

    /// <summary>Gives the key to another task, unless somebody else has done so first.</summary>
    /// <exception cref="RequestFailedException">Table Storage refused or did not answer.</exception>
    public async Task ReplaceAsync(KeyRow old, KeyRow row, CancellationToken cancellationToken)
    {
        try
        {
            await table.UpdateEntityAsync(row, old.ETag, TableUpdateMode.Replace, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status is NotFound or PreconditionFailed)
        {
            // 404 or 412: another submission has replaced or removed the key first. The caller's next GetOrAddAsync reads whose it is now.
        }
    }
}
