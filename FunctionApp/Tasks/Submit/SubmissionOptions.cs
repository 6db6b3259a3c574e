using FunctionApp.Tasks.Webhooks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace FunctionApp.Tasks;

/// <summary>What every submission may ask for in its query, whatever the kind of task.</summary>
/// <param name="StartAt">Not before then.</param>
/// <param name="Delay">Not before so much time has passed.</param>
/// <param name="ExpiresIn">It has to begin before so much time has passed.</param>
/// <param name="Webhook">Where to send the task once it has ended.</param>
/// <param name="Label">What the caller calls it.</param>
/// <param name="FormerStart">When the task that is retried was to start: then this one does too, if that is still to come.</param>
internal sealed record SubmissionOptions(
    DateTimeOffset? StartAt, TimeSpan? Delay, TimeSpan? ExpiresIn, string? Webhook, string? Label, DateTimeOffset? FormerStart)
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromDays(365);

    /// <summary>What makes one submission another one than before; whether a time is past does not.</summary>
    public string Fingerprint() => $"{StartAt?.UtcTicks} {Delay?.Ticks} {ExpiresIn?.Ticks} {Webhook}{(Label is null ? "" : $"\n{Label}")}";

    /// <summary>When the task may start; null for at once.</summary>
    public DateTimeOffset? StartTime(DateTimeOffset now)
    {
        DateTimeOffset? start = StartAt ?? now + Delay ?? FormerStart;
        return start > now ? start : null;
    }

    /// <summary>The options of a request; what is wrong with them is added to <paramref name="errors"/> by name.</summary>
    /// <param name="retried">
    /// The task that is retried: its start, if that is still to come, its webhook and its label hold, unless the request
    /// has others, or takes the latter two away with an empty value.
    /// </param>
    public static SubmissionOptions Read(
        HttpRequest request, WebhookSettings webhooks, TaskRow? retried, DateTimeOffset now, Dictionary<string, string[]> errors)
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
            else if (now + expiresIn <= (startAt ?? now + delay ?? (retried?.StartAt > now ? retried.StartAt : now)))
            {
                errors["expires_in"] = ["must end after the task may start"];
            }
        }

        string? webhook = ReadText(query, "webhook", retried, retried?.WebhookUrl);
        if (webhook is not null && webhooks.Refusal(webhook) is { } refusal)
        {
            errors["webhook"] = [refusal];
        }

        string? label = ReadText(query, "label", retried, retried?.Label is { Length: > 0 } former ? former : null);
        if (label is not null && TaskLabel.Refusal(label) is { } mistake)
        {
            errors["label"] = [mistake];
        }

        return new(startAt, delay, expiresIn, webhook, label, retried?.StartAt);
    }

    /// <summary>The option, or that of the task that is retried; null for none, and empty for what cannot be one.</summary>
    private static string? ReadText(IQueryCollection query, string name, TaskRow? retried, string? former) =>
        !query.TryGetValue(name, out StringValues text) ? former
        : retried is not null && text == "" ? null
        : text.Count == 1 ? text[0] : "";
}
