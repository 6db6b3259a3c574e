using Grpc.Core;
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
    TaskReader reader, TaskTable tasks, IOptions<RetentionSettings> retention, TimeProvider time, ILogger<CancelTask> logger)
{
    [Function(nameof(CancelTask))]
    public async Task<IResult> RunAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "tasks/{taskId}/cancel")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        CancellationToken cancellationToken = request.HttpContext.RequestAborted;
        if (await reader.FindAsync(taskId, client, cancellationToken) is not { } row)
        {
            return TaskAnswers.Unknown();
        }

        DateTimeOffset now = time.GetUtcNow();
        var end = TaskRow.Canceled(row.Id, "The task was canceled.", now);
        if (row.IsUnfinished && await tasks.ChangeUnfinishedAsync(end, row.ETag, cancellationToken) is not null)
        {
            await AfterEndAsync(row, now, client, cancellationToken);
        }

        return await tasks.FindAsync(row.Id, cancellationToken) switch
        {
            null => TaskAnswers.Unknown(),
            { Status: RowStatus.Canceled } canceled => TaskView.Of(canceled, now, retention.Value.Period).Answer(),
            { } ended => TaskAnswers.Conflict(ended.StatusAt(now), "The task has ended before it could be canceled."),
        };
    }

    /// <summary>What would come about by itself, but late: both may fail without harm.</summary>
    private async Task AfterEndAsync(TaskRow row, DateTimeOffset now, DurableTaskClient client, CancellationToken cancellationToken)
    {
        try
        {
            if (row.StartAt > now)
            {
                await client.RaiseEventAsync(row.Id.ToString(), TaskOrchestration.CanceledEvent, cancellation: cancellationToken);
            }

            if (row.WebhookUrl is not null)
            {
                await Webhooks.WebhookOrchestration.StartAsync(client, row.Id.ToString(), cancellationToken);
            }
        }
        catch (RpcException e)
        {
            logger.AfterCancelFailed(e, row.Id.ToString());
        }
    }
}
