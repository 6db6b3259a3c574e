using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using DurableLocalHost;
using FunctionApp.Tasks;
using FunctionApp.Tests.Api;

namespace FunctionApp.Tests.Web;

/// <summary>An app in this process, whose instruments the test hears, and whose services it sees.</summary>
public sealed class InProcessApi() : ApiHost(StorageProvider.Sqlite, TimeSpan.FromSeconds(1), inProcess: true);

[CollectionDefinition(DisableParallelization = true)]
public sealed class InProcessCollection : ICollectionFixture<InProcessApi>;

/// <summary>What operators watch.</summary>
[Collection<InProcessCollection>]
public sealed class MetricsTests(InProcessApi api)
{
    [Fact]
    public async Task Tasks_are_counted_when_they_come_and_end_with_kind_and_outcome()
    {
        ConcurrentQueue<(string Name, double Value, string Tags)> heard = [];
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == typeof(TaskTable).Assembly.GetName().Name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        void Hear(string name, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            heard.Enqueue((name, value, string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))));
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Hear(instrument.Name, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Hear(instrument.Name, value, tags));
        listener.Start();

        await api.Http.WaitForResultAsync(await api.Http.SubmitAsync());
        await api.Http.WaitForStatusAsync(await api.Http.SubmitAsync("1e200", "1e200"), "Failed");
        (await api.Http.CancelAsync(await api.Http.SubmitAsync(query: "?delay=600"))).Dispose();

        // Tests of other apps in this process are heard too.
        Assert.True(heard.Count(one => one is { Name: "tasks.accepted", Value: 1, Tags: "kind=multiply" }) >= 3);
        Assert.Contains(heard, one => one is { Name: "tasks.ended", Tags: "kind=multiply outcome=Succeeded code=" });
        Assert.Contains(heard, one => one is { Name: "tasks.ended", Tags: "kind=multiply outcome=Failed code=not_finite" });
        Assert.Contains(heard, one => one is { Name: "tasks.ended", Tags: "kind=multiply outcome=Canceled code=canceled" });
        Assert.Contains(heard, one => one is { Name: "tasks.duration", Value: >= 0.9, Tags: "kind=multiply outcome=Succeeded" });
        Assert.Contains(heard, one => one is { Name: "tasks.queueing", Value: >= 0 and < 60, Tags: "kind=multiply" });
    }
}
