using System.Collections.Concurrent;
using System.Diagnostics;

namespace FunctionApp.Tests;

/// <summary>Spans that have ended in this process since it was made, as an exporter of OpenTelemetry would get them.</summary>
internal sealed class SpanList : IDisposable
{
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ActivityListener _listener;

    /// <param name="sources">The names of the sources that spans are taken of.</param>
    public SpanList(params string[] sources)
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => sources.Contains(source.Name),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _spans.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public IEnumerable<Activity> OfTrace(ActivityTraceId trace) => _spans.Where(span => span.TraceId == trace);

    public void Dispose() => _listener.Dispose();
}
