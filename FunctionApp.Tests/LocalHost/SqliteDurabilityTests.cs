using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.LocalHost;

/// <summary>The same on SQLite, and what takes too long, or is not so exact, with Azure Storage.</summary>
[Collection<SqliteHostCollection>]
public sealed class SqliteDurabilityTests(SqliteHost host) : DurabilityTests(host)
{
    private readonly DurableHost _host = host;

    [Fact]
    public async Task A_timer_never_fires_early() => Assert.InRange((await _host.RunAsync("Sleeps")).ReadOutputAs<double>(), 0, 0.5);

    [Fact]
    public async Task Fan_out_over_a_thousand() => Assert.Equal("333833500", (await _host.RunAsync("Adds", 1000)).SerializedOutput);

    [Fact]
    public Task Restarts_between_any_two_events() => RestartAsync(seed: 1);

    [Long]
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public Task Restarts_between_any_other_two_events(int seed) => RestartAsync(seed);

    [Fact]
    public async Task A_scheduled_start_is_pending_until_then_and_survives_a_restart()
    {
        DateTimeOffset at = DateTimeOffset.UtcNow.AddSeconds(2);
        string id = await _host.StartAsync("Listens", at: at);
        await _host.Client.RaiseEventAsync(id, "first", "one");
        await _host.Client.RaiseEventAsync(id, "second", "two");
        await _host.Host.RestartAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await _host.UntilAsync(id, _ => true)).RuntimeStatus);

        OrchestrationMetadata instance = await _host.EndAsync(id);
        Assert.Equal("one two", instance.ReadOutputAs<string>());
        Assert.InRange(instance.LastUpdatedAt, at, at.AddSeconds(1));
    }

    [Fact]
    public async Task A_scheduled_start_can_be_terminated_and_taken_back()
    {
        string id = await _host.StartAsync("Echoes", "first", at: DateTimeOffset.UtcNow.AddSeconds(0.5));
        await _host.Client.TerminateInstanceAsync(id, "Never");
        OrchestrationMetadata instance = await _host.EndAsync(id);
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "\"Never\""), (instance.RuntimeStatus, instance.SerializedOutput));

        await _host.StartAsync("Echoes", "second", id);
        await Task.Delay(TimeSpan.FromSeconds(1));
        Assert.Equal("second second", (await _host.EndAsync(id)).ReadOutputAs<string>());
    }

    private async Task RestartAsync(int seed)
    {
        var random = new Random(seed);
        string[] ids = [.. await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => _host.StartAsync("DoesItAll")))];
        await Task.WhenAll(ids.Select(id => _host.Client.RaiseEventAsync(id, "word", "b")));
        for (int restart = 0; restart < 8; restart++)
        {
            await Task.Delay(random.Next(200));
            await _host.Host.RestartAsync();
        }

        foreach (string id in ids)
        {
            Assert.Equal("a b 385 2470", (await _host.EndAsync(id)).ReadOutputAs<string>());
        }
    }
}
