using FunctionApp.Tasks;
using FunctionApp.Tasks.Webhooks;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>Who reads an unfinished row that nobody has written for a minute finds out whether anything will still end it.</summary>
public sealed class TaskReaderTests : StorageTest, IDisposable
{
    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private readonly MemoryCache _cache = new(new MemoryCacheOptions());

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
        await Tasks.ChangeUnfinishedAsync(new TaskRow(id) { WebhookUrl = "https://example.com/hook" }, new("*"), default);
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
        await Tasks.ChangeUnfinishedAsync(new TaskRow(id) { Status = RowStatus.Running, StartedAt = DateTimeOffset.UtcNow }, new("*"), default);
        Instance(id, null);
        _time.Advance(TimeSpan.FromSeconds(70));

        Assert.Equal("lost", (await FindAsync(id))!.ErrorCode);
    }

    [Theory]
    [InlineData(299, RowStatus.Running)]
    [InlineData(301, RowStatus.Failed)]
    public async Task Five_minutes_after_its_deadline_a_task_has_failed_whatever_its_orchestration_says(int secondsAfter, RowStatus expected)
    {
        TaskId id = await NewTaskAsync();
        DateTimeOffset deadline = _time.GetUtcNow().AddMinutes(1);
        await Tasks.ChangeUnfinishedAsync(
            new TaskRow(id) { Status = RowStatus.Running, StartedAt = deadline, Deadline = deadline }, new("*"), default);
        Instance(id, OrchestrationRuntimeStatus.Running);
        _time.Advance(TimeSpan.FromSeconds(60 + secondsAfter));

        Assert.Equal(expected, (await FindAsync(id))!.Status);
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

    private Task<TaskRow?> FindAsync(TaskId id) =>
        new TaskReader(Tasks, _cache, _time, NullLogger<TaskReader>.Instance).FindAsync(id, Client.Object, default);

    private async Task<TaskId> NewTaskAsync() => TaskId.Parse((await InsertAsync()).TaskId);
}
