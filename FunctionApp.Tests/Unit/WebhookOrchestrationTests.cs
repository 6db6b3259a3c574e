using DurableTask.Core.Exceptions;
using FunctionApp.Tasks.Webhooks;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Moq;

namespace FunctionApp.Tests.Unit;

public class WebhookOrchestrationTests
{
    private readonly Mock<TaskOrchestrationContext> _context = new(MockBehavior.Strict);
    private readonly List<WebhookTurn> _turns = [];
    private readonly List<TimeSpan> _pauses = [];
    private TaskCompletionSource<object?> _sendNow = new();
    private int _last = int.MaxValue;

    public WebhookOrchestrationTests()
    {
        _context.Setup(context => context.GetInput<string>()).Returns("task");
        _context.Setup(context => context.CallActivityAsync<TimeSpan?>(
                new TaskName(nameof(DeliverWebhook)), It.IsAny<WebhookTurn>(), It.Is<TaskOptions>(options => options.Retry!.Policy!.MaxNumberOfAttempts > 1)))
            .Returns((TaskName _, object turn, TaskOptions _) =>
            {
                _turns.Add((WebhookTurn)turn);
                return Task.FromResult<TimeSpan?>(_turns.Count < _last ? TimeSpan.FromSeconds(_turns.Count) : null);
            });
        _context.Setup(context => context.WaitForExternalEvent<object?>("sendNow", CancellationToken.None)).Returns(() => _sendNow.Task);
        _context.Setup(context => context.CreateTimer(It.IsAny<TimeSpan>(), It.IsAny<CancellationToken>()))
            .Callback((TimeSpan pause, CancellationToken _) => _pauses.Add(pause))
            .Returns(Task.CompletedTask);
    }

    [Fact]
    public async Task It_waits_as_long_as_it_is_told_and_ends_when_there_is_nothing_left_to_do()
    {
        _last = 3;

        await WebhookOrchestration.RunAsync(_context.Object);

        Assert.Equal([new("task", 0), new("task", 1), new("task", 2)], _turns);
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(2)], _pauses);
    }

    [Fact]
    public async Task Told_to_send_now_during_what_would_be_its_last_turn_it_has_one_more()
    {
        _last = 1;
        TaskCompletionSource<object?> told = _sendNow;
        _context.Setup(context => context.CallActivityAsync<TimeSpan?>(
                new TaskName(nameof(DeliverWebhook)), new WebhookTurn("task", 0), It.IsAny<TaskOptions>()))
            .ReturnsAsync(() =>
            {
                _turns.Add(new("task", 0));
                _sendNow = new();
                told.SetResult(null);
                return null;
            });

        await WebhookOrchestration.RunAsync(_context.Object);

        Assert.Equal([new("task", 0), new("task", 1)], _turns);
    }

    [Fact]
    public async Task However_long_it_takes_its_history_stays_short()
    {
        _context.Setup(context => context.ContinueAsNew("task", true)).Verifiable(Times.Once);

        await WebhookOrchestration.RunAsync(_context.Object);

        Assert.Equal(50, _turns.Count);
        _context.Verify();
    }

    [Theory]
    [InlineData("goes on", 1)]
    [InlineData("has ended", 2)]
    [InlineData("ends without having heard it", 2)]
    public async Task One_that_runs_is_told_to_send_now_and_one_that_ends_meanwhile_is_started_again(string what, int expected)
    {
        int starts = 0;
        int looks = 0;
        var client = new Mock<DurableTaskClient>(MockBehavior.Strict, "test");
        client.Setup(client => client.ScheduleNewOrchestrationInstanceAsync(
                new TaskName(nameof(WebhookOrchestration)), "task", It.IsAny<StartOrchestrationOptions>(), It.IsAny<CancellationToken>()))
            .Returns(() => ++starts > 1 ? Task.FromResult("task-webhook") : throw new OrchestrationAlreadyExistsException());
        client.Setup(client => client.RaiseEventAsync("task-webhook", "sendNow", It.IsAny<CancellationToken>()))
            .Returns(() => what == "has ended" ? Task.FromException(new RpcException(new Status(StatusCode.FailedPrecondition, ""))) : Task.CompletedTask);
        client.Setup(client => client.GetInstanceAsync("task-webhook", false, It.IsAny<CancellationToken>()))
            .ReturnsAsync(() => new OrchestrationMetadata(nameof(WebhookOrchestration), "task-webhook")
            {
                RuntimeStatus = ++looks > 2 && what != "goes on" ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Running,
            });

        await WebhookOrchestration.SendNowAsync(client.Object, "task", CancellationToken.None);

        Assert.Equal(expected, starts);
    }

    [Fact]
    public async Task One_that_is_started_to_send_now_need_not_be_told()
    {
        var client = new Mock<DurableTaskClient>(MockBehavior.Strict, "test");
        client.Setup(client => client.ScheduleNewOrchestrationInstanceAsync(
                new TaskName(nameof(WebhookOrchestration)), "task", It.IsAny<StartOrchestrationOptions>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync("task-webhook").Verifiable(Times.Once);

        await WebhookOrchestration.SendNowAsync(client.Object, "task", CancellationToken.None);

        client.Verify();
    }
}
