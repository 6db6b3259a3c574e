using FunctionApp.Tasks.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>What every submission may ask for in its query, whatever the kind of task.</summary>
/// <param name="StartAt">Not before then.</param>
/// <param name="Delay">Not before so much time has passed.</param>
/// <param name="ExpiresIn">It has to begin before so much time has passed.</param>
/// <param name="Webhook">Where to send the task once it has ended.</param>
internal sealed record SubmissionOptions(DateTimeOffset? StartAt, TimeSpan? Delay, TimeSpan? ExpiresIn, string? Webhook)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(365);

    /// <summary>What makes one submission another one than before.</summary>
    public string Fingerprint() => $"{StartAt?.UtcTicks} {Delay?.Ticks} {ExpiresIn?.Ticks} {Webhook}";

    /// <summary>When the task may start; null for at once.</summary>
    public DateTimeOffset? StartTime(DateTimeOffset now)
    {
        DateTimeOffset? start = StartAt ?? now + Delay;
        return start > now ? start : null;
    }

    /// <summary>The options of a request; what is wrong with them is added to <paramref name="errors"/> by name.</summary>
    /// <param name="formerWebhook">That of the task that is retried, which an empty <c>?webhook=</c> takes away.</param>
    public static SubmissionOptions Read(
        HttpRequest request, WebhookSettings webhooks, string? formerWebhook, DateTimeOffset now, Dictionary<string, string[]> errors)
    {
        IQueryCollection query = request.Query;
        DateTimeOffset? startAt = null;
        if (query.TryGetValue("start_at", out StringValues startText))
        {
            startAt = QueryText.ParseTime(startText);
            if (startAt is null || startAt > now + LongestDelay)
            {
                errors["start_at"] = [$"must be one RFC 3339 time, at most 365 days ahead, such as {now.AddDays(1):yyyy-MM-dd'T'HH:mm:ss'Z'}"];
            }
        }

        TimeSpan? delay = null;
        if (query.TryGetValue("delay", out StringValues delayText))
        {
            delay = QueryText.ParseSeconds(delayText, LongestDelay);
            if (delay is null)
            {
                errors["delay"] = ["must be one number of seconds, at most 365 days"];
            }
            else if (query.ContainsKey("start_at"))
            {
                errors["delay"] = ["cannot be combined with start_at"];
            }
        }

        TimeSpan? expiresIn = null;
        if (query.TryGetValue("expires_in", out StringValues expiresText))
        {
            expiresIn = QueryText.ParseSeconds(expiresText, LongestDelay);
            if (expiresIn is null)
            {
                errors["expires_in"] = ["must be one number of seconds, at most 365 days"];
            }
            else if (now + expiresIn <= (startAt ?? now + (delay ?? TimeSpan.Zero)))
            {
                errors["expires_in"] = ["must end after the task may start"];
            }
        }

        bool isNamed = query.TryGetValue("webhook", out StringValues url);
        string? webhook = !isNamed ? formerWebhook
            : formerWebhook is not null && url == "" ? null
            : url.Count == 1 ? url[0] : "";
        if (webhook is not null && webhooks.Refusal(webhook) is { } refusal)
        {
            errors["webhook"] = [refusal];
        }

        return new(startAt, delay, expiresIn, webhook);
    }
}
