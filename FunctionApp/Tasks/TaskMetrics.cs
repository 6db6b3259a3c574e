using System.Diagnostics.Metrics;

namespace FunctionApp.Tasks;

/// <summary>What operators watch, as OpenTelemetry metrics: how many tasks come and end, how, and how long they wait and take.</summary>
internal static class TaskMetrics
{
    private static readonly Meter Meter = new(Telemetry.Source.Name);

    private static readonly Counter<long> AcceptedTasks = Meter.CreateCounter<long>("tasks.accepted", "{task}", "Tasks that were submitted.");
    private static readonly Counter<long> EndedTasks = Meter.CreateCounter<long>("tasks.ended", "{task}", "Tasks that have ended.");

    private static readonly Histogram<double> Durations =
        Meter.CreateHistogram<double>("tasks.duration", "s", "From the start of the last attempt to the end.");

    private static readonly Histogram<double> Waits =
        Meter.CreateHistogram<double>("tasks.queueing", "s", "From when a task could start to its first attempt.");

    // An ordinary gauge says something only when it is told: of several instances the one that has looked last.
    private static readonly Gauge<double> Oldest =
        Meter.CreateGauge<double>("tasks.oldest_pending", "s", "How long the task that has waited longest for its first attempt has done so.");

    public static void Accepted(string kind) => AcceptedTasks.Add(1, Kind(kind));

    public static void Began(string kind, DateTimeOffset couldStart, DateTimeOffset startedAt) =>
        Waits.Record(Seconds(couldStart, startedAt), Kind(kind));

    /// <param name="end">What was written as the task's end.</param>
    /// <param name="startedAt">When its last attempt began; null if there was none.</param>
    public static void Ended(string kind, TaskChange end, DateTimeOffset? startedAt)
    {
        KeyValuePair<string, object?>[] tags = [Kind(kind), new("outcome", end.Status!.Value.ToString())];
        EndedTasks.Add(1, [.. tags, new("code", end.ErrorCode ?? "")]);
        if (startedAt is { } start)
        {
            Durations.Record(Seconds(start, end.EndedAt!.Value), tags);
        }
    }

    public static void OldestPending(TimeSpan age) => Oldest.Record(age.TotalSeconds);

    private static KeyValuePair<string, object?> Kind(string kind) => new("kind", kind);

    // Clocks of two instances differ, so the difference may be negative.
    private static double Seconds(DateTimeOffset from, DateTimeOffset to) => Math.Max(0, (to - from).TotalSeconds);
}
