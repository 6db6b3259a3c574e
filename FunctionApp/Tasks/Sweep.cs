using Azure;
using FunctionApp.Tasks.Webhooks;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks;

/// <summary>
/// Every five minutes: ends young tasks that nothing else would end, sees that their webhooks are delivered, removes
/// what deletions have left, and deletes what has been kept for long enough. Each run does a bounded part of it; since
/// what is done does not match any more, the next one goes on without having to know where.
/// </summary>
public sealed class Sweep(
    TaskTable tasks, TaskReader reader, TaskDeletion deletion, IOptions<RetentionSettings> retention, TimeProvider time)
{
    private const int MostRows = 1_000;

    // Older ones are seen to when somebody reads them.
    private static readonly TimeSpan Recent = TimeSpan.FromDays(2);
    private static readonly TimeSpan TimeLimit = TimeSpan.FromMinutes(2);

    [Function(nameof(Sweep))]
    public async Task RunAsync([TimerTrigger("0 */5 * * * *")] TimerInfo timer, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(timer);
        using var timeIsUp = new CancellationTokenSource(TimeLimit, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeIsUp.Token);
        DateTimeOffset now = time.GetUtcNow();
        try
        {
            await CompleteAsync(TaskRange.Of(now, now - Recent), client, bounded.Token);
            if (retention.Value.Period is { } period)
            {
                await DeleteAsync(TaskRange.Of(now - period, null), now - period, client, bounded.Token);
            }
        }
        catch (OperationCanceledException) when (timeIsUp.IsCancellationRequested)
        {
            // The next run goes on.
        }
    }

    private async Task CompleteAsync(TaskRange range, DurableTaskClient client, CancellationToken cancellationToken)
    {
        string filter = $"(Status eq '{RowStatus.Pending}' or Status eq '{RowStatus.Running}' or Status eq '{RowStatus.Deleted}'"
            + " or WebhookDone eq false)";
        await foreach (TaskRow row in RowsAsync(range, filter, cancellationToken))
        {
            if (row.Status == RowStatus.Deleted)
            {
                await deletion.RemoveAsync(row, client, cancellationToken);
            }
            else if (row.IsUnfinished)
            {
                await reader.FindAsync(row.Id, client, cancellationToken);
            }
            else
            {
                await WebhookOrchestration.StartAsync(client, row.Id.ToString(), cancellationToken);
            }
        }
    }

    private async Task DeleteAsync(TaskRange range, DateTimeOffset cutoff, DurableTaskClient client, CancellationToken cancellationToken)
    {
        string filter = $"(Status eq '{RowStatus.Deleted}' or EndedAt lt datetime'{cutoff.UtcDateTime:O}')";
        await foreach (TaskRow row in RowsAsync(range, filter, cancellationToken))
        {
            if (row.Status == RowStatus.Deleted || await deletion.BuryAsync(row, cancellationToken))
            {
                await deletion.RemoveAsync(row, client, cancellationToken);
            }
        }
    }

    private IAsyncEnumerable<TaskRow> RowsAsync(TaskRange range, string filter, CancellationToken cancellationToken) =>
        tasks.QueryAsync(range, filter, MostRows, cancellationToken).SelectMany((Page<TaskRow> page) => page.Values).Take(MostRows);
}
