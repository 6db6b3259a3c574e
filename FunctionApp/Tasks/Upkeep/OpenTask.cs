using Azure;
using Azure.Data.Tables;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>
/// Says that the sweep of the app with that task hub has to look at a task, and when. A task may have several.
/// </summary>
public sealed class OpenTask : ITableEntity
{
    private static readonly TimeSpan[] FirstLooks = [.. new[] { 5, 10, 20, 40, 60 }.Select(minutes => TimeSpan.FromMinutes(minutes))];
    private static readonly TimeSpan LaterLooks = TimeSpan.FromHours(1);

    // The table client needs a constructor without parameters.
    public OpenTask()
    {
    }

    /// <param name="id">The task's.</param>
    /// <param name="due">When to look.</param>
    /// <param name="hub">The task's hub.</param>
    public OpenTask(TaskId id, DateTimeOffset due, string hub)
    {
        PartitionKey = Partition(hub);
        RowKey = $"{DueKey(due)}-{id}";
    }

    public string PartitionKey { get; set; } = "";

    /// <summary>Sorts by when the look is due, so that those that are due are one range.</summary>
    public string RowKey { get; set; } = "";

    public DateTimeOffset? Timestamp { get; set; }

    public ETag ETag { get; set; }

    /// <summary>The partition of a hub, whose name has no case.</summary>
    internal static string Partition(string hub) => $"open-{hub.ToLowerInvariant()}";

    internal string TaskId => RowKey[13..];

    /// <summary>The first part of the row key: the millisecond, in 12 hexadecimal digits.</summary>
    internal static string DueKey(DateTimeOffset due) => due.ToUnixTimeMilliseconds().ToString("x12");

    /// <summary>
    /// When to look at a task again: at ages of 5, 10, 20, 40 and 60 minutes, then every hour; at one that waits for its start,
    /// a minute after that; at one that is only kept, when it expires. Several looks at one task thus come to the same time, and are one from then on.
    /// </summary>
    public static DateTimeOffset NextLook(TaskRow row, DateTimeOffset now)
    {
        if (row.Status == RowStatus.Pending && row.StartAt > now)
        {
            return row.StartAt.Value.AddMinutes(1);
        }

        if (row is { IsUnfinished: false, WebhookDone: not false, ExpiresAt: { } expiresAt } && expiresAt > now)
        {
            return expiresAt;
        }

        DateTimeOffset created = row.Id.CreatedAt;
        DateTimeOffset begin = row.StartAt > created && row.StartAt <= now ? row.StartAt.Value : created;
        TimeSpan age = now - begin;
        TimeSpan next = FirstLooks.FirstOrDefault(look => look > age);
        return begin + (next != TimeSpan.Zero ? next : LaterLooks * (Math.Floor(age / LaterLooks) + 1));
    }
}
