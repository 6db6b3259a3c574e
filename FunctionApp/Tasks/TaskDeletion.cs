using FunctionApp.Tasks.Batches;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks;

/// <summary>Removes ended tasks: row, key, items and orchestrations, the row last, so that what breaks off can be found again.</summary>
public sealed class TaskDeletion(TaskTable tasks, KeysTable keys, ItemsTable items)
{
    /// <summary>Turns an ended task's row into a tombstone; false if it is one already, or gone.</summary>
    public async Task<bool> BuryAsync(TaskRow row, CancellationToken cancellationToken) =>
        await tasks.ChangeEndedAsync(new TaskRow(row.Id) { Status = RowStatus.Deleted }, row.ETag, cancellationToken);

    /// <summary>
    /// Removes what is left of a buried task. False, with the row still there, if an orchestration of it has not ended:
    /// purged now, it would leave messages behind.
    /// </summary>
    public async Task<bool> RemoveAsync(TaskRow row, DurableTaskClient client, CancellationToken cancellationToken)
    {
        string taskId = row.Id.ToString();
        string[] instances = row.WebhookUrl is null ? [taskId] : [taskId, Webhooks.WebhookOrchestration.InstanceId(taskId)];
        foreach (string instanceId in instances)
        {
            OrchestrationMetadata? instance = await client.GetInstanceAsync(instanceId, getInputsAndOutputs: false, cancellationToken);
            if (instance is { IsCompleted: false })
            {
                if (instanceId != taskId)
                {
                    // Its next attempt may be hours away.
                    await client.TerminateInstanceAsync(instanceId, cancellation: cancellationToken);
                }
                else if (row.StartAt is not null)
                {
                    // It may have missed the cancellation, and would wait for its start.
                    await client.RaiseEventAsync(instanceId, TaskOrchestration.CanceledEvent, cancellation: cancellationToken);
                }

                return false;
            }

            if (instance is not null)
            {
                await client.PurgeInstanceAsync(instanceId, cancellationToken);
            }
        }

        if (row.KeyHash is not null)
        {
            await keys.RemoveAsync(row.KeyHash, taskId, cancellationToken);
        }

        if (row.Items is not null)
        {
            await items.RemoveAsync(taskId, cancellationToken);
        }

        await tasks.RemoveAsync(row.Id, cancellationToken);
        return true;
    }
}
