using Bench.Measure;

namespace Bench.Report;

/// <summary>A goal as a ratio of two quantities of the same round.</summary>
/// <param name="Name">What is compared.</param>
/// <param name="Ratio">Emulator divided by the other, round by round.</param>
/// <param name="Goal">The least, or the most, that it should be.</param>
/// <param name="AtMost">Whether smaller is better.</param>
internal sealed record GoalRatio(string Name, Summary Ratio, double Goal, bool AtMost)
{
    public bool IsMet => AtMost ? Ratio.Median <= Goal : Ratio.Median >= Goal;
}

/// <summary>The emulator's goals.</summary>
internal static class Ratios
{
    public static List<GoalRatio> Of(IReadOnlyDictionary<string, Samples> results)
    {
        Samples emulator = results[Comparison.Emulator];
        Samples rq = results[Comparison.TwoWorkers];
        return
        [
            Of("tasks/s : RQ, 2 workers", emulator, Metric.Tasks, rq, Metric.Tasks, 5),
            Of("tasks/s : plain upserts/s", emulator, Metric.Tasks, emulator, Metric.Upserts, 0.7),
            Of("POST/s, 16 clients : RQ, 2 workers", emulator, Metric.Post16, rq, Metric.Post16, 2),
            Of("POST/s, 64 clients : RQ, 2 workers", emulator, Metric.Post64, rq, Metric.Post64, 2),
            Of("median latency : RQ, 2 workers", emulator, Metric.LatencyMedian, rq, Metric.LatencyMedian, 1 / 3.0, atMost: true),
            Of("GET/s finished, read before : RQ, 2 workers", emulator, Metric.GetRead, rq, Metric.GetRead, 1),
            Of("GET/s finished, first read : RQ, 2 workers", emulator, Metric.GetFirst, rq, Metric.GetFirst, 1),
        ];
    }

    /// <summary>Each size of the journal against the smallest.</summary>
    public static List<GoalRatio> OfGrowth(IReadOnlyDictionary<string, Samples> results)
    {
        string first = Growth.Name(Growth.Sizes[0]);
        return
        [
            .. Growth.Sizes.Skip(1).Select(Growth.Name).SelectMany(size => new[]
            {
                Of($"tasks/s, {size} : {first}", results[size], Metric.Tasks, results[first], Metric.Tasks, 0.8),
                Of($"median latency, {size} : {first}", results[size], Metric.LatencyMedian, results[first], Metric.LatencyMedian, 1.2, atMost: true),
            }),
        ];
    }

    private static GoalRatio Of(
        string name, Samples ours, Metric metric, Samples others, Metric otherMetric, double goal, bool atMost = false) => new(
        name,
        Summary.Of([.. ours.Find(metric)!.Values.Zip(others.Find(otherMetric)!.Values, (our, other) => our / other)]),
        goal,
        atMost);
}
