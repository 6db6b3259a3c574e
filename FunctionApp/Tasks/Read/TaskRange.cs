namespace FunctionApp.Tasks;

/// <summary>
/// A stretch of the results table by time of creation, the newest first, which is the order of its keys. It is read in
/// windows that grow, because whoever looks for the newest tasks should not make storage look at all.
/// </summary>
/// <param name="After">The row key after which the range begins.</param>
/// <param name="End">The row key before which it ends.</param>
internal readonly record struct TaskRange(string After, string End)
{
    private const long LastMillisecond = (1L << 48) - 1;

    // Sorts after every row key, since these are hexadecimal digits.
    private const string Oldest = "g";

    // A list begins five minutes ahead of the clock, so the first of them is its last minute.
    private static readonly TimeSpan[] Windows = [TimeSpan.FromMinutes(6), TimeSpan.FromHours(1), TimeSpan.FromDays(1), TimeSpan.FromDays(30)];

    /// <summary>All tasks created before a time and not before another; to the millisecond, as task IDs have it.</summary>
    public static TaskRange Of(DateTimeOffset before, DateTimeOffset? from) =>
        new(Boundary(CeilingMilliseconds(before)), from is { } time ? Boundary(CeilingMilliseconds(time)) : Oldest);

    /// <summary>The same range without what comes up to that row key.</summary>
    public TaskRange From(string rowKey) => this with { After = rowKey };

    /// <summary>The range in pieces, in its order.</summary>
    public IEnumerable<TaskRange> Split()
    {
        TaskRange rest = this;
        foreach (TimeSpan window in Windows)
        {
            long start = LastMillisecond - Convert.ToInt64(rest.After[..12], 16);
            string end = Boundary(start - (long)window.TotalMilliseconds);
            if (string.CompareOrdinal(end, rest.End) >= 0)
            {
                break;
            }

            yield return rest with { End = end };
            rest = rest with { After = end };
        }

        yield return rest;
    }

    /// <summary>
    /// The range as a condition on both keys: storage finds partitions, then rows. What rules out most comes first,
    /// for Azurite, which asks every row.
    /// </summary>
    public string ToTableFilter()
    {
        string end = End == Oldest ? "" : $"PartitionKey le '{Partition(End)}' and ";
        return $"{end}PartitionKey ge '{Partition(After)}' and RowKey gt '{After}' and RowKey lt '{End}'";
    }

    // The least row key of all tasks created before that millisecond. No task has it: its digits after the time are not those of a UUID.
    private static string Boundary(long millisecond) =>
        $"{LastMillisecond - Math.Clamp(millisecond, 1, LastMillisecond) + 1:x12}{0:x20}";

    private static string Partition(string rowKey) => TaskId.FromRowKey(rowKey).PartitionKey;

    private static long CeilingMilliseconds(DateTimeOffset time) =>
        (long)Math.Ceiling((time - DateTimeOffset.UnixEpoch).TotalMilliseconds);
}
