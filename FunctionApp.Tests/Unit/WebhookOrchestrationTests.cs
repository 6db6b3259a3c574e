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
    private readonly TaskCompletionSource<object?> _sendNow = new();
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
    public async Task However_long_it_takes_its_history_stays_short()
    {
        _context.Setup(context => context.ContinueAsNew("task", true)).Verifiable(Times.Once);

        await WebhookOrchestration.RunAsync(_context.Object);

        Assert.Equal(50, _turns.Count);
        _context.Verify();
    }

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public async Task One_that_has_ended_when_it_is_told_to_send_now_is_started_again(bool isRunning, int expected)
    {
        int starts = 0;
        var client = new Mock<DurableTaskClient>(MockBehavior.Strict, "test");
        client.Setup(client => client.ScheduleNewOrchestrationInstanceAsync(
                new TaskName(nameof(WebhookOrchestration)), "task", It.IsAny<StartOrchestrationOptions>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync(() => $"{++starts}");
        client.Setup(client => client.RaiseEventAsync("task-webhook", "sendNow", It.IsAny<CancellationToken>()))
            .Returns(() => isRunning ? Task.CompletedTask : Task.FromException(new RpcException(new Status(StatusCode.FailedPrecondition, ""))));

        await WebhookOrchestration.SendNowAsync(client.Object, "task", CancellationToken.None);

        Assert.Equal(expected, starts);
    }
}
