using Azure.Data.Tables;
using DurableTask.Core.Exceptions;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using Grpc.Core;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Logging.Abstractions;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>A submission that breaks off at any point is completed by the next with the same key, and never done twice.</summary>
public class TaskCreatorTests : StorageTest
{
    private static readonly string Key = "key".Sha256();

    [Fact]
    public async Task A_task_is_a_row_and_an_orchestration_that_knows_the_rows_ETag()
    {
        TaskRow row = NewRow(input: """{"x":1}""");

        await Creator.CreateAsync(row, null, Client.Object, default);

        (TaskId id, OrchestrationInput start) = Assert.Single(Started);
        TaskRow stored = (await Tasks.FindAsync(row.Id, default))!;
        Assert.Equal(
            (row.Id, "DoWork", """{"x":1}""", TimeSpan.FromMinutes(1), stored.ETag.ToString()),
            (id, start.Activity, start.Input, start.TimeLimit, start.ETag));
        Assert.Equal(RowStatus.Pending, stored.Status);
    }

    [Fact]
    public async Task A_key_gives_the_same_task_again_and_another_submission_is_refused()
    {
        TaskId? first = await CreateOnceAsync();

        Assert.Equal(first, await CreateOnceAsync());
        Assert.Null(await CreateOnceAsync("""{"x":2}"""));
        Assert.All(Started, started => Assert.Equal(first, started.Id));
    }

    [Fact]
    public async Task Of_64_at_once_all_get_the_same_task()
    {
        Client.Setup(client => client.GetInstanceAsync(It.IsAny<string>(), false, It.IsAny<CancellationToken>())).ReturnsAsync(default(OrchestrationMetadata));

        TaskId?[] ids = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => CreateOnceAsync()));

        Assert.NotNull(Assert.Single(ids.Distinct()));
    }

    [Fact]
    public async Task Broken_off_after_the_keys_row_the_next_one_completes_it()
    {
        var id = TaskId.Create(DateTimeOffset.UtcNow);
        await Creator.CreateOnceAsync(Key, "{}", id, id => NewRow(id), StoreNothing, null, Client.Object, default);
        await Table.DeleteEntityAsync(id.PartitionKey, id.RowKey);
        Started.Clear();
        Instance(id, null);

        Assert.Equal(id, await CreateOnceAsync());

        Assert.Equal(id, Assert.Single(Started).Id);
        Assert.Equal(RowStatus.Pending, await Tasks.FindStatusAsync(id, default));
    }

    [Fact]
    public async Task Broken_off_after_the_row_the_next_one_completes_it()
    {
        StartFailure = new TimeoutException();
        TaskId? accepted = await CreateOnceAsync(); // the row is there, so the task will run
        Assert.Empty(Started);
        StartFailure = null;

        TaskId? id = await CreateOnceAsync();

        Assert.Equal(accepted, id);
        Assert.Equal(id, Assert.Single(Started).Id);
    }

    [Fact]
    public async Task Broken_off_after_the_start_the_next_one_finds_it_done()
    {
        TaskId? id = await CreateOnceAsync();
        StartFailure = new OrchestrationAlreadyExistsException();

        Assert.Equal(id, await CreateOnceAsync());
    }

    [Fact]
    public async Task Of_two_who_start_it_at_once_one_may_get_any_error_and_the_task_is_accepted_all_the_same()
    {
        TaskId? id = await CreateOnceAsync();
        StartFailure = new RpcException(new Status(StatusCode.Unknown, "conflict"));
        Instance(id!.Value, OrchestrationRuntimeStatus.Pending);
        Assert.Equal(id, await CreateOnceAsync());

        Instance(id.Value, null);
        Assert.Equal(id, await CreateOnceAsync());
    }

    [Fact]
    public async Task An_ended_task_is_not_started_again()
    {
        TaskId id = (await CreateOnceAsync())!.Value;
        await Tasks.ChangeUnfinishedAsync(TaskChange.Succeeded(id, new("1"), DateTimeOffset.UtcNow), new("*"), default);
        Started.Clear();

        Assert.Equal(id, await CreateOnceAsync());

        Assert.Empty(Started);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task The_key_of_a_deleted_task_is_as_good_as_new(bool tombstone)
    {
        TaskId old = (await CreateOnceAsync())!.Value;
        if (tombstone)
        {
            await Tasks.ChangeUnfinishedAsync(new TaskChange(old) { Status = RowStatus.Deleted }, new("*"), default);
        }
        else
        {
            await Table.DeleteAsync();
            Instance(old, OrchestrationRuntimeStatus.Completed);
        }

        TaskId? id = await CreateOnceAsync("""{"x":2}""");

        Assert.NotNull(id);
        Assert.NotEqual(old, id);
        Assert.Equal(id, await CreateOnceAsync("""{"x":2}"""));
        Assert.Equal(RowStatus.Pending, await Tasks.FindStatusAsync(id.Value, default));
    }

    [Fact]
    public async Task A_batch_that_breaks_off_before_its_items_leaves_a_row_that_nobody_sees_and_the_sweep_can_find()
    {
        var id = TaskId.Create(DateTimeOffset.UtcNow);
        TaskRow row = NewRow(id);
        row.Items = 1;
        await ItemsClient.CreateIfNotExistsAsync();
        using var breaksOff = new CancellationTokenSource();
        var creator = new TaskCreator(Tasks, new KeysTable(Keys), new ItemsTable(new TableClient(new Uri("http://127.0.0.1:9"), "away",
            new TableSharedKeyCredential("devstoreaccount1", "a2V5"), new TableClientOptions { Retry = { MaxRetries = 0 } })), Open, TimeProvider.System, NullLogger<TaskCreator>.Instance);

        await Assert.ThrowsAnyAsync<Exception>(() => creator.CreateAsync(row, new([new("{}")]), Client.Object, default));

        Assert.Equal(RowStatus.Preparing, await Tasks.FindStatusAsync(id, default));
        Assert.Null(await Tasks.FindAsync(id, default));
        Assert.Empty(Started);

        // Whoever sends its key again completes it.
        await Creator.CreateAsync(row, new([new("{}")]), Client.Object, default);
        Assert.Equal(RowStatus.Pending, (await Tasks.FindAsync(id, default))!.Status);
        Assert.Equal(id, Assert.Single(Started, started => started.Id == id).Id);
        Assert.Single(ItemsClient.Query<ItemRow>(item => item.PartitionKey == id.ToString()));
    }

    [Fact]
    public async Task Of_a_task_whose_deletion_ends_while_its_key_is_sent_again_nothing_comes_back()
    {
        TaskId old = (await CreateOnceAsync())!.Value;
        await Tasks.ChangeUnfinishedAsync(TaskChange.Succeeded(old, new("1"), DateTimeOffset.UtcNow), new("*"), default);
        await Table.DeleteEntityAsync(old.PartitionKey, old.RowKey);

        // Between the looks at the row and at the orchestration.
        Client.Setup(client => client.GetInstanceAsync(old.ToString(), It.IsAny<bool>(), It.IsAny<CancellationToken>()))
            .Returns(async () =>
            {
                await Keys.DeleteEntityAsync(Key, Key);
                return null;
            });
        Started.Clear();

        TaskId? id = await CreateOnceAsync();

        Assert.NotEqual(old, id);
        Assert.Equal(id, Assert.Single(Started).Id);
        Assert.Null(await Tasks.FindStatusAsync(old, default));
        Assert.Equal(id, await CreateOnceAsync());
    }

    [Fact]
    public async Task The_sweep_is_told_of_a_row_that_comes_after_it_has_been_past_its_time()
    {
        var id = TaskId.Create(DateTimeOffset.UtcNow.AddDays(-1));
        await new KeysTable(Keys).GetOrAddAsync(new KeyRow(Key, id, "{}".Sha256()), default);
        Instance(id, null);

        Assert.Equal(id, await CreateOnceAsync());

        Assert.EndsWith(id.ToString(), Assert.Single(OpenTable.Query<TableEntity>()).RowKey);
    }

    private static Task StoreNothing(TaskId id, CancellationToken cancellationToken) => Task.CompletedTask;

    private Task<TaskId?> CreateOnceAsync(string input = "{}") =>
        Creator.CreateOnceAsync(Key, input, TaskId.Create(DateTimeOffset.UtcNow), id => NewRow(id, input), StoreNothing, null, Client.Object, default);
}
