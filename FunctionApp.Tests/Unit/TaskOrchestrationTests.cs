using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Webhooks;
using Microsoft.DurableTask;
using Moq;

namespace FunctionApp.Tests.Unit;

public class TaskOrchestrationTests
{
    private readonly Mock<TaskOrchestrationContext> _context = new(MockBehavior.Strict);
    private readonly List<TaskAttempt> _attempts = [];
    private int _failures;
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
                new TaskName(nameof(FailTask)), "task", It.Is<TaskOptions>(options => options.Retry!.Policy!.MaxNumberOfAttempts > 1)))
            .Returns(() =>
            {
                _failures++;
                return Task.CompletedTask;
            });
    }

    [Fact]
    public async Task An_activity_that_ends_is_all_there_is()
    {
        await RunAsync(failures: 0);

        Assert.Equal(new TaskAttempt("task", Start(), 1), Assert.Single(_attempts));
        Assert.Equal(0, _failures);
    }

    [Fact]
    public async Task A_failed_attempt_is_repeated_after_a_growing_delay()
    {
        await RunAsync(failures: 8);

        Assert.Equal(Enumerable.Range(1, 9), _attempts.Select(attempt => attempt.Number));
        Assert.Equal(TimeSpan.FromSeconds(1 + 2 + 4 + 8 + 16 + 32 + 60 + 60), _now.TimeOfDay);
    }

    [Fact]
    public async Task The_last_attempt_fails_the_task_however_long_it_took()
    {
        await Assert.ThrowsAsync<TaskFailedException>(() => RunAsync(failures: 1_000));

        Assert.Equal(25, _attempts.Count);
        Assert.Equal(1, _failures);
    }

    [Fact]
    public async Task An_attempt_that_could_not_begin_does_not_count()
    {
        await RunAsync(failures: 1_000, typeof(AttemptPostponedException).FullName!, failsUntil: 100);

        Assert.All(_attempts, attempt => Assert.Equal(1, attempt.Number));
        Assert.Equal((101, 0), (_attempts.Count, _failures));
    }

    [Fact]
    public async Task What_another_task_hub_has_begun_goes_on_with_its_next_attempt()
    {
        await RunAsync(failures: 1, start: Start() with { FirstAttempt = 4 });

        Assert.Equal([4, 5], _attempts.Select(attempt => attempt.Number));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Woken_before_its_time_a_task_looks_whether_it_has_really_ended_and_tells_the_webhook(bool hasEnded)
    {
        OrchestrationInput start = Start() with { StartAt = new(2030, 1, 2, 0, 0, 0, TimeSpan.Zero), HasWebhook = true };
        int events = 0;
        int webhooks = 0;
        _context.Setup(context => context.WaitForExternalEvent<object?>(TaskOrchestration.ChangedEvent, It.IsAny<CancellationToken>()))
            .Returns(() => events++ == 0 ? Task.FromResult<object?>(null) : new TaskCompletionSource<object?>().Task);
        _context.Setup(context => context.CreateTimer(It.IsAny<DateTime>(), It.IsAny<CancellationToken>()))
            .Returns(async (DateTime until, CancellationToken _) =>
            {
                await Task.Yield();
                _now = until;
            });
        _context.Setup(context => context.CallActivityAsync<DateTimeOffset?>(new TaskName(nameof(ReadStart)), "task", It.IsAny<TaskOptions>()))
            .ReturnsAsync(hasEnded ? null : start.StartAt);
        _context.Setup(context => context.CallActivityAsync(new TaskName(nameof(StartWebhook)), "task", It.IsAny<TaskOptions>()))
            .Returns(() =>
            {
                webhooks++;
                return Task.CompletedTask;
            });

        await RunAsync(failures: 0, start: start);

        Assert.Equal((hasEnded ? 0 : 1, 1), (_attempts.Count, webhooks));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(72)]
    public async Task Told_of_another_start_it_starts_then(int hours)
    {
        DateTimeOffset moved = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).AddHours(hours);
        bool isTold = false;
        _context.Setup(context => context.WaitForExternalEvent<object?>(TaskOrchestration.ChangedEvent, It.IsAny<CancellationToken>()))
            .Returns(() => isTold ? new TaskCompletionSource<object?>().Task : Task.FromResult<object?>(null));
        _context.Setup(context => context.CreateTimer(It.IsAny<DateTime>(), It.IsAny<CancellationToken>()))
            .Returns(async (DateTime until, CancellationToken canceled) =>
            {
                await Task.Yield();
                _now = canceled.IsCancellationRequested ? _now : until;
            });
        _context.Setup(context => context.CallActivityAsync<DateTimeOffset?>(new TaskName(nameof(ReadStart)), "task", It.IsAny<TaskOptions>()))
            .ReturnsAsync(() =>
            {
                isTold = true;
                return moved;
            });

        await RunAsync(failures: 0, start: Start() with { StartAt = new(2030, 1, 2, 0, 0, 0, TimeSpan.Zero) });

        Assert.Single(_attempts);
        Assert.Equal(moved.UtcDateTime, _now);
    }

    [Fact]
    public async Task A_batch_whose_slice_has_failed_25_times_has_failed()
    {
        _context.Setup(context => context.GetInput<OrchestrationInput>()).Returns(Start() with { Items = 1 });
        _context.Setup(context => context.CallActivityAsync<SliceOutcome>(new TaskName(nameof(RunSlice)), It.IsAny<SliceAttempt>(), null))
            .Returns(() => Task.FromException<SliceOutcome>(Failure("System.IO.IOException")));

        await BatchOrchestration.RunAsync(_context.Object);

        Assert.Equal(1, _failures);
    }

    private static TaskFailedException Failure(string type) => new("DoWork", 1, new TaskFailureDetails(type, "internal", null, null, null));

    private static OrchestrationInput Start() => new(
        "DoWork", "{}", TimeSpan.FromMinutes(5), MaxAttempts: 25, FirstAttempt: 1, "etag", StartAt: null, StartBy: null, Items: 0, HasWebhook: false, TraceParent: null);

    private Task RunAsync(int failures, string type = "System.IO.IOException", int failsUntil = int.MaxValue, OrchestrationInput? start = null)
    {
        _context.Setup(context => context.GetInput<OrchestrationInput>()).Returns(start ?? Start());
        _context.Setup(context => context.CallActivityAsync(new TaskName("DoWork"), It.IsAny<TaskAttempt>(), null))
            .Returns((TaskName _, object attempt, TaskOptions? _) =>
            {
                _attempts.Add((TaskAttempt)attempt);
                return _attempts.Count <= Math.Min(failures, failsUntil)
                    ? Task.FromException(Failure(type))
                    : Task.CompletedTask;
            });
        return TaskOrchestration.RunAsync(_context.Object);
    }
}
