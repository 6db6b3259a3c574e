using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>Input of <see cref="DeliverWebhook"/>.</summary>
/// <param name="Turn">How often it was called before in this delivery: who has to come again waits a little longer each time.</param>
public sealed record WebhookTurn(string TaskId, int Turn);

/// <summary>
/// One attempt at a delivery: sends the task as <c>GET /tasks/{task_id}</c> gives it, and notes in its row what came of
/// it, and when the next attempt is due. A large result is left out; the task's links lead to it.
/// </summary>
public sealed class DeliverWebhook(
    [FromKeyedServices(TaskServices.Patient)] TaskTable tasks,
    WebhookSender sender,
    WebhookPlaces places,
    IOptions<RetentionSettings> retention,
    TimeProvider time,
    ILogger<DeliverWebhook> logger)
{
    private const int LargestResult = 16 * 1_024;

    // A timer may fire a moment early, and two instances' clocks differ.
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long to wait before the next call, or null if there is nothing more to do: it was delivered, nobody wants it, or
    /// the task was deleted. The row alone says so, and an unfinished one does not.
    /// </summary>
    [Function(nameof(DeliverWebhook))]
    public async Task<TimeSpan?> RunAsync([ActivityTrigger] WebhookTurn turn, CancellationToken stopping)
    {
        var id = TaskId.Parse(turn.TaskId);
        if (await tasks.FindAsync(id, stopping) is not { WebhookUrl: not null, WebhookDone: not true } row)
        {
            return null;
        }

        DateTimeOffset now = time.GetUtcNow();
        if (row.IsUnfinished)
        {
            return WebhookSchedule.Moment(turn.Turn);
        }

        // The activity was repeated, or the delivery started again, after an attempt that is in the row already.
        if (row.WebhookNextAt - now > Early)
        {
            return row.WebhookNextAt - now;
        }

        // That the receiver's places are taken is no failed attempt. Waiting here would hold an activity slot that work needs.
        var url = new Uri(row.WebhookUrl);
        if (!places.TryTake(url, out IDisposable? place))
        {
            return WebhookSchedule.Moment(turn.Turn);
        }

        using (place)
        {
            return await SendAsync(row, url, stopping);
        }
    }

    private async Task<TimeSpan?> SendAsync(TaskRow row, Uri url, CancellationToken stopping)
    {
        string taskId = row.Id.ToString();
        var task = TaskView.Of(row, time.GetUtcNow(), retention.Value.Period, row.WebhookLinks);
        if (row.Result?.ToMemory().Length > LargestResult)
        {
            task = task with { Result = null };
        }

        DateTimeOffset sentAt = time.GetUtcNow();
        WebhookAnswer answer = await sender.SendAsync(url, taskId, task, TaskView.Json, stopping);
        DateTimeOffset now = time.GetUtcNow();
        int attempt = (row.WebhookAttempts ?? 0) + 1;
        logger.WebhookAttempted(taskId, attempt, answer.Description);
        TimeSpan? pause = answer.IsFinal ? null : WebhookSchedule.PauseAfter(attempt, answer.RetryAfter);
        var change = new TaskChange(row.Id)
        {
            WebhookAttempts = attempt,
            WebhookStatus = answer.Description,
            WebhookNextAt = now + pause,
            WebhookDone = pause is null,
            WebhookLog = WebhookLog.Add(row.WebhookLog, new(sentAt, answer.Description, Math.Round((now - sentAt).TotalSeconds, 3))),
        };

        using var grace = new GracePeriod(stopping);
        await tasks.ChangeEndedAsync(change, row.ETag, grace.Token, current =>
        {
            if (current.WebhookNextAt != row.WebhookNextAt)
            {
                // Meanwhile a caller has asked that the webhook be sent again: the row is not done.
                (change.WebhookNextAt, change.WebhookDone, pause) = (null, false, WebhookSchedule.Moment(0));
            }
        });
        return pause;
    }
}
