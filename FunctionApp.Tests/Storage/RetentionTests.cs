using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Tests.Storage;

/// <summary>What has been kept for long enough goes, whatever stands in the way of one of them.</summary>
public sealed class RetentionTests : UpkeepTest
{
    private DateTimeOffset Old => Time.GetUtcNow().AddDays(-31);

    [Fact]
    public async Task Of_more_than_a_page_all_go_with_their_orchestrations()
    {
        TaskRow[] rows = await AddAsync([.. Enumerable.Range(0, 1_205).Select(n => RowOf(Old.AddMinutes(-(n % 5)), RowStatus.Succeeded, Old))]);
        foreach (TaskRow row in rows)
        {
            Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Completed;
        }

        await RetainAsync(days: 30);

        Assert.Empty(Instances);
        Assert.Empty(Table.Query<TaskRow>());
    }

    [Fact]
    public async Task What_is_unfinished_or_ended_late_or_kept_for_ever_stays()
    {
        TaskRow[] rows = await AddAsync(RowOf(Old), RowOf(Old, RowStatus.Succeeded, Time.GetUtcNow().AddDays(-29)), RowOf(Old, RowStatus.Canceled, Old));

        await RetainAsync(days: 0);
        Assert.Equal(RowStatus.Canceled, await StatusAsync(rows[2]));
        await RetainAsync(days: 30);

        Assert.Equal([RowStatus.Running, RowStatus.Succeeded, null], await Task.WhenAll(rows.Select(StatusAsync)));
    }

    [Fact]
    public async Task What_has_a_time_of_its_own_is_kept_beyond_the_others()
    {
        TaskRow longer = RowOf(Old, RowStatus.Succeeded, Old);
        longer.ExpiresAt = Time.GetUtcNow().AddDays(300);
        TaskRow never = RowOf(Old, RowStatus.Failed, Old);
        never.ExpiresAt = TaskRow.Never;
        await AddAsync(longer, never);

        await RetainAsync(days: 30);

        Assert.Equal([RowStatus.Succeeded, RowStatus.Failed], await Task.WhenAll(StatusAsync(longer), StatusAsync(never)));
    }

    [Fact]
    public async Task One_that_cannot_be_removed_does_not_stop_the_others()
    {
        TaskRow[] rows = await AddAsync([.. Enumerable.Range(0, 9).Select(_ => RowOf(Old, RowStatus.Succeeded, Old))]);
        BeforeLookUp = id => id == rows[4].Id.ToString() ? throw new InvalidOperationException("bad") : Task.CompletedTask;

        await RetainAsync(days: 30);

        Assert.Equal(rows[4].RowKey, Assert.Single(Table.Query<TaskRow>()).RowKey);
        BeforeLookUp = _ => Task.CompletedTask;
        await RetainAsync(days: 30);
        Assert.Null(await StatusAsync(rows[4]));
    }

    [Fact]
    public async Task One_that_somebody_changes_or_removes_meanwhile_does_not_stop_the_others_of_its_minute()
    {
        TaskRow[] rows = await AddAsync([.. Enumerable.Range(0, 9).Select(_ => RowOf(Old, RowStatus.Succeeded, Old))]);
        BeforeLookUp = async id =>
        {
            if (id == rows[4].Id.ToString())
            {
                await Table.UpsertEntityAsync(new TaskRow(rows[4].Id) { WebhookAttempts = 1 });
                await Table.DeleteEntityAsync(rows[5].PartitionKey, rows[5].RowKey);
            }
        };

        await RetainAsync(days: 30);

        Assert.Equal(rows[4].RowKey, Assert.Single(Table.Query<TaskRow>()).RowKey);
    }

    [Fact]
    public async Task One_whose_webhook_is_not_delivered_yet_is_kept_until_it_cannot_be_any_more()
    {
        TaskRow[] rows = [RowOf(Old, RowStatus.Succeeded, Old), RowOf(Old, RowStatus.Succeeded, Old), RowOf(Old, RowStatus.Succeeded, Old.AddDays(-2))];
        (rows[0].WebhookDone, rows[1].WebhookDone, rows[2].WebhookDone) = (false, true, false);
        await AddAsync(rows);

        await RetainAsync(days: 30);

        Assert.Equal(rows[0].RowKey, Assert.Single(Table.Query<TaskRow>()).RowKey);
    }

    [Fact]
    public async Task Those_of_another_hub_are_left_to_its_app_for_a_day()
    {
        TaskRow[] rows = [RowOf(Old, RowStatus.Succeeded, Old.AddDays(0.5)), RowOf(Old, RowStatus.Succeeded, Old.AddDays(-0.5))];
        Array.ForEach(rows, row => row.Hub = "other");
        await AddAsync(rows);

        await RetainAsync(days: 30);

        Assert.Equal([RowStatus.Succeeded, null], await Task.WhenAll(rows.Select(StatusAsync)));
    }

    [Fact]
    public async Task Of_a_batch_and_a_key_nothing_is_left()
    {
        TaskRow row = RowOf(Old, RowStatus.Succeeded, Old);
        (row.Items, row.KeyHash) = (120, "key".Sha256());
        TaskRow keyed = RowOf(Old, RowStatus.Succeeded, Old);
        keyed.KeyHash = "other".Sha256();
        await AddAsync(row, keyed);
        await Items.AddAsync(row.Id.ToString(), new BatchItems([.. Enumerable.Repeat(new BinaryData("{}"), 120)]), default);
        var keys = new KeysTable(Keys);
        await keys.GetOrAddAsync(new KeyRow(row.KeyHash, row.Id, "x"), default);
        await keys.GetOrAddAsync(new KeyRow(keyed.KeyHash, keyed.Id, "x"), default);

        await RetainAsync(days: 30);

        Assert.Empty(Table.Query<TaskRow>());
        Assert.Empty(Keys.Query<KeyRow>());
        Assert.Empty(ItemsClient.Query<ItemRow>());
    }
}
