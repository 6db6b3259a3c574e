using System.Diagnostics;
using System.Net;
using DurableLocalHost;

namespace FunctionApp.Tests.Api;

/// <summary>What it costs to let callers wait, and who may.</summary>
[Long]
[Collection(nameof(RunsAlone))]
public sealed class WaitingTests : LocalHostTest
{
    [Fact]
    public async Task A_hundred_waiting_requests_cost_less_than_100_polls_a_second_and_no_more_wait()
    {
        Settings["Waiting__MaxRequests"] = "100";
        await using StorageProxy proxy = await StorageProxy.StartAsync(Settings);
        await using LocalFunctionHost host = await LocalFunctionHost.StartAsync(Settings);

        // The host's own client does not outlive its stop.
        var http = new HttpClient { BaseAddress = host.Http.BaseAddress };
        string[] taskIds = await http.SubmitManyAsync(100, "?delay=600");
        var hangUp = new CancellationTokenSource();
        Task<HttpResponseMessage>[] waiting =
            [.. taskIds.Select((taskId, n) => WaitAsync(http, taskId, 50, n == 0 ? hangUp.Token : CancellationToken.None))];
        await Task.Delay(5_000); // the intervals have grown

        int before = proxy.Requests.Count;
        await Task.Delay(5_000);
        Assert.InRange((proxy.Requests.Count - before) / 5.0, 1, 100);

        long start = Stopwatch.GetTimestamp();
        using HttpResponseMessage oneTooMany = await WaitAsync(http, taskIds[1], 50);
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.OK, oneTooMany.StatusCode);
        Assert.False(oneTooMany.Headers.Contains("Preference-Applied"));

        // Who hangs up frees his place.
        await hangUp.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting[0]);
        await Eventually.AreEqual(true, async () =>
        {
            using HttpResponseMessage next = await WaitAsync(http, taskIds[2], 1);
            return next.Headers.Contains("Preference-Applied");
        });

        // When the host stops, all are answered.
        Task stopping = host.StopAsync();
        HttpResponseMessage[] answers = await Task.WhenAll(waiting.Skip(1)).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.OK, answer.StatusCode));
        await stopping;
        hangUp.Dispose();
        http.Dispose();
    }

    private static async Task<HttpResponseMessage> WaitAsync(HttpClient http, string taskId, int seconds, CancellationToken cancellationToken = default)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/tasks/{taskId}") { Headers = { { "Prefer", $"wait={seconds}" } } };
        return await http.SendAsync(request, cancellationToken);
    }
}
