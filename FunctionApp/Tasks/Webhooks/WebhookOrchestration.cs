using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>Delivers a task's webhook, with growing pauses for two days at most; its input is the task's ID.</summary>
public static class WebhookOrchestration
{
    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        .. Enumerable.Repeat(TimeSpan.FromHours(4), 6),
    ];

    // What storage does not let be read or written is no failed delivery.
    private static readonly TaskOptions WhileStorageIsAway = TaskOptions.FromRetryPolicy(new RetryPolicy(
        maxNumberOfAttempts: 1_000,
        firstRetryInterval: TimeSpan.FromSeconds(1),
        backoffCoefficient: 2,
        maxRetryInterval: TimeSpan.FromMinutes(1)));

    /// <summary>The orchestration's instance ID.</summary>
    public static string InstanceId(string taskId) => $"{taskId}-webhook";

    /// <summary>Starts the delivery of an ended task's webhook; more than once is as good as once.</summary>
    public static Task StartAsync(DurableTaskClient client, string taskId, CancellationToken cancellationToken) =>
        client.StartOnceAsync(nameof(WebhookOrchestration), InstanceId(taskId), taskId, cancellationToken);

    [Function(nameof(WebhookOrchestration))]
    public static async Task RunAsync([OrchestrationTrigger] TaskOrchestrationContext context)
    {
        string taskId = context.GetInput<string>()!;
        for (int attempt = 1; attempt <= Pauses.Length + 1; attempt++)
        {
            bool isLast = attempt == Pauses.Length + 1;
            if (await context.CallActivityAsync<bool>(nameof(DeliverWebhook), new WebhookAttempt(taskId, attempt, isLast), WhileStorageIsAway))
            {
                return;
            }

            if (!isLast)
            {
                await context.CreateTimer(Pauses[attempt - 1], CancellationToken.None);
            }
        }
    }
}
