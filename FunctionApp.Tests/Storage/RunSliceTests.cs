using System.Text.Json;
using Azure.Data.Tables;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace FunctionApp.Tests.Storage;

/// <summary>A slice of a batch: what it returns is what the rows say.</summary>
public sealed class RunSliceTests : StorageTest
{
    private const int Items = 6;

    private readonly FakeTimeProvider _time = new(DateTimeOffset.UtcNow);
    private Func<int, CancellationToken, Task<int>> _work = (item, _) => Task.FromResult(item);

    [Fact]
    public async Task A_slice_that_has_done_its_items_ends_the_batch_if_it_is_the_last()
    {
        SliceAttempt slice = await NewBatchAsync();

        Assert.Equal(SliceOutcome.SliceEnded, await RunAsync(slice));

        Assert.Equal(RowStatus.Succeeded, (await RowAsync(slice)).Status);
        Assert.Equal(SliceOutcome.BatchEnded, await RunAsync(slice));
    }

    [Fact]
    public async Task When_the_host_stops_it_keeps_what_it_has_and_throws_so_that_it_is_repeated()
    {
        SliceAttempt slice = await NewBatchAsync();
        using var stopping = new CancellationTokenSource();
        int hanging = 0;
        _work = async (item, token) =>
        {
            if (item == 0)
            {
                return item;
            }

            if (Interlocked.Increment(ref hanging) == Items - 1)
            {
                await stopping.CancelAsync();
            }

            await Task.Delay(Timeout.Infinite, token);
            return item;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(slice, stopping: stopping.Token));

        Assert.True((await RowAsync(slice)).IsUnfinished);
        Assert.Equal(1, await CountEndedAsync(slice));

        _work = (item, _) => Task.FromResult(item);
        Assert.Equal(SliceOutcome.SliceEnded, await RunAsync(slice));
        Assert.Equal(Items, await CountEndedAsync(slice));
    }

    [Fact]
    public async Task Its_items_share_the_places_of_the_process_with_single_tasks()
    {
        SliceAttempt slice = await NewBatchAsync();
        using var places = new WorkPlaces(new HostSettings(null, 2), TimeProvider.System);
        using IDisposable? single = await places.TakeAsync(default);
        int atWork = 0;
        int most = 0;
        _work = async (item, token) =>
        {
            most = Math.Max(most, Interlocked.Increment(ref atWork));
            await Task.Delay(20, token);
            Interlocked.Decrement(ref atWork);
            return item;
        };

        Assert.Equal(SliceOutcome.SliceEnded, await RunAsync(slice, places));

        Assert.Equal(1, most);
    }

    [Fact]
    public async Task Items_that_find_no_place_in_time_are_left_to_the_next_call_which_is_no_attempt()
    {
        SliceAttempt slice = await NewBatchAsync();
        using var places = new WorkPlaces(new HostSettings(null, 1), _time);
        IDisposable? single = await places.TakeAsync(default);
        Task<SliceOutcome> run = RunAsync(slice, places);
        while (!run.IsCompleted)
        {
            _time.Advance(TimeSpan.FromSeconds(30));
            await Task.WhenAny(run, Task.Delay(50));
        }

        Assert.Equal(SliceOutcome.GoOn, await run);
        single!.Dispose();
        Assert.Equal(SliceOutcome.SliceEnded, await RunAsync(slice, places));
    }

    [Fact]
    public async Task An_item_beyond_the_time_limit_ends_the_batch_and_keeps_what_the_others_have()
    {
        SliceAttempt slice = await NewBatchAsync(TimeSpan.FromSeconds(0.3));
        _work = (item, _) => item == 0 ? new TaskCompletionSource<int>().Task : Task.FromResult(item);

        Assert.Equal(SliceOutcome.BatchEnded, await RunAsync(slice));

        Assert.Equal((RowStatus.Failed, "timeout"), ((await RowAsync(slice)).Status, (await RowAsync(slice)).ErrorCode));
        Assert.Equal(Items - 1, await CountEndedAsync(slice));
    }

    [Fact]
    public async Task An_item_that_fails_is_tried_again_and_the_batch_knows_why()
    {
        SliceAttempt slice = await NewBatchAsync();
        _work = (item, _) => item == 0 ? throw new TemporaryFailureException("The feed was down.") : Task.FromResult(item);

        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(slice));
        Assert.Equal("The feed was down.", (await RowAsync(slice)).LastFailure);

        Assert.Equal(SliceOutcome.SliceEnded, await RunAsync(slice with { Number = 25 }));
        Assert.Equal(RowStatus.Succeeded, (await RowAsync(slice)).Status);
    }

    [Fact]
    public async Task A_batch_that_ends_otherwise_stops_its_slices()
    {
        SliceAttempt slice = await NewBatchAsync();
        _work = async (item, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return item;
        };
        Task<SliceOutcome> run = RunAsync(slice);
        await Eventually.AreEqual(RowStatus.Running, async () => (await RowAsync(slice)).Status);

        await Tasks.ChangeUnfinishedAsync(TaskChange.Canceled(TaskId.Parse(slice.TaskId), "by hand", DateTimeOffset.UtcNow), new("*"), default);

        Assert.Equal(SliceOutcome.BatchEnded, await run.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_row_that_may_not_be_read_for_a_while_ends_no_slice()
    {
        SliceAttempt slice = await NewBatchAsync();
        var settings = new Dictionary<string, string?> { ["AzureWebJobsStorage"] = await SharedAzurite.ConnectionStringAsync() };
        await using StorageProxy proxy = await StorageProxy.StartAsync(settings);
        var refused = new TaskCompletionSource();
        _work = async (item, token) =>
        {
            proxy.Fault = context =>
            {
                // As for an identity whose role was taken away, which is no outage.
                context.Response.StatusCode = 403;
                refused.TrySetResult();
                return Task.FromResult(true);
            };
            await refused.Task.WaitAsync(token);
            await Task.Delay(100, token);
            proxy.Fault = null;
            return item;
        };

        SliceOutcome outcome = await RunAsync(slice, tasks: new TaskTable(new TableClient(settings["AzureWebJobsStorage"], Table.Name)));

        Assert.Equal(SliceOutcome.SliceEnded, outcome);
        Assert.Equal(RowStatus.Succeeded, (await RowAsync(slice)).Status);
    }

    private async Task<SliceAttempt> NewBatchAsync(TimeSpan? limit = null)
    {
        TaskRow row = NewRow();
        row.Kind = "test/batch";
        row.Items = Items;
        await new ItemsTable(ItemsClient).CreateIfNotExistsAsync();
        await Creator.CreateAsync(row, new([.. Enumerable.Range(0, Items).Select(item => new BinaryData($"{item}"))]), Client.Object, default);
        return new(row.Id.ToString(), Slice: 0, NewStart(limit) with { Items = Items }, Number: 1);
    }

    private Task<SliceOutcome> RunAsync(
        SliceAttempt slice, WorkPlaces? places = null, TaskTable? tasks = null, CancellationToken stopping = default)
    {
        var runner = new ItemRunner(places ?? Places, TimeProvider.System, NullLogger<ItemRunner>.Instance);
        return new RunSlice(
            tasks ?? Tasks, new ItemsTable(ItemsClient), new TaskKinds([new Kind(this)]), runner, TimeProvider.System, NullLogger<RunSlice>.Instance)
            .RunAsync(slice, stopping);
    }

    private async Task<TaskRow> RowAsync(SliceAttempt slice) => (await Tasks.FindAsync(TaskId.Parse(slice.TaskId), default))!;

    private async Task<int> CountEndedAsync(SliceAttempt slice)
    {
        int count = 0;
        await foreach (ItemRow item in new ItemsTable(ItemsClient).ReadAsync(slice.TaskId, 0, Items, default))
        {
            count += item.Result is null ? 0 : 1;
        }

        return count;
    }

    private sealed class Kind(RunSliceTests test) : TaskKind<JsonElement, int>("test", "DoWork")
    {
        public override JsonElement Read(JsonMembers body) => default;

        public override Task<int> ComputeAsync(JsonElement input, TaskProgress progress, CancellationToken cancellationToken) =>
            test._work(input.GetInt32(), cancellationToken);
    }
}
