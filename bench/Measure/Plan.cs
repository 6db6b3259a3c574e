namespace Bench.Measure;

/// <summary>How much is measured in one run.</summary>
/// <param name="Latencies">Tasks on the idle system, ten a second.</param>
/// <param name="Tasks">Tasks of which the rate is measured.</param>
/// <param name="Posts">Requests with 16 clients, and again with 64.</param>
/// <param name="GetTime">How long each kind of GET is measured.</param>
internal sealed record Plan(int Latencies, int Tasks, int Posts, TimeSpan GetTime)
{
    public static Plan Default { get; } = new(150, 2_000, 4_000, TimeSpan.FromSeconds(3));

    /// <summary>Steps that are reported as progress.</summary>
    public int Steps => Latencies + Tasks + 5;
}
