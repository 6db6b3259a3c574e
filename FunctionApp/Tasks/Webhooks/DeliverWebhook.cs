using System.Net;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>Input of <see cref="DeliverWebhook"/>.</summary>
/// <param name="Number">From 1 on.</param>
public sealed record WebhookAttempt(string TaskId, int Number, bool IsLast);

/// <summary>
/// One attempt at a delivery: sends the task as <c>GET /tasks/{task_id}</c> gives it, and notes in its row what came of
/// it. A large result is left out; the task's links lead to it.
/// </summary>
public sealed class DeliverWebhook(
    [FromKeyedServices(TaskServices.Patient)] TaskTable tasks,
    WebhookSender sender,
    IOptions<RetentionSettings> retention,
    TimeProvider time,
    ILogger<DeliverWebhook> logger)
{
    private const int LargestResult = 16 * 1_024;

    /// <summary>True if there is nothing more to do: it was delivered, nobody wants it, or the task was deleted.</summary>
    [Function(nameof(DeliverWebhook))]
    public async Task<bool> RunAsync([ActivityTrigger] WebhookAttempt attempt, CancellationToken cancellationToken)
    {
        if (await tasks.FindAsync(TaskId.Parse(attempt.TaskId), cancellationToken) is not { IsUnfinished: false, WebhookUrl: not null } row
            || row.WebhookDone == true)
        {
            return true;
        }

        var task = TaskView.Of(row, time.GetUtcNow(), retention.Value.Period);
        if (row.Result?.ToMemory().Length > LargestResult)
        {
            task = task with { Result = null };
        }

        (HttpStatusCode? status, string description) =
            await sender.SendAsync(new Uri(row.WebhookUrl), attempt.TaskId, task, TaskView.Json, cancellationToken);
        logger.WebhookAttempted(attempt.TaskId, attempt.Number, description);
        bool isDone = status is (>= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices) or HttpStatusCode.Gone;
        var change = new TaskRow(row.Id)
        {
            WebhookAttempts = attempt.Number,
            WebhookStatus = description,
            WebhookDone = isDone || attempt.IsLast,
        };
        await tasks.ChangeEndedAsync(change, row.ETag, cancellationToken);
        return isDone;
    }
}
