using FunctionApp.Tasks;
using FunctionApp.Tasks.Batches;
using FunctionApp.Tasks.Upkeep;
using FunctionApp.Tasks.Webhooks;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Moq;

namespace FunctionApp.Tests.Storage;

/// <summary>The sweep sees to every row that needs it, however old it is and however many others there are.</summary>
public sealed class SweepTests : UpkeepTest
{
    [Long]
    [Fact]
    public async Task Behind_more_than_a_thousand_that_are_under_way_an_old_lost_one_is_ended()
    {
        DateTimeOffset now = Time.GetUtcNow();
        TaskRow[] lost = await AddAsync(RowOf(now.AddDays(-40)));
        TaskRow[] live = await AddAsync([.. Enumerable.Range(0, 1_005).Select(n => RowOf(now.AddMinutes(-10 - (n % 3))))]);
        foreach (TaskRow row in live)
        {
            Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Running;
        }

        Time.Advance(TimeSpan.FromSeconds(70));

        await SweepAsync();

        Assert.Equal(RowStatus.Failed, await StatusAsync(lost[0]));
        Assert.All(await Task.WhenAll(live.Select(StatusAsync)), status => Assert.Equal(RowStatus.Running, status));
        Assert.Equal(live.Length, CountOpen());
    }

    [Fact]
    public async Task What_was_seen_once_is_not_read_again_until_it_is_due()
    {
        DateTimeOffset now = Time.GetUtcNow();
        TaskRow[] rows = await AddAsync(RowOf(now.AddMinutes(-3)), RowOf(now.AddDays(-3)));
        foreach (TaskRow row in rows)
        {
            Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Running;
        }

        Time.Advance(TimeSpan.FromSeconds(70));
        await SweepAsync();
        await SweepAsync();
        Assert.Equal(2, CountOpen());
        Instances.Clear();

        // Both are looked at again by then: the young one after minutes, the old one after an hour.
        Time.Advance(TimeSpan.FromMinutes(5));
        await SweepAsync();
        Assert.Equal((RowStatus.Failed, RowStatus.Running), (await StatusAsync(rows[0]), await StatusAsync(rows[1])));
        Time.Advance(TimeSpan.FromHours(1));
        await SweepAsync();
        Assert.Equal(RowStatus.Failed, await StatusAsync(rows[1]));
        Assert.Equal(0, CountOpen());
    }

    [Fact]
    public async Task A_row_that_cannot_be_seen_to_does_not_stop_the_others()
    {
        DateTimeOffset now = Time.GetUtcNow();
        TaskRow[] rows = await AddAsync(RowOf(now.AddHours(-2)), RowOf(now.AddHours(-3)), RowOf(now.AddHours(-4)));
        BeforeLookUp = id => id == rows[1].Id.ToString() ? throw new InvalidOperationException("bad") : Task.CompletedTask;
        Time.Advance(TimeSpan.FromSeconds(70));

        await SweepAsync();

        Assert.Equal([RowStatus.Failed, RowStatus.Running, RowStatus.Failed], await Task.WhenAll(rows.Select(StatusAsync)));
        BeforeLookUp = _ => Task.CompletedTask;
        Time.Advance(TimeSpan.FromHours(1.1));
        await SweepAsync();
        Assert.Equal(RowStatus.Failed, await StatusAsync(rows[1]));
    }

    [Fact]
    public async Task A_task_that_is_scheduled_for_a_time_in_300_days_and_has_lost_its_orchestration_is_started_then()
    {
        TaskRow row = RowOf(Time.GetUtcNow(), RowStatus.Pending);
        row.StartAt = Time.GetUtcNow().AddDays(300);
        await AddAsync(row);
        Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Running;
        Time.Advance(TimeSpan.FromMinutes(10));
        await SweepAsync();
        Instances.Clear();
        Time.Advance(TimeSpan.FromDays(299));
        await SweepAsync();
        Assert.Empty(Started);

        Time.Advance(TimeSpan.FromDays(1));
        await SweepAsync();

        Assert.Equal(row.Id, Assert.Single(Started).Id);
    }

    [Fact]
    public async Task A_task_whose_orchestration_was_not_told_of_its_new_start_is_told_by_the_sweep()
    {
        TaskRow row = RowOf(Time.GetUtcNow(), RowStatus.Pending);
        (row.StartAt, row.IsMoved) = (Time.GetUtcNow().AddMinutes(1), true);
        await AddAsync(row);
        Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Running;
        Client.Setup(client => client.RaiseEventAsync(row.Id.ToString(), TaskOrchestration.ChangedEvent, It.IsAny<CancellationToken>()))
            .Returns(Task.CompletedTask).Verifiable(Times.Once);
        Time.Advance(TimeSpan.FromMinutes(3));

        await SweepAsync();

        Client.Verify();
    }

    [Fact]
    public async Task It_knows_how_long_the_oldest_task_has_waited()
    {
        DateTimeOffset now = Time.GetUtcNow();
        TaskRow[] rows = await AddAsync(RowOf(now.AddMinutes(-30), RowStatus.Pending), RowOf(now.AddMinutes(-20), RowStatus.Pending), RowOf(now.AddHours(-2)));
        foreach (TaskRow row in rows)
        {
            Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Running;
        }

        await SweepAsync();
        Assert.InRange(Oldest.Age(now), TimeSpan.FromMinutes(29.9), TimeSpan.FromMinutes(30.1));

        await Table.UpsertEntityAsync(new TaskRow(rows[0].Id) { Status = RowStatus.Running });
        Time.Advance(TimeSpan.FromHours(1));
        await SweepAsync();
        Assert.InRange(Oldest.Age(now), TimeSpan.FromMinutes(19.9), TimeSpan.FromMinutes(20.1));

        await Table.UpsertEntityAsync(new TaskRow(rows[1].Id) { Status = RowStatus.Canceled });
        await SweepAsync();
        Assert.Equal(TimeSpan.Zero, Oldest.Age(now));
    }

    [Fact]
    public async Task What_has_a_time_of_its_own_is_deleted_then()
    {
        DateTimeOffset now = Time.GetUtcNow();
        TaskRow soon = RowOf(now.AddMinutes(-10), RowStatus.Succeeded, now.AddMinutes(-9));
        soon.ExpiresAt = now.AddHours(5);
        TaskRow never = RowOf(now.AddMinutes(-10), RowStatus.Succeeded, now.AddMinutes(-9));
        never.ExpiresAt = TaskRow.Never;
        await AddAsync(soon, never);
        await Open.AddAsync([new OpenTask(soon.Id, now, Client.Object.Name), new OpenTask(never.Id, now, Client.Object.Name)], default);

        await SweepAsync();
        Assert.Equal(1, CountOpen());
        Time.Advance(TimeSpan.FromHours(5.1));
        await SweepAsync();

        Assert.Equal([null, RowStatus.Succeeded], await Task.WhenAll(StatusAsync(soon), StatusAsync(never)));
        Assert.Equal(0, CountOpen());
    }

    [Fact]
    public async Task A_tombstone_of_any_age_is_removed()
    {
        DateTimeOffset now = Time.GetUtcNow();
        TaskRow[] rows = await AddAsync(
            RowOf(now.AddMinutes(-10), RowStatus.Deleted), RowOf(now.AddDays(-90), RowStatus.Deleted), RowOf(now.AddDays(-900), RowStatus.Deleted));

        await SweepAsync();

        Assert.All(await Task.WhenAll(rows.Select(StatusAsync)), status => Assert.Null(status));
        Assert.Equal(0, CountOpen());
    }

    [Fact]
    public async Task A_webhook_that_is_undelivered_is_started_until_it_is_delivered()
    {
        TaskRow row = RowOf(Time.GetUtcNow().AddDays(-10), RowStatus.Succeeded, Time.GetUtcNow().AddDays(-10));
        (row.WebhookUrl, row.WebhookDone) = ("https://example.com/hook", false);
        await AddAsync(row);
        Client.Setup(client => client.ScheduleNewOrchestrationInstanceAsync(
            new TaskName(nameof(WebhookOrchestration)), row.Id.ToString(), It.IsAny<StartOrchestrationOptions>(), It.IsAny<CancellationToken>()))
            .ReturnsAsync("").Verifiable(Times.Once);

        await SweepAsync();
        await Table.UpsertEntityAsync(new TaskRow(row.Id) { WebhookDone = true });
        Time.Advance(TimeSpan.FromHours(1));
        await SweepAsync();

        Client.Verify();
        Assert.Equal(0, CountOpen());
    }

    [Fact]
    public async Task A_batch_that_was_not_submitted_completely_within_an_hour_is_removed_with_its_items()
    {
        TaskRow row = RowOf(Time.GetUtcNow().AddMinutes(-2), RowStatus.Preparing);
        row.Items = 150;
        await AddAsync(row);
        await Items.AddAsync(row.Id.ToString(), new BatchItems([.. Enumerable.Repeat(new BinaryData("{}"), 150)]), default);

        await SweepAsync();
        Assert.Equal(RowStatus.Preparing, await StatusAsync(row));
        Time.Advance(TimeSpan.FromHours(1.2));
        await SweepAsync();

        Assert.Null(await StatusAsync(row));
        Assert.Empty(ItemsClient.Query<ItemRow>());
    }

    [Fact]
    public async Task A_tombstone_that_cannot_be_removed_yet_is_looked_at_again_within_an_hour_whatever_its_start()
    {
        TaskRow row = RowOf(Time.GetUtcNow().AddMinutes(-10), RowStatus.Deleted);
        row.StartAt = Time.GetUtcNow().AddDays(300);
        await AddAsync(row);
        Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Running;
        Client.Setup(client => client.RaiseEventAsync(row.Id.ToString(), TaskOrchestration.ChangedEvent, It.IsAny<CancellationToken>()))
            .Returns(Task.CompletedTask).Verifiable(Times.Once);
        await SweepAsync();
        Client.Verify();
        Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Completed;
        Time.Advance(TimeSpan.FromHours(1));

        await SweepAsync();

        Assert.Null(await StatusAsync(row));
    }

    [Fact]
    public async Task A_task_of_another_hub_is_left_alone_unless_the_app_takes_that_hub_over()
    {
        TaskRow row = RowOf(Time.GetUtcNow(), RowStatus.Pending);
        (row.Hub, row.StartAt) = ("Other", Time.GetUtcNow().AddDays(300));
        TaskRow buried = RowOf(Time.GetUtcNow(), RowStatus.Deleted);
        buried.Hub = "Other";
        await AddAsync(row, buried);
        Time.Advance(TimeSpan.FromMinutes(10));
        await SweepAsync();
        Assert.Empty(Started);
        Assert.Equal(RowStatus.Deleted, await StatusAsync(buried));

        FormerTaskHubs = "other";
        await SweepAsync();

        Assert.Equal(row.Id, Assert.Single(Started).Id);
        Assert.Equal(Client.Object.Name, (await Tasks.FindRowAsync(row.Id, default))!.Hub);
        Assert.Null(await StatusAsync(buried));
        Assert.Equal($"open-{Client.Object.Name}", Assert.Single(OpenTable.Query<OpenTask>(), entry => entry.PartitionKey != "scan").PartitionKey);
    }

    [Fact]
    public async Task Two_looks_at_one_task_come_to_the_same_time()
    {
        TaskRow row = RowOf(Time.GetUtcNow().AddHours(-5));
        await AddAsync(row);
        Instances[row.Id.ToString()] = OrchestrationRuntimeStatus.Running;
        await Open.AddAsync(Enumerable.Range(1, 3).Select(n => new OpenTask(row.Id, Time.GetUtcNow().AddMinutes(-n), Client.Object.Name)), default);

        await SweepAsync();

        Assert.Equal(1, CountOpen());
    }
}
