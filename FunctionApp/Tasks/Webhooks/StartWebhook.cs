using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>The last step of a task that has a webhook: starts its delivery, which the task's end does not wait for.</summary>
public static class StartWebhook
{
    [Function(nameof(StartWebhook))]
    public static Task RunAsync([ActivityTrigger] string taskId, [DurableClient] DurableTaskClient client, CancellationToken cancellationToken) =>
        WebhookOrchestration.StartAsync(client, taskId, cancellationToken);
}
