using FunctionApp.Multiply;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Time.Testing;

namespace FunctionApp.Tests.Emulator;

/// <summary>The app's own orchestration over an activity that never succeeds. A fake clock lets its minutes pass at once.</summary>
public class PoisonTests
{
    [Fact]
    public async Task An_activity_that_always_throws_ends_Failed_after_25_attempts_and_shows_no_internals()
    {
        int attempts = 0;
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using TestHub hub = Hub(time, _ =>
        {
            attempts++;
            throw new IOException("/secret/path");
        });

        OrchestrationMetadata task = await RunAsync(hub, time, timeout: TimeSpan.FromHours(1));

        Assert.Equal(25, attempts);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, task.RuntimeStatus);
        Assert.Equal(typeof(MultiplicationFailedException).FullName, task.FailureDetails!.ErrorType);
        Assert.Equal("The task was tried several times, but failed each time.", task.FailureDetails.ErrorMessage);
    }

    [Fact]
    public async Task An_activity_that_hangs_ends_Failed_at_the_time_limit()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using TestHub hub = Hub(time, cancellation => Task.Delay(Timeout.InfiniteTimeSpan, cancellation));

        OrchestrationMetadata task = await RunAsync(hub, time, timeout: TimeSpan.FromMinutes(5));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, task.RuntimeStatus);
        Assert.Equal("The task did not finish within its time limit of 00:05:00.", task.FailureDetails!.ErrorMessage);
    }

    private static TestHub Hub(TimeProvider time, Func<CancellationToken, Task> activity) => new TestHub { Time = time }
        .Activity<SlowMultiplyInput>(nameof(SlowMultiply), async (_, cancellation) =>
        {
            await activity(cancellation);
            return null;
        })
        .Orchestration(nameof(MultiplyOrchestration), async context =>
        {
            await MultiplyOrchestration.RunAsync(context);
            return null;
        })
        .Start();

    private static async Task<OrchestrationMetadata> RunAsync(TestHub hub, FakeTimeProvider time, TimeSpan timeout)
    {
        string id = await hub.Client.ScheduleNewOrchestrationInstanceAsync(
            nameof(MultiplyOrchestration), new Multiplication("6", "7", timeout));
        Task<OrchestrationMetadata> end = hub.WaitAsync(id);
        while (!end.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(5));
            await Task.Delay(1);
        }

        return await end;
    }
}
