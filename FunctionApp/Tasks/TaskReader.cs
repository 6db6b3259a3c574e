using System.Text.Json;
using FunctionApp.Tasks.Webhooks;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// Reads tasks. An unfinished one that storage has not heard of for a minute is compared with its orchestration, so
/// that no task stays unfinished when what should end it is gone.
/// </summary>
public sealed class TaskReader(TaskTable tasks, IMemoryCache recentlyCompared, TimeProvider time, ILogger<TaskReader> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    // How long after its deadline a task may still be about to be ended by its activity.
    private static readonly TimeSpan Overtime = TimeSpan.FromMinutes(5);

    /// <summary>The task whose ID that text is; null if there is none.</summary>
    public async Task<TaskRow?> FindAsync(string taskId, DurableTaskClient client, CancellationToken cancellationToken) =>
        TaskId.TryParse(taskId, out TaskId id) ? await FindAsync(id, client, cancellationToken) : null;

    /// <summary>The task; null if there is none.</summary>
    public async Task<TaskRow?> FindAsync(TaskId id, DurableTaskClient client, CancellationToken cancellationToken)
    {
        TaskRow? row = await tasks.FindAsync(id, cancellationToken);
        if (row is not { IsUnfinished: true } || time.GetUtcNow() - row.Timestamp < Patience || recentlyCompared.TryGetValue(id, out _))
        {
            return row;
        }

        if (await ReconcileAsync(row, client, cancellationToken))
        {
            return await tasks.FindAsync(id, cancellationToken);
        }

        recentlyCompared.Set(id, true, Patience);
        return row;
    }

    /// <summary>Compares an unfinished row with its orchestration; true if it was changed, or somebody else has changed it.</summary>
    private async Task<bool> ReconcileAsync(TaskRow row, DurableTaskClient client, CancellationToken cancellationToken)
    {
        OrchestrationMetadata? instance = await client.GetInstanceAsync(row.Id.ToString(), getInputsAndOutputs: true, cancellationToken);
        if (instance is null && row.StartedAt is null)
        {
            // Inserted, but the submission has not come to start it.
            await TaskStarter.StartOrchestrationAsync(row, row.ETag, client, cancellationToken);
            return false;
        }

        if (End(row, instance) is not { } end)
        {
            return false;
        }

        if (await tasks.ChangeUnfinishedAsync(end, row.ETag, cancellationToken) is not null)
        {
            logger.Reconciled(row.Id.ToString(), instance?.RuntimeStatus.ToString() ?? "no orchestration", end.Status!.Value);
        }

        if (row.WebhookUrl is not null)
        {
            await WebhookOrchestration.StartAsync(client, row.Id.ToString(), cancellationToken);
        }

        return true;
    }

    private TaskRow? End(TaskRow row, OrchestrationMetadata? instance)
    {
        DateTimeOffset now = time.GetUtcNow();
        return instance?.RuntimeStatus switch
        {
            OrchestrationRuntimeStatus.Terminated => TaskRow.Canceled(row.Id, TerminationReason(instance), now),
            null or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Completed => TaskRow.Failed(row.Id, TaskError.Lost, now),
            _ when row.Deadline + Overtime < now =>
                TaskRow.Failed(row.Id, TaskError.Timeout(TimeSpan.FromMilliseconds(row.TimeLimit!.Value)), now),
            _ => null,
        };
    }

    // A JSON string when the client terminated it, bare text when the management API did.
    private static string TerminationReason(OrchestrationMetadata instance)
    {
        string? output = instance.SerializedOutput;
        if (output is ['"', .., '"'])
        {
            output = JsonSerializer.Deserialize<string>(output);
        }

        return string.IsNullOrWhiteSpace(output) ? "The task was terminated." : $"The task was terminated: {output}";
    }
}
