using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Webhooks;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary>Removes ended tasks: orchestrations, key, items and blobs, and the row last, so that what breaks off can be found again.</summary>
public sealed class TaskDeletion(TaskTable tasks, KeysTable keys, ItemsTable items, TaskBlobs blobs, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    // An orchestration ends a moment after its task's row. One that has not ended after this time hangs, and is purged all the same.
    private static readonly TimeSpan Hanging = TimeSpan.FromHours(1);

    /// <summary>
    /// Removes what is left of a buried task. False, with the row still there, if an orchestration of it has not ended within
    /// <paramref name="patience"/>: purged then, it would leave messages behind.
    /// </summary>
    public async Task<bool> RemoveAsync(TaskRow tombstone, DurableTaskClient client, TimeSpan patience, CancellationToken cancellationToken) =>
        await RemoveAllButRowAsync(tombstone, client, patience, cancellationToken)
        && await tasks.RemoveAsync(tombstone, cancellationToken);

    /// <summary>The same, but leaves the row to the caller.</summary>
    public async Task<bool> RemoveAllButRowAsync(TaskRow row, DurableTaskClient client, TimeSpan patience, CancellationToken cancellationToken)
    {
        string taskId = row.Id.ToString();
        DateTimeOffset end = time.GetUtcNow() + patience;
        if (!await PurgeAsync(row, taskId, end, client, cancellationToken)
            || (row.WebhookDone is not null && !await PurgeAsync(row, WebhookOrchestration.InstanceId(taskId), end, client, cancellationToken)))
        {
            return false;
        }

        if (row.KeyHash is not null)
        {
            await keys.RemoveAsync(row.KeyHash, taskId, cancellationToken);
        }

        if (row.Items is not null)
        {
            await items.RemoveAsync(taskId, cancellationToken);
        }

        if (row.HasBlobs == true)
        {
            await blobs.RemoveFolderAsync(row.Id, cancellationToken);
        }

        return true;
    }

    /// <summary>Purges an orchestration, if there is one; false if it has not ended in time.</summary>
    private async Task<bool> PurgeAsync(
        TaskRow row, string instanceId, DateTimeOffset end, DurableTaskClient client, CancellationToken cancellationToken)
    {
        OrchestrationMetadata? instance = await client.GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellationToken);
        bool isHanging = time.GetUtcNow() - row.Timestamp > Hanging;
        bool isAsked = false;
        for (TimeSpan pause = FirstPause; instance is { IsCompleted: false }; pause *= 2)
        {
            // One that is still to begin, and is ended and purged before, would begin when its start message comes, and be there for ever.
            if (!isAsked && (isHanging || instance.RuntimeStatus != OrchestrationRuntimeStatus.Pending))
            {
                await AskToEndAsync(row, instanceId, isHanging, client, cancellationToken);
                isAsked = true;
            }

            if (time.GetUtcNow() >= end)
            {
                return false;
            }

            await Task.Delay(pause < LongestPause ? pause : LongestPause, time, cancellationToken);
            instance = await client.GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellationToken);
        }

        if (instance is not null)
        {
            await client.PurgeInstanceAsync(instanceId, cancellationToken);
        }

        return true;
    }

    private static async Task AskToEndAsync(TaskRow row, string instanceId, bool isHanging, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (isHanging || instanceId != row.Id.ToString())
        {
            // A webhook's next attempt may be hours away.
            await client.TerminateIfRunningAsync(instanceId, cancellationToken);
        }
        else if (row.StartAt is not null)
        {
            // The orchestration may have missed the event of the cancellation, and would wait until the task's start.
            await client.RaiseIfRunningAsync(instanceId, TaskOrchestration.ChangedEvent, cancellationToken);
        }
    }
}
