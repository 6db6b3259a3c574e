using Azure;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks.Upkeep;

/// <summary>
/// Removes the folders of blobs that have no task: of a submission that broke off before its row was written, and of work that went on
/// writing when its task was deleted. About once an hour all folders are gone through, page by page, over as many runs as that takes.
/// </summary>
public sealed class LostFolders(TaskBlobs blobs, TaskTable tasks, Scans scans, TimeProvider time, ILogger<LostFolders> logger)
{
    private const string Name = "folders";

    // A row follows its blobs within a minute.
    private static readonly TimeSpan Old = TimeSpan.FromHours(1);

    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        DateTimeOffset now = time.GetUtcNow();
        Scan? last = await scans.FindAsync(Name, cancellationToken);
        if (last is { Continuation: null } && now - last.Before < Old)
        {
            return;
        }

        Scan scan = last is { Continuation: not null } ? last : new Scan { RowKey = Name, Before = now };
        var many = new ManyAtOnce(logger);
        await foreach (Page<TaskId> page in blobs.ListFoldersAsync(scan.Continuation, cancellationToken))
        {
            await many.ForEachAsync(page.Values, id => id.ToString(), (id, token) => RemoveIfLostAsync(id, now, token), cancellationToken);
            scan.Continuation = page.ContinuationToken;
            await scans.NoteAsync(scan, cancellationToken);
        }
    }

    private async Task RemoveIfLostAsync(TaskId id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (await tasks.FindStatusAsync(id, cancellationToken) is null && await blobs.LastWriteAsync(id, cancellationToken) < now - Old)
        {
            await blobs.RemoveFolderAsync(id, cancellationToken);
        }
    }
}
