using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>
/// Delivers a task's webhook; its input is the task's ID. All that a delivery has to know is in the task's row, so one that
/// has ended before its time, however that came about, goes on where it was when it is started again.
/// </summary>
public static class WebhookOrchestration
{
    // Then the history begins anew, so that it does not grow for as long as a receiver is busy.
    private const int TurnsPerHistory = 50;

    // What storage does not let be read or written is no failed delivery.
    private static readonly TaskOptions WhileStorageIsAway = TaskOptions.FromRetryPolicy(new RetryPolicy(
        maxNumberOfAttempts: 1_000,
        firstRetryInterval: TimeSpan.FromSeconds(1),
        backoffCoefficient: 2,
        maxRetryInterval: TimeSpan.FromMinutes(1)));

    /// <summary>The orchestration's instance ID.</summary>
    public static string InstanceId(string taskId) => $"{taskId}-webhook";

    /// <summary>
    /// Starts the delivery of an ended task's webhook, unless it is under way; more than once is as good as once. One that
    /// failed, was terminated or ended otherwise is started again, and finds out from the row whether anything is left to do.
    /// </summary>
    public static Task StartAsync(DurableTaskClient client, string taskId, CancellationToken cancellationToken) =>
        client.StartUnlessRunningAsync(nameof(WebhookOrchestration), InstanceId(taskId), taskId, cancellationToken);

    [Function(nameof(WebhookOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        string taskId = context.GetInput<string>()!;
        for (int turn = 0; turn < TurnsPerHistory; turn++)
        {
            if (await context.CallActivityAsync<TimeSpan?>(nameof(DeliverWebhook), new WebhookTurn(taskId, turn), WhileStorageIsAway) is not { } pause)
            {
                return;
            }

            await context.CreateTimer(pause, CancellationToken.None);
        }

        context.ContinueAsNew(taskId);
    }
}
