using System.Text.Json;

namespace FunctionApp.Tasks.Webhooks;

/// <summary>One attempt at a delivery.</summary>
/// <param name="At">When it was sent.</param>
/// <param name="Status">The HTTP status of the answer, or why there was none.</param>
/// <param name="Duration">Seconds until then.</param>
public sealed record WebhookDelivery(DateTimeOffset At, string Status, double Duration);

/// <summary>The last attempts at a task's webhook, newest first, as the task's row keeps them: JSON in one column.</summary>
public static class WebhookLog
{
    private const int Length = 20;

    public static IReadOnlyList<WebhookDelivery> Read(string? log) =>
        log is null ? [] : JsonSerializer.Deserialize<WebhookDelivery[]>(log, TaskView.Json)!;

    /// <summary>The log with one more attempt, without the oldest if it is full.</summary>
    public static string Add(string? log, WebhookDelivery delivery) =>
        JsonSerializer.Serialize(Read(log).Prepend(delivery).Take(Length), TaskView.Json);
}
