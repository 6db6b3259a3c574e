using FunctionApp.Tasks;
using FunctionApp.Tasks.Webhooks;
using Grpc.Core;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>Who reads an unfinished row that nobody has written for a minute finds out whether anything will still end it.</summary>
public sealed class ReconciledTasksTests : StorageTest, IDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private MemoryCache _cache = new(new MemoryCacheOptions());

    [Fact]
    public async Task A_row_that_was_just_written_is_believed()
    {
        TaskId id = await NewTaskAsync();

        Assert.Equal(RowStatus.Pending, (await FindAsync(id))!.Status); // the strict durable client would throw
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Completed, null, RowStatus.Failed, "lost", "ended without a result")]
    [InlineData(OrchestrationRuntimeStatus.Failed, "\"System.IO.IOException: secret\"", RowStatus.Failed, "lost", "ended without a result")]
    [InlineData(OrchestrationRuntimeStatus.Terminated, "\"by \\\"hand\\\"\"", RowStatus.Canceled, "canceled", "by \"hand\"")]
    [InlineData(OrchestrationRuntimeStatus.Terminated, "by hand", RowStatus.Canceled, "canceled", "by hand")]
    [InlineData(OrchestrationRuntimeStatus.Terminated, null, RowStatus.Canceled, "canceled", "was terminated")]
    public async Task An_orchestration_that_has_ended_without_writing_so_ends_the_task(
        OrchestrationRuntimeStatus instance, string? output, RowStatus status, string code, string detail)
    {
        TaskId id = await NewTaskAsync();
        Instance(id, instance, output);
        _time.Advance(TimeSpan.FromSeconds(70));

        TaskRow row = (await FindAsync(id))!;

        Assert.Equal((status, code), (row.Status, row.ErrorCode));
        Assert.Contains(detail, row.ErrorDetail);
        Assert.DoesNotContain("secret", row.ErrorDetail);
        Assert.Equal(row.ETag, (await Tasks.FindAsync(id, default))!.ETag);
    }

    [Fact]
    public async Task An_end_that_is_found_so_is_told_to_the_webhook_too()
    {
        TaskId id = await NewTaskAsync();
        await Table.UpsertEntityAsync(new TaskRow(id) { WebhookUrl = "https://example.com/hook" });
        Instance(id, OrchestrationRuntimeStatus.Completed);
        Client.Setup(client => client.ScheduleNewOrchestrationInstanceAsync(
            new TaskName(nameof(WebhookOrchestration)),
            id.ToString(),
            It.Is<StartOrchestrationOptions>(options => options.InstanceId == $"{id}-webhook"),
            It.IsAny<CancellationToken>())).ReturnsAsync("").Verifiable(Times.Once);
        _time.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal("lost", (await FindAsync(id))!.ErrorCode);

        Client.Verify();
    }

    [Fact]
    public async Task A_task_that_was_never_started_is_started()
    {
        TaskId id = await NewTaskAsync();
        Instance(id, null);
        _time.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal(RowStatus.Pending, (await FindAsync(id))!.Status);

        Assert.Equal(id, Assert.Single(Started).Id);
    }

    [Fact]
    public async Task A_task_that_has_run_and_has_no_orchestration_any_more_is_lost()
    {
        TaskId id = await NewTaskAsync();
        await Tasks.ChangeUnfinishedAsync(new TaskChange(id) { Status = RowStatus.Running, StartedAt = DateTimeOffset.UtcNow }, new("*"), default);
        Instance(id, null);
        _time.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal("lost", (await FindAsync(id))!.ErrorCode);
    }

    [Fact]
    public async Task Time_in_which_no_host_ran_is_no_reason_to_end_a_task()
    {
        TaskId id = await NewTaskAsync();
        DateTimeOffset deadline = _time.GetUtcNow().AddMinutes(1);
        await Tasks.ChangeUnfinishedAsync(
            new TaskChange(id) { Status = RowStatus.Running, StartedAt = deadline, Deadline = deadline }, new("*"), default);
        Instance(id, OrchestrationRuntimeStatus.Running);
        _time.Advance(TimeSpan.FromHours(12));

        Assert.Equal(RowStatus.Running, (await FindAsync(id))!.Status);
    }

    [Theory]
    [InlineData(OrchestrationRuntimeStatus.Suspended)]
    [InlineData(OrchestrationRuntimeStatus.Pending)]
    public async Task What_has_stood_still_for_seven_days_on_which_the_app_ran_has_failed(OrchestrationRuntimeStatus instance)
    {
        TaskId id = await NewTaskAsync();
        Instance(id, instance);
        for (int day = 1; day < 7; day++)
        {
            ForgetComparisons();
            _time.Advance(TimeSpan.FromDays(30)); // a month without the app is no more than a day
            Assert.Equal(RowStatus.Pending, (await FindAsync(id))!.Status);
            Assert.Equal(day, (await Tasks.FindAsync(id, default))!.IdleDays);
        }

        ForgetComparisons();
        _time.Advance(TimeSpan.FromDays(1));

        Assert.Equal("lost", (await FindAsync(id))!.ErrorCode);
    }

    [Theory]
    [InlineData(StatusCode.FailedPrecondition)]
    [InlineData(StatusCode.NotFound)]
    public async Task An_orchestration_that_ends_before_it_is_told_of_the_tasks_new_start_is_no_failure(StatusCode answer)
    {
        TaskId id = await NewTaskAsync();
        await Tasks.ChangeUnfinishedAsync(new TaskChange(id) { StartAt = _time.GetUtcNow().AddMinutes(1), IsMoved = true }, new("*"), default);
        Instance(id, OrchestrationRuntimeStatus.Running);
        Client.Setup(client => client.RaiseEventAsync(id.ToString(), TaskOrchestration.ChangedEvent, It.IsAny<CancellationToken>()))
            .Returns(Task.FromException(new RpcException(new Status(answer, "")))).Verifiable(Times.Once);
        _time.Advance(TimeSpan.FromMinutes(5));

        Assert.Equal(RowStatus.Pending, (await FindAsync(id))!.Status);

        Client.Verify();
    }

    [Fact]
    public async Task What_waits_for_its_start_does_not_stand_still()
    {
        TaskId id = await NewTaskAsync();
        await Tasks.ChangeUnfinishedAsync(new TaskChange(id) { StartAt = _time.GetUtcNow().AddDays(300) }, new("*"), default);
        Instance(id, OrchestrationRuntimeStatus.Running);
        _time.Advance(TimeSpan.FromDays(200));

        await FindAsync(id);

        Assert.Null((await Tasks.FindAsync(id, default))!.IdleDays);
    }

    [Fact]
    public async Task A_pending_task_that_had_to_begin_by_now_has_expired()
    {
        TaskId id = await NewTaskAsync();
        await Table.UpsertEntityAsync(new TaskRow(id) { StartBy = _time.GetUtcNow().AddSeconds(10) });
        Assert.Equal(RowStatus.Pending, (await FindAsync(id))!.Status);
        _time.Advance(TimeSpan.FromSeconds(11));

        Assert.Equal("expired", (await FindAsync(id))!.ErrorCode);
    }

    [Fact]
    public async Task A_row_of_another_task_hub_is_left_alone()
    {
        TaskId id = await NewTaskAsync();
        await Tasks.ChangeUnfinishedAsync(new TaskChange(id) { Hub = "other" }, new("*"), default);
        _time.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal(RowStatus.Pending, (await FindAsync(id))!.Status); // the strict durable client would throw
        Assert.Equal("other", (await Tasks.FindAsync(id, default))!.Hub);
    }

    [Fact]
    public async Task A_row_of_a_former_task_hub_goes_on_in_this_one_with_its_next_attempt()
    {
        TaskId id = await NewTaskAsync();
        await Tasks.ChangeUnfinishedAsync(new TaskChange(id) { Hub = "Former1", Status = RowStatus.Running, Attempt = 3 }, new("*"), default);
        _time.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal(RowStatus.Running, (await FindAsync(id, "other, former1"))!.Status);

        (TaskId started, OrchestrationInput start) = Assert.Single(Started);
        Assert.Equal((id, 4), (started, start.FirstAttempt));
        Assert.Equal("test", (await Tasks.FindAsync(id, default))!.Hub);
    }

    [Fact]
    public async Task A_task_that_runs_is_compared_once_a_minute_at_most()
    {
        TaskId id = await NewTaskAsync();
        Instance(id, OrchestrationRuntimeStatus.Running);
        _time.Advance(TimeSpan.FromSeconds(70));

        await FindAsync(id);
        await FindAsync(id);

        Assert.Single(Client.Invocations);
    }

    public void Dispose() => _cache.Dispose();

    private async Task<TaskRow?> FindAsync(TaskId id, string? formerTaskHubs = null)
    {
        IConfiguration settings = new ConfigurationBuilder().AddInMemoryCollection([new("FormerTaskHubs", formerTaskHubs)]).Build();
        return await new ReconciledTasks(Tasks, new TaskHubs(settings), _cache, _time, NullLogger<ReconciledTasks>.Instance)
            .FindAsync(id, Client.Object, default);
    }

    // The cache has a clock of its own.
    private void ForgetComparisons() => _cache = new(new MemoryCacheOptions());

    private async Task<TaskId> NewTaskAsync() => TaskId.Parse((await InsertAsync()).TaskId);
}
