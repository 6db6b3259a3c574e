namespace FunctionApp.Tasks.Webhooks;

/// <summary>When a webhook is sent again.</summary>
internal static class WebhookSchedule
{
    private static readonly TimeSpan LongestMoment = TimeSpan.FromMinutes(1);

    private static readonly TimeSpan[] Pauses =
    [
        TimeSpan.FromSeconds(5),
        TimeSpan.FromSeconds(30),
        TimeSpan.FromMinutes(5),
        TimeSpan.FromMinutes(30),
        TimeSpan.FromHours(2),
        .. Enumerable.Repeat(TimeSpan.FromHours(4), 6),
    ];

    /// <summary>The pause after an attempt that failed; null after the last one.</summary>
    /// <param name="attempt">Its number, from 1 on.</param>
    /// <param name="retryAfter">
    /// How long the receiver wants to be left alone. It may lengthen a pause, to the longest of the schedule, but neither
    /// shorten one nor cost an attempt.
    /// </param>
    public static TimeSpan? PauseAfter(int attempt, TimeSpan? retryAfter)
    {
        if (attempt > Pauses.Length)
        {
            return null;
        }

        TimeSpan pause = Pauses[attempt - 1];
        TimeSpan wanted = retryAfter > Pauses[^1] ? Pauses[^1] : retryAfter ?? TimeSpan.Zero;
        return wanted > pause ? wanted : pause;
    }

    /// <summary>How long to wait for what no attempt is counted for: a second or two at first, then longer, and never for all alike.</summary>
    public static TimeSpan Moment(int turn)
    {
        double seconds = Math.Min(Math.Pow(2, turn), LongestMoment.TotalSeconds / 2);
#pragma warning disable CA5394 // Nobody gains by guessing it.
        return TimeSpan.FromSeconds(seconds * (1 + Random.Shared.NextDouble()));
#pragma warning restore CA5394
    }
}
