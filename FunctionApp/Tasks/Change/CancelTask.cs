using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks;

/// <summary>
/// <c>POST /tasks/{task_id}/cancel</c>: one conditional write, so that it is final. A running activity notices it by its
/// heartbeat; a task that has not begun finds its row ended when its turn comes.
/// </summary>
public sealed class CancelTask(
    ReconciledTasks reconciled, TaskTable tasks, IOptions<RetentionSettings> retention, TimeProvider time, ILogger<CancelTask> logger)
{
    [Function(nameof(CancelTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "tasks/{taskId}/cancel")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        if (await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.None) is not { } row)
        {
            return TaskProblems.Unknown();
        }

        // From here on the work is not cancelled when the caller hangs up.
        using var bounded = new CancellationTokenSource(RequestTimeLimit.Longest, time);
        DateTimeOffset now = time.GetUtcNow();
        var end = TaskChange.Canceled(row.Id, "The task was canceled.", now);
        if (row.IsUnfinished && await tasks.ChangeUnfinishedAsync(end, row.ETag, bounded.Token) is not null)
        {
            TaskMetrics.Ended(row.Kind!, end, row.StartedAt);
            await AfterEndAsync(row, now, client, bounded.Token);
        }

        return await tasks.FindAsync(row.Id, bounded.Token) switch
        {
            null => TaskProblems.Unknown(),
            { Status: RowStatus.Canceled } canceled => TaskView.Of(canceled, now, retention.Value.Period, request.PathBase).Answer(),
            { } ended => TaskProblems.Conflict(ended.StatusAt(now), "The task has ended before it could be canceled."),
        };
    }

    /// <summary>What belongs to the end that is written now. Should it fail, it comes about by itself, but later.</summary>
    private async Task AfterEndAsync(TaskRow row, DateTimeOffset now, DurableTaskClient client, CancellationToken cancellationToken)
    {
        string taskId = row.Id.ToString();
        if (row.StartAt > now)
        {
            await TryAsync(() => client.RaiseIfRunningAsync(taskId, TaskOrchestration.ChangedEvent, cancellationToken));
        }

        if (row.WebhookUrl is not null)
        {
            await TryAsync(() => Webhooks.WebhookOrchestration.StartAsync(client, taskId, cancellationToken));
        }

        async Task TryAsync(Func<Task> call)
        {
            try
            {
                await call();
            }
            catch (Exception e) when (Outage.Is(e))
            {
                logger.AfterCancelFailed(e, taskId);
            }
        }
    }
}
