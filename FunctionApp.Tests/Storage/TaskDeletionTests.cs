using Azure.Core;
using Azure.Core.Pipeline;
using Azure.Data.Tables;
using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Webhooks;
using Grpc.Core;
using Microsoft.DurableTask.Client;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>A deletion keeps only what it needs, succeeds whoever else deletes, and asks an orchestration to end once.</summary>
public sealed class TaskDeletionTests : UpkeepTest
{
    [Fact]
    public async Task A_tombstone_keeps_only_what_removal_needs()
    {
        TaskRow row = Ended();
        row.Result = new BinaryData("\"secret\"");
        row.Message = "secret";
        (row.WebhookUrl, row.WebhookDone) = ("https://example.com/secret", true);
        (row.KeyHash, row.Items) = ("hash", 5);
        await AddAsync(row);

        await Tasks.BuryAsync((await Tasks.FindAsync(row.Id, default))!, default);

        TableEntity tombstone = await Table.GetEntityAsync<TableEntity>(row.PartitionKey, row.RowKey);
        Assert.Equal(
            ["EndedAt", "Items", "KeyHash", "PartitionKey", "RowKey", "Status", "Timestamp", "WebhookDone", "odata.etag"],
            tombstone.Keys.Order(StringComparer.Ordinal));
        Assert.Null(await Tasks.FindAsync(row.Id, default));
    }

    [Fact]
    public async Task Whoever_finds_that_somebody_else_has_buried_the_task_has_succeeded_too()
    {
        TaskRow row = Ended();
        await AddAsync(row);
        TaskRow read = (await Tasks.FindAsync(row.Id, default))!;

        TaskRow?[] tombstones = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Tasks.BuryAsync(read, default)));

        Assert.Single(tombstones.Select(tombstone => tombstone!.ETag).Distinct());
        Assert.True(await Deletion.RemoveAsync(tombstones[0]!, Client.Object, TimeSpan.Zero, default));
        Assert.True(await Deletion.RemoveAsync(tombstones[1]!, Client.Object, TimeSpan.Zero, default));
        Assert.Null(await StatusAsync(row));
    }

    [Fact]
    public async Task A_tombstone_whose_answer_was_lost_is_written_all_the_same()
    {
        TaskRow row = Ended();
        await AddAsync(row);
        var options = new TableClientOptions();
        options.AddPolicy(new LosesFirstAnswer(), HttpPipelinePosition.PerRetry);
        var tasks = new TaskTable(new TableClient(await SharedAzurite.ConnectionStringAsync(), Table.Name, options));

        TaskRow tombstone = (await tasks.BuryAsync((await Tasks.FindAsync(row.Id, default))!, default))!;

        Assert.True(await tasks.RemoveAsync(tombstone, default));
        Assert.Null(await StatusAsync(row));
    }

    [Fact]
    public async Task Items_that_several_remove_at_once_or_whose_answer_was_lost_are_removed()
    {
        string taskId = TaskId.Create(DateTimeOffset.UtcNow).ToString();
        var items = new BatchItems([.. Enumerable.Repeat(new BinaryData("{}"), 250)]);
        await Items.AddAsync(taskId, items, default);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Items.RemoveAsync(taskId, default)));
        await Items.AddAsync(taskId, items, default);
        var options = new TableClientOptions();
        options.AddPolicy(new LosesFirstAnswer(), HttpPipelinePosition.PerRetry);

        await new ItemsTable(new TableClient(await SharedAzurite.ConnectionStringAsync(), ItemsClient.Name, options)).RemoveAsync(taskId, default);

        Assert.Empty(ItemsClient.Query<ItemRow>());
    }

    [Fact]
    public async Task A_webhooks_delivery_is_terminated_once_and_waited_for()
    {
        TaskRow row = Ended();
        row.WebhookDone = false;
        await AddAsync(row);
        string delivery = WebhookOrchestration.InstanceId(row.Id.ToString());
        Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Completed;
        Instances[delivery] = OrchestrationRuntimeStatus.Running;
        int looks = 0;
        BeforeLookUp = id =>
        {
            Instances[delivery] = id == delivery && ++looks == 4 ? OrchestrationRuntimeStatus.Terminated : Instances[delivery];
            Time.Advance(TimeSpan.FromSeconds(1));
            return Task.CompletedTask;
        };
        Client.Setup(client => client.TerminateInstanceAsync(delivery, It.IsAny<CancellationToken>()))
            .Returns(Task.CompletedTask).Verifiable(Times.Once);

        Assert.True(await RemoveAsync(row));

        Client.Verify();
        Assert.Empty(Instances);
    }

    [Fact]
    public async Task A_delivery_that_is_still_to_begin_is_waited_for()
    {
        TaskRow row = Ended();
        row.WebhookDone = false;
        await AddAsync(row);
        string delivery = WebhookOrchestration.InstanceId(row.Id.ToString());
        Instances[delivery] = OrchestrationRuntimeStatus.Pending;
        int looks = 0;
        BeforeLookUp = id =>
        {
            // The strict durable client would throw if it were asked to terminate it.
            Instances[delivery] = id == delivery && ++looks == 4 ? OrchestrationRuntimeStatus.Completed : Instances[delivery];
            return Task.CompletedTask;
        };

        Assert.True(await RemoveAsync(row));

        Assert.Empty(Instances);
    }

    [Fact]
    public async Task One_that_ends_the_moment_it_is_asked_to_is_purged_then()
    {
        TaskRow row = Ended();
        (row.StartAt, row.WebhookDone) = (Time.GetUtcNow().AddDays(1), false);
        await AddAsync(row);
        string taskId = row.Id.ToString();
        string delivery = WebhookOrchestration.InstanceId(taskId);
        Instances[taskId] = Instances[delivery] = OrchestrationRuntimeStatus.Running;
        Client.Setup(client => client.RaiseEventAsync(taskId, TaskOrchestration.ChangedEvent, It.IsAny<CancellationToken>()))
            .Returns(() => EndMeanwhileAsync(taskId));
        Client.Setup(client => client.TerminateInstanceAsync(delivery, It.IsAny<CancellationToken>())).Returns(() => EndMeanwhileAsync(delivery));

        Assert.True(await RemoveAsync(row));

        Assert.Empty(Instances);

        Task EndMeanwhileAsync(string id)
        {
            Instances[id] = OrchestrationRuntimeStatus.Completed;
            return Task.FromException(new RpcException(new Status(StatusCode.FailedPrecondition, "It does not run.")));
        }
    }

    [Fact]
    public async Task One_that_waits_for_its_start_is_woken_and_one_that_hangs_for_an_hour_is_terminated()
    {
        TaskRow row = Ended();
        row.StartAt = Time.GetUtcNow().AddDays(1);
        await AddAsync(row);
        string taskId = row.Id.ToString();
        Instances[taskId] = OrchestrationRuntimeStatus.Running;
        Client.Setup(client => client.RaiseEventAsync(taskId, TaskOrchestration.ChangedEvent, It.IsAny<CancellationToken>()))
            .Returns(Task.CompletedTask).Verifiable(Times.Once);
        Client.Setup(client => client.TerminateInstanceAsync(taskId, It.IsAny<CancellationToken>()))
            .Returns(Task.CompletedTask).Verifiable(Times.Once);
        TaskRow tombstone = (await Tasks.BuryAsync((await Tasks.FindRowAsync(row.Id, default))!, default))!;

        Assert.False(await Deletion.RemoveAsync((await Tasks.FindRowAsync(row.Id, default))!, Client.Object, TimeSpan.Zero, default));
        Time.Advance(TimeSpan.FromHours(1.1));
        Assert.False(await Deletion.RemoveAsync((await Tasks.FindRowAsync(row.Id, default))!, Client.Object, TimeSpan.Zero, default));

        Client.Verify();
        Assert.Equal(tombstone.ETag, (await Tasks.FindRowAsync(row.Id, default))!.ETag);
    }

    private async Task<bool> RemoveAsync(TaskRow row)
    {
        Task<bool> removing = Deletion.RemoveAsync((await Tasks.FindRowAsync(row.Id, default))!, Client.Object, TimeSpan.FromMinutes(1), default);
        while (!removing.IsCompleted)
        {
            Time.Advance(TimeSpan.FromSeconds(0.1));
            await Task.Yield();
        }

        return await removing;
    }

    private TaskRow Ended() => RowOf(Time.GetUtcNow().AddMinutes(-5), RowStatus.Succeeded, Time.GetUtcNow());

    /// <summary>Storage has done what a change asks for, but the client does not hear of it, and sends it again.</summary>
    private sealed class LosesFirstAnswer : HttpPipelineSynchronousPolicy
    {
        private int _changes;

        public override void OnReceivedResponse(HttpMessage message)
        {
            if (message.Request.Method != RequestMethod.Get && Interlocked.Increment(ref _changes) == 1)
            {
                throw new IOException("The answer is lost.");
            }
        }
    }
}
