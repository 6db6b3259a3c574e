using System.Net;
using Azure;
using Azure.Data.Tables;
using Azure.Data.Tables.Models;

namespace FunctionApp.Tasks;

/// <summary>
/// The tasks, a row each. Every change is conditional on the row's ETag and every end is final, so a task has one end,
/// whatever races and whatever runs twice. All methods throw <see cref="RequestFailedException"/> when Table Storage
/// refuses or does not answer.
/// </summary>
public sealed class TaskTable(TableClient table)
{
    private const int NotFound = (int)HttpStatusCode.NotFound;
    private const int PreconditionFailed = (int)HttpStatusCode.PreconditionFailed;

    /// <exception cref="StartupException">Table Storage refused or did not answer.</exception>
    public Task CreateIfNotExistsAsync() => table.CreateAtStartAsync();

    /// <summary>Inserts the row, into a new table if there is none any more; its ETag, or null if the row is there already.</summary>
    public async Task<ETag?> InsertAsync(TaskRow row, CancellationToken cancellationToken)
    {
        try
        {
            return (await table.AddEntityAsync(row, cancellationToken)).Headers.ETag;
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.TableNotFound)
        {
            await table.CreateIfNotExistsAsync(cancellationToken);
            return (await table.AddEntityAsync(row, cancellationToken)).Headers.ETag;
        }
        catch (RequestFailedException e) when (e.ErrorCode == TableErrorCode.EntityAlreadyExists)
        {
            return null;
        }
    }

    /// <summary>The task; null if callers see none. One storage request.</summary>
    public async Task<TaskRow?> FindAsync(TaskId id, CancellationToken cancellationToken, TaskColumns columns = TaskColumns.All) =>
        await GetAsync(id, columns.Names(), cancellationToken) is { Status: not (RowStatus.Deleted or RowStatus.Preparing) } row ? row : null;

    /// <summary>The row, even one that callers do not see, without its large columns; null if there is none.</summary>
    public Task<TaskRow?> FindRowAsync(TaskId id, CancellationToken cancellationToken) =>
        GetAsync(id, TaskColumns.None.Names(), cancellationToken);

    /// <summary>The status of a task, even of a deleted one; null if there is no row.</summary>
    public async Task<RowStatus?> FindStatusAsync(TaskId id, CancellationToken cancellationToken) =>
        (await GetAsync(id, [nameof(TaskRow.Status)], cancellationToken))?.Status;

    /// <summary>
    /// Writes the columns of <paramref name="change"/>, if the row still has <paramref name="etag"/> or else is still
    /// unfinished and <paramref name="mayChange"/>. The new ETag, or null if nothing was written because the task has
    /// ended or is gone.
    /// </summary>
    public Task<ETag?> ChangeUnfinishedAsync(
        TaskChange change, ETag etag, CancellationToken cancellationToken, Func<TaskRow, bool>? mayChange = null) => WriteAsync(
        change,
        etag,
        row => row is { IsUnfinished: true } && mayChange?.Invoke(row) != false ? change : null,
        cancellationToken,
        TaskColumns.Checkpoint);

    /// <summary>Writes the columns of <paramref name="change"/> if the row still has <paramref name="etag"/>; otherwise false.</summary>
    public async Task<bool> ChangeIfSameAsync(TaskChange change, ETag etag, CancellationToken cancellationToken) =>
        await WriteAsync(change, etag, null, cancellationToken) is not null;

    /// <summary>Makes a batch that was being submitted a pending task; its ETag, or null if somebody else has done so, or it is gone.</summary>
    public async Task<ETag?> FinishPreparingAsync(TaskId id, CancellationToken cancellationToken) =>
        await GetAsync(id, [nameof(TaskRow.Status)], cancellationToken) is { Status: RowStatus.Preparing } row
            ? await WriteAsync(new TaskChange(id) { Status = RowStatus.Pending }, row.ETag, null, cancellationToken)
            : null;

    /// <summary>The rows of a range that match, tombstones included, without their large columns; a page may be empty.</summary>
    /// <param name="continuation">Of an earlier page, to go on after it; null to begin.</param>
    internal IAsyncEnumerable<Page<TaskRow>> QueryAsync(
        TaskRange range, string filter, int pageSize, CancellationToken cancellationToken, string? continuation = null) =>
        table.QueryAsync<TaskRow>($"{range.ToTableFilter()} and {filter}", pageSize, TaskColumns.None.Names(), cancellationToken)
            .AsPages(continuation);

    /// <summary>
    /// Changes an unfinished row depending on what it is, for those who share it. The row as it was read for the change,
    /// or null if the task has ended or is gone.
    /// </summary>
    /// <param name="change">What to write; null to leave the row as it is.</param>
    public async Task<TaskRow?> ModifyUnfinishedAsync(TaskId id, Func<TaskRow, TaskChange?> change, CancellationToken cancellationToken)
    {
        TaskRow? row = null;
        TaskChange? Change(TaskRow? now)
        {
            row = now is { IsUnfinished: true } ? now : null;
            return row is null ? null : change(row);
        }

        if (Change(await FindAsync(id, cancellationToken, TaskColumns.None)) is { } changed)
        {
            await WriteAsync(changed, row!.ETag, Change, cancellationToken);
        }

        return row;
    }

    /// <summary>
    /// Writes the columns of <paramref name="change"/> to a task that has ended, which stays ended; false if it was
    /// deleted.
    /// </summary>
    /// <param name="etag">Of the row when it was read.</param>
    /// <param name="adapt">Gets the row that somebody else has changed meanwhile, and may adapt the change to it.</param>
    public async Task<bool> ChangeEndedAsync(TaskChange change, ETag etag, CancellationToken cancellationToken, Action<TaskRow>? adapt = null)
    {
        TaskChange? Again(TaskRow? row)
        {
            if (row is null)
            {
                return null;
            }

            adapt?.Invoke(row);
            return change;
        }

        return await WriteAsync(change, etag, Again, cancellationToken) is not null;
    }

    /// <summary>
    /// Makes the row a tombstone, from when on nobody sees the task. That tombstone, or the one that was there already; null
    /// if the row is gone, or its status has changed since it was read.
    /// </summary>
    public async Task<TaskRow?> BuryAsync(TaskRow row, CancellationToken cancellationToken)
    {
        TaskRow tombstone = row.Tombstone();
        RowStatus? status = row.Status;
        while (row.Status == status)
        {
            try
            {
                Response answer = await table.UpdateEntityAsync(tombstone, row.ETag, TableUpdateMode.Replace, cancellationToken);
                tombstone.ETag = answer.Headers.ETag!.Value;
                return tombstone;
            }
            catch (RequestFailedException e) when (e.Status is PreconditionFailed or NotFound)
            {
                // 412 or 404: somebody else has changed or removed the row, or this request has, and its answer was lost.
                if (await FindRowAsync(row.Id, cancellationToken) is not { } now)
                {
                    return null;
                }

                row = now;
            }
        }

        return row.Status == RowStatus.Deleted ? row : null;
    }

    /// <summary>Removes a row if it has not changed since it was read; true if it is gone.</summary>
    public Task<bool> RemoveAsync(TaskRow row, CancellationToken cancellationToken) => table.RemoveAsync(row, cancellationToken);

    /// <summary>Removes up to 100 rows of one minute, except those that have changed since they were read.</summary>
    public Task RemoveAsync(IReadOnlyList<TaskRow> rows, CancellationToken cancellationToken) => table.RemoveAsync(rows, cancellationToken);

    /// <summary>
    /// Writes a change to the row that has that ETag. If somebody else has changed it since (412) or removed it (404),
    /// <paramref name="again"/> gets the row as it is now, or null, and says what to write to that one; null to give up. The new ETag, or
    /// null if nothing was written.
    /// </summary>
    private async Task<ETag?> WriteAsync(
        TaskChange change,
        ETag etag,
        Func<TaskRow?, TaskChange?>? again,
        CancellationToken cancellationToken,
        TaskColumns columns = TaskColumns.None)
    {
        while (true)
        {
            try
            {
                return (await table.UpdateEntityAsync(change, etag, TableUpdateMode.Merge, cancellationToken)).Headers.ETag;
            }
            catch (RequestFailedException e) when (e.Status is PreconditionFailed or NotFound)
            {
                TaskRow? row = again is null || e.Status == NotFound ? null : await FindAsync(change.Id, cancellationToken, columns);
                if (again?.Invoke(row) is not { } next)
                {
                    return null;
                }

                (change, etag) = (next, row!.ETag);
            }
        }
    }

    private async Task<TaskRow?> GetAsync(TaskId id, string[]? columns, CancellationToken cancellationToken)
    {
        NullableResponse<TaskRow> row = await table.GetEntityIfExistsAsync<TaskRow>(id.PartitionKey, id.RowKey, columns, cancellationToken);
        return row.HasValue ? row.Value : null;
    }
}
