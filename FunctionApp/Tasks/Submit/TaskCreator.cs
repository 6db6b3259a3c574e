using Azure;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Upkeep;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// Creates tasks: first the row, then its orchestration. All methods can be repeated, and complete what an earlier call
/// that broke off has left. They throw what storage and the durable client throw.
/// </summary>
public sealed class TaskCreator(
    TaskTable tasks, KeysTable keys, ItemsTable itemsTable, OpenTasks open, TimeProvider time, ILogger<TaskCreator> logger)
{
    /// <summary>
    /// Makes sure that the row and its orchestration exist. Once the row is there the task is accepted: an orchestration that
    /// cannot be started now is started by the sweep or by whoever reads the row.
    /// </summary>
    /// <param name="items">What a batch has. They are stored after a row that says so, since the sweep finds rows.</param>
    public Task CreateAsync(TaskRow row, BatchItems? items, DurableTaskClient client, CancellationToken cancellationToken) =>
        CreateAsync(row, items, () => Task.FromResult(true), client, cancellationToken);

    /// <summary>The same; false, with no row left, if the row was not there and is not wanted once it is.</summary>
    private async Task<bool> CreateAsync(
        TaskRow row, BatchItems? items, Func<Task<bool>> isWanted, DurableTaskClient client, CancellationToken cancellationToken)
    {
        row.Hub = client.Name;
        row.Status = items is null ? RowStatus.Pending : RowStatus.Preparing;
        ETag? etag = await tasks.InsertAsync(row, cancellationToken);
        if (etag is not null && !await isWanted())
        {
            row.ETag = etag.Value;
            await tasks.RemoveAsync(row, cancellationToken);
            return false;
        }

        if (items is not null && (etag is not null || await tasks.FindStatusAsync(row.Id, cancellationToken) == RowStatus.Preparing))
        {
            await itemsTable.AddAsync(row.Id.ToString(), items, cancellationToken);
            etag = await tasks.FinishPreparingAsync(row.Id, cancellationToken);
        }

        try
        {
            if (etag is { } inserted)
            {
                await client.StartTaskAsync(row, inserted, cancellationToken);
            }
            else if (await tasks.FindAsync(row.Id, cancellationToken) is { IsUnfinished: true } existing)
            {
                await client.StartTaskAsync(existing, existing.ETag, cancellationToken);
            }
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.StartFailed(e, row.Id.ToString());
        }

        return true;
    }

    /// <summary>
    /// Creates one task for all who come with the same key; its ID, or null if the key came before with another
    /// submission. Once its task was deleted, a key is as good as new.
    /// </summary>
    /// <param name="submission">What makes one submission another one than before.</param>
    /// <param name="createRow">The row of this submission, for the ID that it gets.</param>
    /// <param name="storeInput">Stores, before there is a row of that ID, what of the input is a blob.</param>
    public async Task<TaskId?> CreateOnceAsync(
        string keyHash,
        string submission,
        TaskId newId,
        Func<TaskId, TaskRow> createRow,
        Func<TaskId, CancellationToken, Task> storeInput,
        BatchItems? items,
        DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var own = new KeyRow(keyHash, newId, submission.Sha256());
        while (true)
        {
            KeyRow first = await keys.GetOrAddAsync(own, cancellationToken);
            var id = TaskId.Parse(first.TaskId);
            if (id == newId)
            {
                await storeInput(id, cancellationToken);
                await CreateAsync(createRow(id), items, client, cancellationToken);
                return id;
            }

            RowStatus? status = await FindStatusAsync(id, client, cancellationToken);
            if (status == RowStatus.Deleted)
            {
                await keys.ReplaceAsync(first, own, cancellationToken);
                continue;
            }

            if (first.SubmissionHash != own.SubmissionHash)
            {
                return null;
            }

            if (status is not (null or RowStatus.Preparing or RowStatus.Pending))
            {
                // It has begun, so the submission that came first is complete.
                return id;
            }

            if (status is null)
            {
                // The sweep reads rows by the time in their ID, and has read that time already: so the row that comes now is noted for it.
                await open.AddAsync([new OpenTask(id, time.GetUtcNow() + OpenTasks.WhileARequestLasts, client.Name)], cancellationToken);
                await storeInput(id, cancellationToken);
            }

            // A deletion removes the key, then the row. If the key is gone once the row is inserted, the row must not stay.
            if (await CreateAsync(createRow(id), items, () => keys.HasAsync(first, cancellationToken), client, cancellationToken))
            {
                return id;
            }
        }
    }

    /// <summary>
    /// The status of the key's task. It was deleted if its row is a tombstone, or is gone although the orchestration, which
    /// starts after it, is there. Null, without an orchestration too: the submission that brought the key has only got so far,
    /// or the task has been deleted since the key was read.
    /// </summary>
    private async Task<RowStatus?> FindStatusAsync(TaskId id, DurableTaskClient client, CancellationToken cancellationToken)
    {
        RowStatus? status = await tasks.FindStatusAsync(id, cancellationToken);
        if (status is null && await client.GetInstanceAsync(id.ToString(), getInputsAndOutputs: false, cancellationToken) is not null)
        {
            // The row may have been inserted between the two reads: so it is read once more.
            status = await tasks.FindStatusAsync(id, cancellationToken) ?? RowStatus.Deleted;
        }

        return status;
    }
}
