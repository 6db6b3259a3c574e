namespace Bench.Measure;

/// <summary>A quantity that is measured.</summary>
/// <param name="Name">Also its key in the JSON.</param>
/// <param name="Unit">Per second, milliseconds, …; empty for a count.</param>
internal sealed record Metric(string Name, string Unit)
{
    public static readonly Metric LatencyMedian = new("latency, median", "ms");
    public static readonly Metric LatencyP95 = new("latency, p95", "ms");
    public static readonly Metric LatencyP99 = new("latency, p99", "ms");
    public static readonly Metric Tasks = new("tasks", "/s");
    public static readonly Metric Upserts = new("plain upserts", "/s");
    public static readonly Metric GetRead = new("GET finished, read before", "/s");
    public static readonly Metric GetFirst = new("GET finished, first read", "/s");
    public static readonly Metric GetUnknown = new("GET unknown", "/s");
    public static readonly Metric Post16 = new("POST, 16 clients", "/s");
    public static readonly Metric Post64 = new("POST, 64 clients", "/s");
    public static readonly Metric Errors = new("unexpected answers", "");
    public static readonly Metric Requests = new("storage requests per task", "");
    public static readonly Metric ColdStart = new("start to first result", "s");
    public static readonly Metric WarmStart = new("start with 1,000 unfinished", "s");

    /// <summary>CPU time that a process spent per task while tasks were measured.</summary>
    public static Metric Cpu(string process) => new($"CPU per task, {process}", "ms");

    /// <summary>Peak resident memory of a process up to the end of a run.</summary>
    public static Metric Memory(string process) => new($"peak memory, {process}", "MiB");
}

/// <summary>Several values of each metric, one a run.</summary>
internal sealed class Samples
{
    private readonly Dictionary<Metric, List<double>> _values = [];

    public IEnumerable<Metric> Metrics => _values.Keys;

    public void Add(Metric metric, double value)
    {
        if (!_values.TryGetValue(metric, out List<double>? values))
        {
            _values.Add(metric, values = []);
        }

        values.Add(value);
    }

    public Summary? Find(Metric metric) => _values.TryGetValue(metric, out List<double>? values) ? Summary.Of(values) : null;
}

/// <summary>Values in the order in which they were measured, their median, the smallest and the largest.</summary>
internal sealed record Summary(double Median, double Min, double Max, IReadOnlyList<double> Values)
{
    public static Summary Of(IReadOnlyList<double> values)
    {
        double[] sorted = [.. values.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return new(median, sorted[0], sorted[^1], values);
    }
}
