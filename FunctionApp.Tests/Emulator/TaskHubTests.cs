using DurableTask.Core.Exceptions;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.Emulator;

public class TaskHubTests
{
    [Fact]
    public async Task A_failed_activity_is_retried_as_its_policy_says()
    {
        int attempts = 0;
        List<DateTime> times = [];
        await using TestHub hub = new TestHub()
            .Activity<int>("Flaky", (_, _) => ++attempts < 4 ? throw new IOException("passing") : Task.FromResult<object?>(attempts))
            .Orchestration("Retry", async context =>
            {
                var policy = new RetryPolicy(5, TimeSpan.FromMilliseconds(20), 2, TimeSpan.FromMilliseconds(40));
                int result = await context.CallActivityAsync<int>("Flaky", 0, TaskOptions.FromRetryPolicy(policy));
                times.Add(context.CurrentUtcDateTime);
                return result;
            })
            .Start();

        OrchestrationMetadata instance = await hub.RunAsync("Retry");

        Assert.Equal("4", instance.SerializedOutput);
        Assert.True(times[^1] - instance.CreatedAt.UtcDateTime >= TimeSpan.FromMilliseconds(95), "20 + 40 + 40 ms");
    }

    [Fact]
    public async Task A_failure_that_the_policy_does_not_handle_is_not_retried_and_shows_type_message_and_cause()
    {
        int attempts = 0;
        await using TestHub hub = new TestHub()
            .Activity<int>("Fails", (_, _) =>
            {
                attempts++;
                throw new OverflowException("too much", new IOException("cause"));
            })
            .Orchestration("Uncaught", async context => await context.CallActivityAsync<int>("Fails", 0, TaskOptions.FromRetryPolicy(
                new RetryPolicy(5, TimeSpan.FromMilliseconds(1)) { HandleFailure = failure => !failure.IsCausedBy<ArithmeticException>() })))
            .Start();

        OrchestrationMetadata instance = await hub.RunAsync("Uncaught");

        Assert.Equal(1, attempts);
        TaskFailureDetails failure = instance.FailureDetails!;
        Assert.Equal("Microsoft.DurableTask.TaskFailedException", failure.ErrorType);
        Assert.Equal("Task 'Fails' (#0) failed with an unhandled exception: too much", failure.ErrorMessage);
        Assert.Equal(("System.OverflowException", "too much"), (failure.InnerFailure!.ErrorType, failure.InnerFailure.ErrorMessage));
        Assert.Equal("System.IO.IOException", failure.InnerFailure.InnerFailure!.ErrorType);
    }

    [Fact]
    public async Task An_activity_that_was_running_when_the_hub_stopped_runs_again()
    {
        int runs = 0;
        using var started = new SemaphoreSlim(0);
        await using TestHub hub = new TestHub()
            .Activity<int>("Long", async (_, cancellation) =>
            {
                started.Release();
                await Task.Delay(++runs == 1 ? Timeout.InfiniteTimeSpan : TimeSpan.Zero, cancellation);
                return runs;
            })
            .Orchestration("Once", async context => await context.CallActivityAsync<int>("Long", 0))
            .Start();
        string id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Once");
        await started.WaitAsync(TestContext.Current.CancellationToken);

        await hub.RestartAsync();

        Assert.Equal("2", (await hub.WaitAsync(id)).SerializedOutput);
    }

    [Fact]
    public async Task A_terminated_instance_stays_terminated_whatever_its_activity_does_later()
    {
        var release = new TaskCompletionSource<object?>();
        using var started = new SemaphoreSlim(0);
        await using TestHub hub = new TestHub()
            .Activity<int>("Waits", (_, _) =>
            {
                started.Release();
                return release.Task;
            })
            .Orchestration("Waiting", async context => await context.CallActivityAsync<int>("Waits", 0))
            .Start();
        string id = await hub.Client.ScheduleNewOrchestrationInstanceAsync("Waiting");
        await started.WaitAsync(TestContext.Current.CancellationToken);

        await hub.Client.TerminateInstanceAsync(id, "enough", TestContext.Current.CancellationToken);
        release.SetResult(1);
        await hub.RestartAsync();

        OrchestrationMetadata instance = await hub.WaitAsync(id);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, instance.RuntimeStatus);
        Assert.Equal("enough", instance.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_taken_ID_is_refused_while_unfinished_and_replaced_once_ended_unless_deduplicated()
    {
        await using TestHub hub = Echo();
        var unfinished = new StartOrchestrationOptions("later", DateTimeOffset.UtcNow.AddHours(1));
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "a", unfinished, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(
            () => hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "b", new StartOrchestrationOptions("later")));

        var options = new StartOrchestrationOptions("id");
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "a", options, TestContext.Current.CancellationToken);
        await hub.WaitAsync("id");
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", "b", options.WithDedupeStatuses(OrchestrationRuntimeStatus.Completed)));
        await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", "b", options, TestContext.Current.CancellationToken);

        Assert.Equal("b", (await hub.WaitAsync("id")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Of_64_concurrent_starts_of_one_ID_one_succeeds()
    {
        await using TestHub hub = Echo();
        StartOrchestrationOptions options = new StartOrchestrationOptions("id")
            .WithDedupeStatuses([.. StartOrchestrationOptionsExtensions.ValidDedupeStatuses]);

        bool[] started = await Task.WhenAll(Enumerable.Range(0, 64).Select(async n =>
        {
            try
            {
                await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", n, options);
                return true;
            }
            catch (OrchestrationAlreadyExistsException)
            {
                return false;
            }
        }));

        Assert.Single(started, true);
    }

    [Fact]
    public async Task Instances_can_be_queried_by_page_and_ended_ones_purged()
    {
        await using TestHub hub = Echo();
        for (int i = 0; i < 5; i++)
        {
            await hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo", i, new StartOrchestrationOptions($"a{i}"), TestContext.Current.CancellationToken);
            await hub.WaitAsync($"a{i}");
        }

        await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            "Echo", 0, new StartOrchestrationOptions("b", DateTimeOffset.UtcNow.AddHours(1)), TestContext.Current.CancellationToken);

        var query = new OrchestrationQuery(InstanceIdPrefix: "a", PageSize: 2);
        List<string> ids = await hub.Client.GetAllInstancesAsync(query).Select(instance => instance.InstanceId)
            .ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(["a0", "a1", "a2", "a3", "a4"], ids);

        Assert.Equal(1, (await hub.Client.PurgeInstanceAsync("a0", null, TestContext.Current.CancellationToken)).PurgedInstanceCount);
        Assert.Equal(0, (await hub.Client.PurgeInstanceAsync("b", null, TestContext.Current.CancellationToken)).PurgedInstanceCount);
        Assert.Equal(4, (await hub.Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), null, TestContext.Current.CancellationToken)).PurgedInstanceCount);
        Assert.Null(await hub.Client.GetInstanceAsync("a1", false, TestContext.Current.CancellationToken));
        Assert.NotNull(await hub.Client.GetInstanceAsync("b", false, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task No_more_activities_run_at_once_than_the_options_say()
    {
        int running = 0;
        int most = 0;
        await using TestHub hub = new TestHub()
            .Activity<int>("Count", async (_, _) =>
            {
                most = Math.Max(most, Interlocked.Increment(ref running));
                await Task.Yield();
                Interlocked.Decrement(ref running);
                return null;
            })
            .Orchestration("Many", async context =>
            {
                await Task.WhenAll(Enumerable.Range(0, 50).Select(n => context.CallActivityAsync("Count", n)));
                return null;
            })
            .Start(maxActivities: 3);

        Assert.Equal(OrchestrationRuntimeStatus.Completed, (await hub.RunAsync("Many")).RuntimeStatus);
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task A_stopped_hub_is_out_of_reach_as_an_unreachable_host_is()
    {
        await using TestHub hub = Echo();
        await hub.StopAsync();

        RpcException e = await Assert.ThrowsAsync<RpcException>(() => hub.Client.ScheduleNewOrchestrationInstanceAsync("Echo"));

        Assert.Equal(StatusCode.Unavailable, e.StatusCode);
    }

    private static TestHub Echo() =>
        new TestHub().Orchestration("Echo", context => Task.FromResult(context.GetInput<object>())).Start();
}
