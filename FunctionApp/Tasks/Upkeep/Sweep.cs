using Azure;
using FunctionApp.Tasks.Webhooks;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>
/// Every five minutes: sees to what does not come to its end by itself. It ends tasks that nothing else would end, delivers
/// their webhooks, deletes those whose own time has come, and removes what deletions and submissions that broke off have left.
/// </summary>
/// <remarks>
/// Each row is read once, when it is a minute old; most have ended by then. The others are noted among the open tasks, and
/// looked at until there is nothing left to see to.
/// </remarks>
public sealed class Sweep(
    Scans scans,
    OpenTasks open,
    TaskTable tasks,
    TaskHubs hubs,
    ReconciledTasks reconciled,
    TaskDeletion deletion,
    LostFolders lostFolders,
    OldestPending oldest,
    TimeProvider time,
    ILogger<Sweep> logger)
{
    private const string Filter =
        $"(Status eq '{nameof(RowStatus.Pending)}' or Status eq '{nameof(RowStatus.Running)}'"
        + $" or Status eq '{nameof(RowStatus.Preparing)}' or Status eq '{nameof(RowStatus.Deleted)}' or WebhookDone eq false)";

    private static readonly TimeSpan Young = TimeSpan.FromMinutes(1);

    // Another instance's clock may be behind, so rows may still come that are as old.
    private static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    // What was not submitted completely by then never will be.
    private static readonly TimeSpan BrokenOff = TimeSpan.FromHours(1);

    // What is older when an app sweeps for the first time is read beside what comes, however long that takes.
    private static readonly TimeSpan Recent = TimeSpan.FromHours(1);

    private static readonly TimeSpan AfterFailure = TimeSpan.FromHours(1);
    private static readonly TimeSpan TimeForEach = TimeSpan.FromSeconds(60);

    [Function(nameof(Sweep))]
    public async Task RunAsync([TimerTrigger("0 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        DateTimeOffset now = time.GetUtcNow();
        await TimeLimit.RunAsync(
            TimeForEach,
            token => FindAsync("new", client, last => new Scan { Since = last is null ? now - Recent : last.Before - ClockSkew, Before = now - Young }, token),
            time,
            cancellationToken);
        await TimeLimit.RunAsync(
            TimeForEach, token => FindAsync("old", client, last => last is null ? new Scan { Before = now - Recent } : null, token), time, cancellationToken);
        await TimeLimit.RunAsync(TimeForEach, token => LookAsync(client, token), time, cancellationToken);
        TaskMetrics.OldestPending(oldest.Age(time.GetUtcNow()));
        await TimeLimit.RunAsync(TimeForEach, lostFolders.RemoveAsync, time, cancellationToken);
    }

    /// <summary>Notes the open ones among the rows that a scan goes over.</summary>
    private Task FindAsync(string scan, DurableTaskClient client, Func<Scan?, Scan?> begin, CancellationToken cancellationToken) => scans.RunAsync(
        scan,
        begin,
        Filter,
        rows => open.AddAsync(rows.Select(row => new OpenTask(row.Id, row.Id.CreatedAt, row.Hub ?? client.Name)), cancellationToken),
        cancellationToken);

    /// <summary>Looks at the open ones whose time has come, and at all that are to be taken over from another hub.</summary>
    private async Task LookAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        await oldest.LookAgainAsync(cancellationToken);
        await LookAsync(open.DueAsync(client.Name, time.GetUtcNow(), cancellationToken), client, cancellationToken);
        foreach (string hub in hubs.Former)
        {
            await LookAsync(open.DueAsync(hub, DateTimeOffset.MaxValue, cancellationToken), client, cancellationToken);
        }
    }

    private async Task LookAsync(IAsyncEnumerable<Page<OpenTask>> pages, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var many = new ManyAtOnce(logger);
        await foreach (Page<OpenTask> page in pages)
        {
            await many.ForEachAsync(
                page.Values,
                entry => entry.TaskId,
                (entry, token) => LookAsync(entry, client, token),
                cancellationToken,
                failed: entry => open.MoveAsync(
                    entry, new OpenTask(TaskId.Parse(entry.TaskId), time.GetUtcNow() + AfterFailure, client.Name), cancellationToken));
        }
    }

    private async Task LookAsync(OpenTask entry, DurableTaskClient client, CancellationToken cancellationToken)
    {
        TaskRow? row = await tasks.FindRowAsync(TaskId.Parse(entry.TaskId), cancellationToken);
        if (row is null || await SeeToAsync(row, client, cancellationToken))
        {
            await open.RemoveAsync(entry, cancellationToken);
            return;
        }

        if (!TaskHubs.IsOwn(row, client))
        {
            // If this app has taken the row over just now, the row names another hub, for which its next look is noted.
            row = await tasks.FindRowAsync(row.Id, cancellationToken) ?? row;
        }

        oldest.See(row, time.GetUtcNow());
        var next = new OpenTask(row.Id, OpenTask.NextLook(row, time.GetUtcNow()), row.Hub ?? client.Name);
        await open.MoveAsync(entry, next, cancellationToken);
    }

    /// <summary>True if there is nothing left to see to.</summary>
    private async Task<bool> SeeToAsync(TaskRow row, DurableTaskClient client, CancellationToken cancellationToken)
    {
        if (!TaskHubs.IsOwn(row, client) && !hubs.IsFormer(row, client))
        {
            // The row belongs to the task hub of another app, which sees to it.
            return false;
        }

        switch (row.Status)
        {
            case RowStatus.Deleted:
                return await deletion.RemoveAsync(row, client, TimeSpan.Zero, cancellationToken);
            case RowStatus.Preparing:
                return time.GetUtcNow() - row.Timestamp > BrokenOff
                    && await tasks.BuryAsync(row, cancellationToken) is { } tombstone
                    && await deletion.RemoveAsync(tombstone, client, TimeSpan.Zero, cancellationToken);
            case RowStatus.Pending or RowStatus.Running:
                return await reconciled.FindAsync(row.Id, client, cancellationToken, TaskColumns.None) is not { } found
                    || (!found.IsUnfinished && found.WebhookDone != false && (found.ExpiresAt ?? TaskRow.Never) == TaskRow.Never);
            default:
                if (row.ExpiresAt <= time.GetUtcNow())
                {
                    return await tasks.BuryAsync(row, cancellationToken) is not { } expired
                        || await deletion.RemoveAsync(expired, client, TimeSpan.Zero, cancellationToken);
                }

                if (row.WebhookDone == false)
                {
                    await WebhookOrchestration.StartAsync(client, row.Id.ToString(), cancellationToken);
                }

                return row.WebhookDone != false && (row.ExpiresAt ?? TaskRow.Never) == TaskRow.Never;
        }
    }
}
