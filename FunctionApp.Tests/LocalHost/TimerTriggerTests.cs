using System.Diagnostics;
using System.Net;

namespace FunctionApp.Tests.LocalHost;

/// <summary>Functions that timers start.</summary>
[Collection<SqliteHostCollection>]
public sealed class TimerTriggerTests(SqliteHost host)
{
    [Fact]
    public async Task One_runs_by_its_schedule_in_a_setting()
    {
        long start = Stopwatch.GetTimestamp();
        int before = (await ReadAsync()).Ticks;

        await Eventually.AreEqual(true, async () => (await ReadAsync()).Ticks > before + 2);

        Assert.InRange(Stopwatch.GetElapsedTime(start).TotalSeconds, 1.9, 15);
    }

    [Fact]
    public Task One_that_also_runs_at_start_does_and_is_told_when_it_runs_next() =>
        Eventually.AreEqual("2/29", async () => (await ReadAsync()).NextLeapDay);

    [Fact]
    public async Task One_can_be_started_by_hand()
    {
        await Eventually.AreEqual(true, async () => (await ReadAsync()).LeapDays > 0);
        int before = (await ReadAsync()).LeapDays;

        using HttpResponseMessage accepted = await host.Host.Http.PostAsync("/admin/functions/leapday", null);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await Eventually.AreEqual(before + 1, async () => (await ReadAsync()).LeapDays);

        using HttpResponseMessage unknown = await host.Host.Http.PostAsync("/admin/functions/birthday", null);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private async Task<(int Ticks, int LeapDays, string NextLeapDay)> ReadAsync()
    {
        string[] words = (await host.RunAsync("Ticks")).ReadOutputAs<string>()!.Split(' ');
        return (int.Parse(words[0]), int.Parse(words[1]), words[2]);
    }
}
