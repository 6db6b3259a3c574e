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

    // A delivery that was told to send is watched for its end for some one and a half seconds: a turn that had begun before is over by then.
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.05);
    private static readonly TimeSpan LastPause = TimeSpan.FromSeconds(0.8);

    // The event that wakes a delivery which waits for its next attempt.
    private const string SendNowEvent = "sendNow";

    // An activity that fails because of storage is repeated, without counting as an attempt to deliver.
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
    /// <returns>Whether this call has surely started it.</returns>
    public static Task<bool> StartAsync(DurableTaskClient client, string taskId, CancellationToken cancellationToken) =>
        client.StartUnlessRunningAsync(nameof(WebhookOrchestration), InstanceId(taskId), taskId, cancellationToken);

    /// <summary>Starts the delivery of a webhook that is due now by its row, or wakes it.</summary>
    public static async Task SendNowAsync(DurableTaskClient client, string taskId, CancellationToken cancellationToken)
    {
        if (await StartAsync(client, taskId, cancellationToken))
        {
            return;
        }

        // One that is just ending has read the row before that said so, and hears the event no more.
        bool isRunning = await client.RaiseIfRunningAsync(InstanceId(taskId), SendNowEvent, cancellationToken);
        for (TimeSpan pause = FirstPause; isRunning && pause <= LastPause; pause *= 2)
        {
            await Task.Delay(pause, cancellationToken);
            isRunning = await client.GetInstanceAsync(InstanceId(taskId), getInputsAndOutputs: false, cancellationToken) is { IsCompleted: false };
        }

        if (!isRunning)
        {
            await StartAsync(client, taskId, cancellationToken);
        }
    }

    [Function(nameof(WebhookOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        string taskId = context.GetInput<string>()!;
        Task sendNow = context.WaitForExternalEvent<object?>(SendNowEvent);
        for (int turn = 0; turn < TurnsPerHistory; turn++)
        {
            TimeSpan? pause = await context.CallActivityAsync<TimeSpan?>(nameof(DeliverWebhook), new WebhookTurn(taskId, turn), WhileStorageIsAway);
            if (pause is null && !sendNow.IsCompleted)
            {
                return;
            }

            if (pause is not null)
            {
                using var waiting = new CancellationTokenSource();
                if (await Task.WhenAny(context.CreateTimer(pause.Value, waiting.Token), sendNow) == sendNow)
                {
                    waiting.Cancel();
                }
            }

            if (sendNow.IsCompleted)
            {
                sendNow = context.WaitForExternalEvent<object?>(SendNowEvent);
            }
        }

        context.ContinueAsNew(taskId);
    }
}
