using System.Diagnostics;
using Azure;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Upkeep;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// Starts tasks: first the row, then the orchestration. All methods can be repeated, and complete what an earlier call
/// that broke off has left. They throw what storage and the durable client throw.
/// </summary>
public sealed class TaskStarter(
    TaskTable tasks, KeysTable keys, ItemsTable itemsTable, OpenTasks open, TimeProvider time, ILogger<TaskStarter> logger)
{
    // What stands in the start message, in the history and in every attempt's event stays small: a larger input is read by the activity.
    private const int LargestInHistory = 2 * 1_024;

    // For rows from before there was this column.
    private const int DefaultMaxAttempts = 25;

    /// <summary>
    /// Makes sure that the row and its orchestration exist. Once the row is there the task is accepted: an orchestration that
    /// cannot be started now is started by the sweep or by whoever reads the row.
    /// </summary>
    /// <param name="items">What a batch has. They are stored after a row that says so, since the sweep finds rows.</param>
    public Task StartAsync(TaskRow row, BatchItems? items, DurableTaskClient client, CancellationToken cancellationToken) =>
        StartAsync(row, items, () => Task.FromResult(true), client, cancellationToken);

    /// <summary>The same; false, with no row left, if the row was not there and is not wanted once it is.</summary>
    private async Task<bool> StartAsync(
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
                await StartOrchestrationAsync(row, inserted, client, cancellationToken);
            }
            else if (await tasks.FindAsync(row.Id, cancellationToken) is { IsUnfinished: true } existing)
            {
                await StartOrchestrationAsync(existing, existing.ETag, client, cancellationToken);
            }
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.StartFailed(e, row.Id.ToString());
        }

        return true;
    }

    /// <summary>
    /// Starts one task for all who come with the same key; its ID, or null if the key came before with another
    /// submission. Once its task was deleted, a key is as good as new.
    /// </summary>
    /// <param name="submission">What makes one submission another one than before.</param>
    /// <param name="createRow">The row of this submission, for the ID that it gets.</param>
    /// <param name="storeInput">Stores, before there is a row of that ID, what of the input is a blob.</param>
    public async Task<TaskId?> StartOnceAsync(
        string keyHash,
        string submission,
        TaskId newId,
        Func<TaskId, TaskRow> createRow,
        Func<TaskId, CancellationToken, Task> storeInput,
        BatchItems? items,
        DurableTaskClient client,
        CancellationToken cancellationToken)
    {
        var own = new KeyRow(keyHash, newId, IdempotencyKey.Hash(submission));
        while (true)
        {
            KeyRow first = await keys.GetOrAddAsync(own, cancellationToken);
            var id = TaskId.Parse(first.TaskId);
            if (id == newId)
            {
                await storeInput(id, cancellationToken);
                await StartAsync(createRow(id), items, client, cancellationToken);
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

            if (status is null)
            {
                // The sweep has been past the time of this ID.
                await open.AddAsync([new OpenTask(id, time.GetUtcNow() + OpenTasks.WhileARequestLasts, client.Name)], cancellationToken);
                await storeInput(id, cancellationToken);
            }

            // A deletion removes the key, then the row: a row that is not there any more should not come back.
            if (await StartAsync(createRow(id), items, () => keys.HasAsync(first, cancellationToken), client, cancellationToken))
            {
                return id;
            }
        }
    }

    /// <summary>Starts the orchestration of a row; more than once is as good as once.</summary>
    /// <param name="etag">The row's.</param>
    public static Task StartOrchestrationAsync(TaskRow row, ETag etag, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var start = new TaskStart(
            row.Activity!,
            row.BodySize is null && row.Input?.ToMemory().Length <= LargestInHistory ? row.Input.ToString() : null,
            TimeSpan.FromMilliseconds(row.TimeLimit!.Value),
            row.MaxAttempts ?? DefaultMaxAttempts,
            (row.Attempt ?? 0) + 1,
            etag.ToString(),
            row.StartAt,
            row.StartBy,
            row.Items ?? 0,
            row.WebhookUrl is not null,
            Activity.Current?.Id);

        string orchestration = row.Items is null ? nameof(TaskOrchestration) : nameof(BatchOrchestration);
        return client.StartOnceAsync(orchestration, row.Id.ToString(), start, cancellationToken);
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
            // The row may have come since the first look.
            status = await tasks.FindStatusAsync(id, cancellationToken) ?? RowStatus.Deleted;
        }

        return status;
    }
}
