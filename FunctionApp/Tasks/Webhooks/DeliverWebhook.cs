using System.Net;
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
    IOptions<RetentionSettings> retention,
    TimeProvider time,
    ILogger<DeliverWebhook> logger)
{
    private const int LargestResult = 16 * 1_024;

    // A timer may fire a moment early, and two instances' clocks differ.
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(2);

    // What was sent is noted even if the host stops; longer than this it does not wait.
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(5);

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

        // It was repeated, or started again, after an attempt that is noted.
        if (row.WebhookNextAt - now > Early)
        {
            return row.WebhookNextAt - now;
        }

        var task = TaskView.Of(row, now, retention.Value.Period);
        if (row.Result?.ToMemory().Length > LargestResult)
        {
            task = task with { Result = null };
        }

        (HttpStatusCode? status, string description) =
            await sender.SendAsync(new Uri(row.WebhookUrl), turn.TaskId, task, TaskView.Json, stopping);
        int attempt = (row.WebhookAttempts ?? 0) + 1;
        logger.WebhookAttempted(turn.TaskId, attempt, description);
        bool isDelivered = status is (>= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices) or HttpStatusCode.Gone;
        TimeSpan? pause = isDelivered ? null : WebhookSchedule.PauseAfter(attempt);
        var change = new TaskRow(id)
        {
            WebhookAttempts = attempt,
            WebhookStatus = description,
            WebhookNextAt = time.GetUtcNow() + pause,
            WebhookDone = pause is null,
        };

        using var writing = new CancellationTokenSource();
        await using CancellationTokenRegistration hurry = stopping.Register(() => writing.CancelAfter(Grace));
        await tasks.ChangeEndedAsync(change, row.ETag, writing.Token);
        return pause;
    }
}
