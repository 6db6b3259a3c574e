using System.Diagnostics;
using DurableLocalHost;

namespace FunctionApp.Tests.LocalHost;

/// <summary>How the host starts and ends, and what it leaves behind: nothing.</summary>
[Collection(nameof(RunsAlone))]
public sealed class ProcessTests : LocalHostTest
{
    [Theory]
    [InlineData("TERM")]
    [InlineData("INT")]
    public async Task It_lists_its_functions_without_colours_and_a_signal_ends_it_with_0(string signal)
    {
        await using LocalHostProcess host = await StartAsync();
        int worker = await host.FindWorkerAsync();

        string submit = $"SubmitMultiplication: [POST] {host.Http.BaseAddress}multiply";
        Assert.Contains(host.Output, line => line.EndsWith(submit));
        Assert.Contains(host.Output, line => line.EndsWith("TaskOrchestration: orchestrationTrigger"));
        Assert.DoesNotContain(host.Output, line => line.Contains('\e'));
        Assert.Equal(0, await host.SignalAsync(signal));
        Assert.False(LocalHostProcess.IsRunning(worker));
        Assert.Empty(host.Errors);
    }

    [Theory]
    [InlineData("--help", "--data-folder")]
    [InlineData("--version", ".")]
    public async Task It_tells_its_options_and_its_version(string option, string expected)
    {
        await using var host = new LocalHostProcess([option], Settings);

        Assert.Equal(0, await host.WaitForExitAsync());
        Assert.Contains(host.Output, line => line.Contains(expected));
        Assert.Empty(host.Errors);
    }

    [Long]
    [Fact]
    public async Task SIGTERM_takes_no_more_requests_and_lets_running_activities_end()
    {
        Settings["SlowMultiply__Delay"] = "00:00:02.5";
        await using LocalHostProcess host = await StartAsync();
        string task = await host.Http.SubmitAsync();
        await Task.Delay(500);

        Task<int> exit = host.SignalAsync("TERM");
        await Task.Delay(500);
        await Assert.ThrowsAsync<HttpRequestException>(() => host.Http.SubmitAsync());

        Assert.Equal(0, await exit);
        DateTimeOffset stopped = DateTimeOffset.UtcNow;
        await using LocalHostProcess next = await StartAsync();
        await next.Http.WaitForResultAsync(task);
        DateTimeOffset ended = (await next.Http.GetTaskAsync(task)).GetProperty("ended_at").GetDateTimeOffset();
        Assert.InRange(ended, DateTimeOffset.MinValue, stopped);
    }

    [Long]
    [Fact]
    public async Task An_activity_that_outlasts_the_grace_period_is_left_to_the_next_start()
    {
        (Settings["SlowMultiply__Delay"], Settings["SlowMultiply__Timeout"]) = ("01:00:00", "02:00:00");
        string task;
        await using (LocalHostProcess first = await StartAsync())
        {
            task = await first.Http.SubmitAsync();
            await first.Http.WaitForStatusAsync(task, "Running");
            int worker = await first.FindWorkerAsync();
            long start = Stopwatch.GetTimestamp();
            Assert.Equal(0, await first.SignalAsync("TERM"));
            Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(10));
            Assert.False(LocalHostProcess.IsRunning(worker));
        }

        Settings["SlowMultiply__Delay"] = "00:00:00";
        await using LocalHostProcess second = await StartAsync();

        Assert.Equal("4.6", await second.Http.WaitForResultAsync(task));
    }

    [Long]
    [Fact]
    public async Task A_second_Ctrl_C_ends_it_at_once_and_its_worker_with_it()
    {
        Settings["SlowMultiply__Delay"] = "00:01:00";
        await using LocalHostProcess host = await StartAsync();
        string task = await host.Http.SubmitAsync();
        await host.Http.WaitForStatusAsync(task, "Running");
        int worker = await host.FindWorkerAsync();
        long start = Stopwatch.GetTimestamp();

        Task<int> exit = host.SignalAsync("INT");
        await Task.Delay(300);
        Assert.False(exit.IsCompleted);

        Assert.NotEqual(0, await host.SignalAsync("INT"));
        Assert.InRange(Stopwatch.GetElapsedTime(start), TimeSpan.Zero, TimeSpan.FromSeconds(3));
        await Eventually.AreEqual(false, () => Task.FromResult(LocalHostProcess.IsRunning(worker)));
    }

    [Long]
    [Fact]
    public async Task After_kill_9_its_worker_and_its_Azurite_end_too_and_the_next_start_finishes_the_task()
    {
        Settings["AzureWebJobsStorage"] = Azurite.NewConnectionString();
        Settings["SlowMultiply__Delay"] = "00:00:01";
        string finished;
        string running;
        await using (LocalHostProcess first = await StartAsync())
        {
            int[] children = await first.FindChildrenAsync();
            Assert.Equal(2, children.Length);
            finished = await first.Http.SubmitAsync();
            await first.Http.WaitForResultAsync(finished);
            running = await first.Http.SubmitAsync();
            await Task.Delay(300);

            first.Kill();

            await first.WaitForExitAsync();
            await Eventually.AreEqual(false, () => Task.FromResult(children.Any(LocalHostProcess.IsRunning)));
        }

        await using LocalHostProcess second = await StartAsync();

        Assert.Equal("4.6", await second.Http.WaitForResultAsync(running));
        Assert.Equal("4.6", await second.Http.WaitForResultAsync(finished));
        int[] last = await second.FindChildrenAsync();
        Assert.Equal(0, await second.SignalAsync("TERM"));
        Assert.DoesNotContain(last, LocalHostProcess.IsRunning);
    }
}
