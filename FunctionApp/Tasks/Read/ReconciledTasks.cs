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
public sealed class ReconciledTasks(TaskTable tasks, TaskHubs hubs, IMemoryCache recentlyCompared, TimeProvider time, ILogger<ReconciledTasks> logger)
{
    // A row that was written within this time is taken as it is, without a look at its orchestration.
    private static readonly TimeSpan Believed = TimeSpan.FromMinutes(1);

    // A task stands still when nobody has written its row on so many days on which somebody, at least the sweep, has read it.
    private const int MaxIdleDays = 7;
    private static readonly TimeSpan IdleDay = TimeSpan.FromDays(1);

    /// <summary>The task whose ID that text is; null if there is none.</summary>
    public async Task<TaskRow?> FindAsync(
        string taskId, DurableTaskClient client, CancellationToken cancellationToken, TaskColumns columns = TaskColumns.All) =>
        TaskId.TryParse(taskId, out TaskId id) ? await FindAsync(id, client, cancellationToken, columns) : null;

    /// <summary>The task; null if there is none.</summary>
    public async Task<TaskRow?> FindAsync(
        TaskId id, DurableTaskClient client, CancellationToken cancellationToken, TaskColumns columns = TaskColumns.All)
    {
        TaskRow? row = await tasks.FindAsync(id, cancellationToken, columns);
        if (row is not { IsUnfinished: true })
        {
            return row;
        }

        DateTimeOffset now = time.GetUtcNow();
        if (TaskHubs.IsOwn(row, client) && TaskChange.Expired(row, now) is { } expired)
        {
            await EndLostAsync(row, expired, "it has not begun", client);
            return await tasks.FindAsync(id, cancellationToken, columns);
        }

        if (now - row.Timestamp < Believed || recentlyCompared.TryGetValue(id, out _))
        {
            return row;
        }

        if (await ReconcileAsync(row, now, client, cancellationToken))
        {
            return await tasks.FindAsync(id, cancellationToken, columns);
        }

        recentlyCompared.Set(id, true, Believed);
        return row;
    }

    /// <summary>Compares an unfinished row with its orchestration; true if it was ended, or somebody else has changed it.</summary>
    private async Task<bool> ReconcileAsync(TaskRow row, DateTimeOffset now, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (hubs.IsFormer(row, client))
        {
            // First the orchestration, then the row: a row of this hub without an orchestration would be taken for lost.
            await StartAsync(row.Id, client, cancellationToken);
            await tasks.ChangeUnfinishedAsync(new TaskChange(row.Id) { Hub = client.Name }, row.ETag, cancellationToken);
            logger.Adopted(row.Id.ToString(), row.Hub!);
            return false;
        }

        if (!TaskHubs.IsOwn(row, client))
        {
            return false;
        }

        OrchestrationMetadata? instance = await client.GetInstanceAsync(row.Id.ToString(), getInputsAndOutputs: true, cancellationToken);
        if (instance is null && row.StartedAt is null)
        {
            // The submission has inserted the row, and broke off before it started the orchestration.
            await StartAsync(row.Id, client, cancellationToken);
            return false;
        }

        switch (instance?.RuntimeStatus)
        {
            case OrchestrationRuntimeStatus.Terminated:
                return await EndLostAsync(row, TaskChange.Canceled(row.Id, TerminationReason(instance), now), "Terminated", client);
            case null or OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Completed:
                string evidence = instance?.RuntimeStatus.ToString() ?? "no orchestration";
                return await EndLostAsync(row, TaskChange.Failed(row.Id, TaskError.Lost, now), evidence, client);
            default:
                if (row is { Status: RowStatus.Pending, IsMoved: true } && row.StartAt < now)
                {
                    // The change of its start may have broken off before the event was sent: the orchestration would wait for the former start.
                    await client.RaiseIfRunningAsync(row.Id.ToString(), TaskOrchestration.ChangedEvent, cancellationToken);
                }

                return await CountIdleDayAsync(row, now, client, cancellationToken);
        }
    }

    private async Task StartAsync(TaskId id, DurableTaskClient client, CancellationToken cancellationToken)
    {
        // The row was read without its input, which is needed only here.
        if (await tasks.FindAsync(id, cancellationToken) is { IsUnfinished: true } row)
        {
            await client.StartTaskAsync(row, row.ETag, cancellationToken);
        }
    }

    /// <summary>
    /// An orchestration that is there but does nothing, because an operator has suspended it or something hangs in the hub,
    /// cannot be told from one that waits behind others. So it is given a week, of days on which the app has run.
    /// </summary>
    private async Task<bool> CountIdleDayAsync(TaskRow row, DateTimeOffset now, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (now - row.Timestamp < IdleDay || now - row.StartAt < IdleDay)
        {
            return false;
        }

        int days = (row.IdleDays ?? 0) + 1;
        if (days >= MaxIdleDays)
        {
            return await EndLostAsync(row, TaskChange.Failed(row.Id, TaskError.StoodStill, now), "it stands still", client);
        }

        await tasks.ChangeUnfinishedAsync(new TaskChange(row.Id) { IdleDays = days }, row.ETag, cancellationToken, _ => false);
        return false;
    }

    private async Task<bool> EndLostAsync(TaskRow row, TaskChange end, string evidence, DurableTaskClient client)
    {
        // The end is written whether or not the reader hangs up. A row that somebody has changed meanwhile is left to its next reader.
        using var bounded = new CancellationTokenSource(RequestTimeLimit.Longest, time);
        if (await tasks.ChangeUnfinishedAsync(end, row.ETag, bounded.Token, _ => false) is not null)
        {
            TaskMetrics.Ended(row.Kind!, end, row.StartedAt);
            logger.Reconciled(row.Id.ToString(), evidence, end.Status!.Value);
            if (row.WebhookUrl is not null)
            {
                await WebhookOrchestration.StartAsync(client, row.Id.ToString(), bounded.Token);
            }
        }

        return true;
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
