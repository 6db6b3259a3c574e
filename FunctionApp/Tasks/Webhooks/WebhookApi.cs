using FunctionApp.Tasks.Upkeep;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>Body of the answers about a task's webhook.</summary>
/// <param name="LastStatus">The HTTP status of the last attempt, or why there was none.</param>
/// <param name="NextAttemptAt">Null while the task is unfinished, and if there will be no further attempt.</param>
/// <param name="Done">Whether there will be no further attempt.</param>
/// <param name="Deliveries">The last 20 attempts, newest first.</param>
public sealed record WebhookState(
    string Url, int Attempts, string? LastStatus, DateTimeOffset? NextAttemptAt, bool Done, IReadOnlyList<WebhookDelivery> Deliveries);

/// <summary><c>/tasks/{task_id}/webhook</c>: what has come of a task's webhook, and sending it again.</summary>
public sealed class WebhookApi(ReconciledTasks reconciled, TaskTable tasks, OpenTasks open, TimeProvider time, ILogger<WebhookApi> logger)
{
    /// <summary>200 with the webhook's state; 404 if the task has none.</summary>
    [Function("GetWebhook")]
    public async Task<IResult> GetAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = "tasks/{taskId}/webhook")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client) =>
        await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.WebhookLog) switch
        {
            null => TaskProblems.Unknown(),
            { WebhookUrl: null } row => NoWebhook(row),
            { } row => State(row, StatusCodes.Status200OK),
        };

    /// <summary>
    /// Sends the webhook once more, now, whatever came of it before. 202: it is noted in the row, so it will be sent, even
    /// if the delivery cannot be started at the moment.
    /// </summary>
    [Function("SendWebhook")]
    public async Task<IResult> SendAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "tasks/{taskId}/webhook")] HttpRequest request,
        string taskId,
        [DurableClient] DurableTaskClient client)
    {
        if (await reconciled.FindAsync(taskId, client, request.HttpContext.RequestAborted, TaskColumns.WebhookLog) is not { } row)
        {
            return TaskProblems.Unknown();
        }

        if (row.WebhookUrl is null)
        {
            return NoWebhook(row);
        }

        if (row.IsUnfinished)
        {
            return TaskProblems.Conflict(row.StatusAt(time.GetUtcNow()), "The task has not ended yet: its webhook is sent when it has.");
        }

        // From here on the work is not cancelled when the caller hangs up.
        using var writing = new CancellationTokenSource(RequestTimeLimit.Longest, time);
        var entry = new OpenTask(row.Id, time.GetUtcNow() + OpenTasks.WhileARequestLasts, row.Hub ?? client.Name);
        await open.AddAsync([entry], writing.Token);
        var change = new TaskChange(row.Id) { WebhookDone = false, WebhookNextAt = time.GetUtcNow() };
        if (!await tasks.ChangeEndedAsync(change, row.ETag, writing.Token))
        {
            return TaskProblems.Unknown();
        }

        try
        {
            await WebhookOrchestration.SendNowAsync(client, row.Id.ToString(), writing.Token);
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.WebhookLeftToSweep(e, row.Id.ToString());
        }

        (row.WebhookDone, row.WebhookNextAt) = (change.WebhookDone, change.WebhookNextAt);
        return State(row, StatusCodes.Status202Accepted);
    }

    private static JsonHttpResult<WebhookState> State(TaskRow row, int status)
    {
        WebhookView view = WebhookView.Of(row)!;
        var state = new WebhookState(view.Url, view.Attempts, view.LastStatus, view.NextAttemptAt, view.Done, WebhookLog.Read(row.WebhookLog));
        return TypedResults.Json(state, TaskView.Json, statusCode: status);
    }

    private ProblemHttpResult NoWebhook(TaskRow row) => TaskProblems.NotFound(row.StatusAt(time.GetUtcNow()), "The task has no webhook.");
}
