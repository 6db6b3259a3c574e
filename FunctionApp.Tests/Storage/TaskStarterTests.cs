using DurableTask.Core.Exceptions;
using FunctionApp.Tasks;
using Grpc.Core;
using Microsoft.DurableTask.Client;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>A submission that breaks off at any point is completed by the next with the same key, and never done twice.</summary>
public class TaskStarterTests : StorageTest
{
    private static readonly string Key = IdempotencyKey.Hash("key");

    [Fact]
    public async Task A_task_is_a_row_and_an_orchestration_that_knows_the_rows_ETag()
    {
        TaskRow row = NewRow(input: """{"x":1}""");

        await Starter.StartAsync(row, null, Client.Object, default);

        (TaskId id, TaskStart start) = Assert.Single(Started);
        TaskRow stored = (await Tasks.FindAsync(row.Id, default))!;
        Assert.Equal(
            (row.Id, "DoWork", """{"x":1}""", TimeSpan.FromMinutes(1), stored.ETag.ToString()),
            (id, start.Activity, start.Input, start.TimeLimit, start.ETag));
        Assert.Equal(RowStatus.Pending, stored.Status);
    }

    [Fact]
    public async Task A_key_gives_the_same_task_again_and_another_submission_is_refused()
    {
        TaskId? first = await StartOnceAsync();

        Assert.Equal(first, await StartOnceAsync());
        Assert.Null(await StartOnceAsync("""{"x":2}"""));
        Assert.All(Started, started => Assert.Equal(first, started.Id));
    }

    [Fact]
    public async Task Of_64_at_once_all_get_the_same_task()
    {
        Client.Setup(client => client.GetInstanceAsync(It.IsAny<string>(), false, It.IsAny<CancellationToken>())).ReturnsAsync(default(OrchestrationMetadata));

        TaskId?[] ids = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => StartOnceAsync()));

        Assert.NotNull(Assert.Single(ids.Distinct()));
    }

    [Fact]
    public async Task Broken_off_after_the_keys_row_the_next_one_completes_it()
    {
        var id = TaskId.Create(DateTimeOffset.UtcNow);
        await Starter.StartOnceAsync(Key, "{}", id, id => NewRow(id), null, Client.Object, default);
        await Table.DeleteEntityAsync(id.PartitionKey, id.RowKey);
        Started.Clear();
        Instance(id, null);

        Assert.Equal(id, await StartOnceAsync());

        Assert.Equal(id, Assert.Single(Started).Id);
        Assert.Equal(RowStatus.Pending, await Tasks.FindStatusAsync(id, default));
    }

    [Fact]
    public async Task Broken_off_after_the_row_the_next_one_completes_it()
    {
        StartFailure = new TimeoutException();
        await Assert.ThrowsAsync<TimeoutException>(() => StartOnceAsync());
        StartFailure = null;

        TaskId? id = await StartOnceAsync();

        Assert.Equal(id, Assert.Single(Started).Id);
    }

    [Fact]
    public async Task Broken_off_after_the_start_the_next_one_finds_it_done()
    {
        TaskId? id = await StartOnceAsync();
        StartFailure = new OrchestrationAlreadyExistsException();

        Assert.Equal(id, await StartOnceAsync());
    }

    [Fact]
    public async Task Of_two_who_start_it_at_once_one_gets_any_error_and_finds_it_started()
    {
        TaskId? id = await StartOnceAsync();
        StartFailure = new RpcException(new Status(StatusCode.Unknown, "conflict"));
        Instance(id!.Value, OrchestrationRuntimeStatus.Pending);
        Assert.Equal(id, await StartOnceAsync());

        Instance(id.Value, null);
        await Assert.ThrowsAsync<RpcException>(() => StartOnceAsync());
    }

    [Fact]
    public async Task An_ended_task_is_not_started_again()
    {
        TaskId id = (await StartOnceAsync())!.Value;
        await Tasks.ChangeUnfinishedAsync(TaskRow.Succeeded(id, new("1"), DateTimeOffset.UtcNow), new("*"), default);
        Started.Clear();

        Assert.Equal(id, await StartOnceAsync());

        Assert.Empty(Started);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_key_of_a_deleted_task_is_as_good_as_new(bool tombstone)
    {
        TaskId old = (await StartOnceAsync())!.Value;
        if (tombstone)
        {
            await Tasks.ChangeUnfinishedAsync(new TaskRow(old) { Status = RowStatus.Deleted }, new("*"), default);
        }
        else
        {
            await Table.DeleteAsync();
            Instance(old, OrchestrationRuntimeStatus.Completed);
        }

        TaskId? id = await StartOnceAsync("""{"x":2}""");

        Assert.NotNull(id);
        Assert.NotEqual(old, id);
        Assert.Equal(id, await StartOnceAsync("""{"x":2}"""));
        Assert.Equal(RowStatus.Pending, await Tasks.FindStatusAsync(id.Value, default));
    }

    private Task<TaskId?> StartOnceAsync(string input = "{}") =>
        Starter.StartOnceAsync(Key, input, TaskId.Create(DateTimeOffset.UtcNow), id => NewRow(id, input), null, Client.Object, default);
}
