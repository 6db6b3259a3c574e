using FunctionApp.Multiply;
using Microsoft.DurableTask;
using Moq;

namespace FunctionApp.Tests.Unit;

public class MultiplyOrchestrationTests
{
    private static readonly DateTime Now = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private readonly Mock<TaskOrchestrationContext> _context = new(MockBehavior.Strict);
    private readonly TaskCompletionSource _deadline = new();
    private readonly TaskCompletionSource _activity = new();
    private CancellationToken _timer;

    public MultiplyOrchestrationTests()
    {
        _context.Setup(context => context.InstanceId).Returns("task");
        _context.Setup(context => context.CurrentUtcDateTime).Returns(Now);
        _context.Setup(context => context.GetInput<Multiplication>()).Returns(new Multiplication("2", "3", TimeSpan.FromMinutes(5)));
        _context.Setup(context => context.CreateTimer(TimeSpan.FromMinutes(5), It.IsAny<CancellationToken>()))
            .Returns((TimeSpan _, CancellationToken token) =>
            {
                _timer = token;
                return _deadline.Task;
            });
        _context.Setup(context => context.CallActivityAsync(
                new TaskName(nameof(SlowMultiply)),
                new SlowMultiplyInput("task", "2", "3"),
                It.Is<TaskOptions>(options => options.Retry!.Policy!.MaxNumberOfAttempts > 1 && options.Retry.Policy.BackoffCoefficient > 1)))
            .Returns(_activity.Task);
    }

    [Fact]
    public async Task Calls_the_activity_with_retries_and_lets_the_deadline_go()
    {
        Task run = MultiplyOrchestration.RunAsync(_context.Object);
        Assert.False(run.IsCompleted);
        _activity.SetResult();

        await run;

        Assert.True(_timer.IsCancellationRequested);
    }

    [Fact]
    public async Task Fails_at_its_time_limit()
    {
        Task run = MultiplyOrchestration.RunAsync(_context.Object);
        _deadline.SetResult();

        MultiplicationFailedException e = await Assert.ThrowsAsync<MultiplicationFailedException>(() => run);

        Assert.Contains("00:05:00", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("System.OverflowException", "too large")]
    [InlineData("Azure.RequestFailedException", "several times")]
    public async Task Fails_with_a_reason_for_the_caller(string errorType, string expected)
    {
        _activity.SetException(new TaskFailedException(
            nameof(SlowMultiply), 1, new TaskFailureDetails(errorType, "internal words", null, null, null)));

        MultiplicationFailedException e =
            await Assert.ThrowsAsync<MultiplicationFailedException>(() => MultiplyOrchestration.RunAsync(_context.Object));

        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("internal", e.Message, StringComparison.Ordinal);
    }
}
