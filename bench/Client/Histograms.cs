using HdrHistogram;

namespace Bench.Client;

/// <summary>HDR histograms of times in microseconds, up to 10 minutes, exact to three digits.</summary>
internal static class Histograms
{
    private const long Longest = 600_000_000;

    public static LongHistogram New() => new(Longest, 3);

    public static void RecordMicroseconds(this HistogramBase histogram, TimeSpan time) =>
        histogram.RecordValue(Math.Clamp((long)time.TotalMicroseconds, 1, Longest));

    public static double Milliseconds(this HistogramBase histogram, double percentile) =>
        histogram.GetValueAtPercentile(percentile) / 1000.0;
}
