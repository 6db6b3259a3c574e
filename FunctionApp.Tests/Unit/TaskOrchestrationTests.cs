using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using Microsoft.DurableTask;
using Moq;

namespace FunctionApp.Tests.Unit;

public class TaskOrchestrationTests
{
    private readonly Mock<TaskOrchestrationContext> _context = new(MockBehavior.Strict);
    private readonly List<TaskExecution> _attempts = [];
    private readonly List<TaskFailure> _failures = [];
    private DateTime _now = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public TaskOrchestrationTests()
    {
        _context.Setup(context => context.InstanceId).Returns("task");
        _context.Setup(context => context.CurrentUtcDateTime).Returns(() => _now);
        _context.Setup(context => context.CreateTimer(It.IsAny<TimeSpan>(), It.IsAny<CancellationToken>()))
            .Returns((TimeSpan delay, CancellationToken _) =>
            {
                _now += delay;
                return Task.CompletedTask;
            });
        _context.Setup(context => context.CallActivityAsync(
                new TaskName(nameof(FailTask)), It.IsAny<TaskFailure>(), It.Is<TaskOptions>(options => options.Retry!.Policy!.MaxNumberOfAttempts > 1)))
            .Returns((TaskName _, object failure, TaskOptions _) =>
            {
                _failures.Add((TaskFailure)failure);
                return Task.CompletedTask;
            });
    }

    [Fact]
    public async Task An_activity_that_ends_is_all_there_is()
    {
        await RunAsync(TimeSpan.FromMinutes(5), failures: 0);

        Assert.Equal(
            new TaskExecution("task", Start(TimeSpan.FromMinutes(5)), new(2030, 1, 1, 0, 5, 0, TimeSpan.Zero), 1), Assert.Single(_attempts));
        Assert.Empty(_failures);
    }

    [Fact]
    public async Task A_failed_attempt_is_repeated_after_a_growing_delay()
    {
        await RunAsync(TimeSpan.FromHours(1), failures: 6);

        Assert.Equal(Enumerable.Range(1, 7), _attempts.Select(attempt => attempt.Attempt));
        Assert.Equal(TimeSpan.FromSeconds(1 + 2 + 4 + 8 + 15 + 15), _now.TimeOfDay);
    }

    [Fact]
    public async Task The_last_of_25_attempts_fails_the_task()
    {
        await Assert.ThrowsAsync<TaskFailedException>(() => RunAsync(TimeSpan.FromHours(1), failures: 1_000));

        Assert.Equal(25, _attempts.Count);
        Assert.Equal(new TaskFailure("task", "etag", TaskError.AttemptsExhausted), Assert.Single(_failures));
    }

    [Fact]
    public async Task Attempts_stop_at_the_time_limit()
    {
        await Assert.ThrowsAsync<TaskFailedException>(() => RunAsync(TimeSpan.FromSeconds(10), failures: 1_000));

        Assert.Equal(4, _attempts.Count); // after 0, 1, 3 and 7 seconds; the next would come after 15
        Assert.Equal("timeout", Assert.Single(_failures).Error.Code);
    }

    [Fact]
    public async Task A_batch_whose_slice_has_failed_25_times_has_failed()
    {
        _context.Setup(context => context.GetInput<TaskStart>()).Returns(Start(TimeSpan.FromHours(1)) with { Items = 1 });
        _context.Setup(context => context.CallActivityAsync<bool>(new TaskName(nameof(RunSlice)), It.IsAny<SliceExecution>(), null))
            .Returns(() => Task.FromException<bool>(Failure()));

        await BatchOrchestration.RunAsync(_context.Object);

        Assert.Equal(new TaskFailure("task", "etag", TaskError.AttemptsExhausted), Assert.Single(_failures));
    }

    private static TaskFailedException Failure() =>
        new("DoWork", 1, new TaskFailureDetails("System.IO.IOException", "internal", null, null, null));

    private static TaskStart Start(TimeSpan limit) => new("DoWork", "{}", limit, "etag", null, 0, false, null);

    private Task RunAsync(TimeSpan limit, int failures)
    {
        _context.Setup(context => context.GetInput<TaskStart>()).Returns(Start(limit));
        _context.Setup(context => context.CallActivityAsync(new TaskName("DoWork"), It.IsAny<TaskExecution>(), null))
            .Returns((TaskName _, object execution, TaskOptions? _) =>
            {
                _attempts.Add((TaskExecution)execution);
                return _attempts.Count <= failures
                    ? Task.FromException(Failure())
                    : Task.CompletedTask;
            });
        return TaskOrchestration.RunAsync(_context.Object);
    }
}
