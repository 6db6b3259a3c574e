using FunctionApp.Tasks;

namespace FunctionApp.Tests.Storage;

/// <summary>Blobs whose submission broke off, or whose task is deleted, do not stay.</summary>
public sealed class LostFoldersTests : UpkeepTest
{
    [Fact]
    public async Task A_folder_without_a_row_goes_after_an_hour_and_that_of_a_task_stays()
    {
        TaskRow[] rows = await AddAsync(RowOf(Time.GetUtcNow()));
        TaskId[] lost = [.. Enumerable.Range(0, 3).Select(_ => TaskId.Create(Time.GetUtcNow()))];
        foreach (TaskId id in (TaskId[])[rows[0].Id, .. lost])
        {
            await Blobs.WriteAsync(TaskBlobs.InputName(id), new BinaryData("{}"), TaskBlobs.Json, default);
            await Blobs.WriteAsync(TaskBlobs.ResultName(id, "run"), new BinaryData("{}"), TaskBlobs.Json, default);
        }

        await Container.UploadBlobAsync("somebody-elses", new BinaryData("x"));
        Instances[rows[0].Id.ToString()] = Microsoft.DurableTask.Client.OrchestrationRuntimeStatus.Running;

        await SweepAsync();
        Assert.Equal(9, Container.GetBlobs().Count());
        Time.Advance(TimeSpan.FromHours(1.1));
        await SweepAsync();

        Assert.Equal(
            [.. new[] { TaskBlobs.InputName(rows[0].Id), TaskBlobs.ResultName(rows[0].Id, "run") }.Order(), "somebody-elses"],
            Container.GetBlobs().Select(blob => blob.Name));
    }

    [Long]
    [Fact]
    public async Task Folders_are_gone_through_once_an_hour_page_by_page_and_without_a_container_there_are_none()
    {
        await SweepAsync();
        TaskId[] lost = [.. Enumerable.Range(0, 1_005).Select(n => TaskId.Create(Time.GetUtcNow().AddMilliseconds(n)))];
        await Parallel.ForEachAsync(
            lost, async (id, token) => await Blobs.WriteAsync(TaskBlobs.InputName(id), new BinaryData("{}"), TaskBlobs.Json, token));
        Time.Advance(TimeSpan.FromMinutes(50));
        await SweepAsync();
        Assert.Equal(lost.Length, Container.GetBlobs().Count());

        Time.Advance(TimeSpan.FromHours(1.1));
        await SweepAsync();

        Assert.Empty(Container.GetBlobs());
    }

    [Fact]
    public async Task Retention_removes_the_folder_and_the_row()
    {
        DateTimeOffset old = Time.GetUtcNow().AddDays(-31);
        TaskRow row = RowOf(old, RowStatus.Succeeded, old);
        (row.HasBlobs, row.BodySize) = (true, 2);
        await AddAsync(row);
        await Blobs.WriteAsync(TaskBlobs.InputName(row.Id), new BinaryData("{}"), TaskBlobs.Json, default);

        await RetainAsync(days: 30);

        Assert.Empty(Container.GetBlobs());
        Assert.Null(await StatusAsync(row));
    }
}
