using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>Every five minutes, for up to four: deletes tasks that ended longer ago than the setting <c>Retention__Days</c>, unless they have a time of their own.</summary>
/// <remarks>
/// The rows of short tasks need not become tombstones first: each has ended and goes last, so what breaks off is found again. Whoever sends
/// a task's idempotency key meanwhile gets that task, if the key is still there, as if he had come a moment earlier, or else
/// a new one.
/// </remarks>
public sealed class Retention(
    Scans scans,
    TaskTable tasks,
    TaskDeletion deletion,
    IOptions<RetentionSettings> settings,
    TimeProvider time,
    ILogger<Retention> logger)
{
    private static readonly TimeSpan TimeForAll = TimeSpan.FromMinutes(4);

    // Another app with the same table deletes its own tasks, if there is one.
    private static readonly TimeSpan LongerForOthers = TimeSpan.FromDays(1);

    // A webhook's last attempt comes after 44 hours at the latest.
    private static readonly TimeSpan LongerForWebhooks = TimeSpan.FromDays(2);

    [Function(nameof(Retention))]
    public async Task RunAsync([TimerTrigger("30 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        if (settings.Value.Period is { } period)
        {
            await TimeLimit.RunAsync(TimeForAll, token => DeleteAsync(time.GetUtcNow() - period, client, token), time, cancellationToken);
        }
    }

    private Task DeleteAsync(DateTimeOffset cutoff, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var many = new ManyAtOnce(logger);
        return scans.RunAsync(
            $"retention-{client.Name}",
            _ => new Scan { Before = cutoff },
            $"EndedAt lt datetime'{cutoff.UtcDateTime:O}'",
            async rows =>
            {
                List<TaskRow> removable = [];
                IEnumerable<TaskRow> expired = rows.Where(row => row.ExpiresAt is null && row.EndedAt < cutoff - Longer(row, client));
                await many.ForEachAsync(expired, row => row.Id.ToString(), (row, token) => RemoveAsync(row, removable, client, token), cancellationToken);
                await many.ForEachAsync(
                    removable.GroupBy(row => row.PartitionKey).SelectMany(minute => minute.Chunk(TableRemoval.MostInTransaction)),
                    chunk => $"{chunk[0].Id} and others",
                    (chunk, token) => tasks.RemoveAsync(chunk, token),
                    cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>How much longer than others the task is kept.</summary>
    private static TimeSpan Longer(TaskRow row, DurableTaskClient client) =>
        row.WebhookDone == false ? LongerForWebhooks : TaskHubs.IsOwn(row, client) ? TimeSpan.Zero : LongerForOthers;

    /// <summary>Removes all of a task, or all but the row, which is removed together with others.</summary>
    private async Task RemoveAsync(TaskRow row, List<TaskRow> removable, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (row.Items is not null || row.HasBlobs == true)
        {
            // Once items are removed, the row's result is incomplete: so it becomes a tombstone first, and no caller sees the task.
            if (await tasks.BuryAsync(row, cancellationToken) is { } tombstone)
            {
                await deletion.RemoveAsync(tombstone, client, TimeSpan.Zero, cancellationToken);
            }
        }
        else if (await deletion.RemoveAllButRowAsync(row, client, TimeSpan.Zero, cancellationToken))
        {
            lock (removable)
            {
                removable.Add(row);
            }
        }
    }
}
