using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks.Batches;

/// <summary>Input of <see cref="RunSlice"/>.</summary>
/// <param name="Slice">Which, from 0 on.</param>
/// <param name="Attempt">From 1 on.</param>
public sealed record SliceExecution(string TaskId, int Slice, TaskStart Start, DateTimeOffset Deadline, int Attempt);

/// <summary>How a batch is cut.</summary>
internal static class SliceOf
{
    public const int Size = 20;

    public static int Count(int items) => (items + Size - 1) / Size;

    /// <summary>The share of the items that the slices in a bit mask hold.</summary>
    public static double Share(long slices, int items) =>
        Enumerable.Range(0, Count(items)).Where(slice => (slices >> slice & 1) == 1).Sum(slice => Math.Min(Size, items - (slice * Size))) / (double)items;
}

/// <summary>
/// Does some items of a batch at once, writes their results in one transaction and notes in the batch's row that the
/// slice has ended; whoever notes the last one ends the batch. What has ended is not done again.
/// </summary>
public sealed class RunSlice(
    [FromKeyedServices(TaskServices.Patient)] TaskTable tasks,
    [FromKeyedServices(TaskServices.Patient)] ItemsTable items,
    IEnumerable<IBatchKind> kinds,
    TimeProvider time,
    ILogger<RunSlice> logger)
{
    private static readonly TimeSpan WatchInterval = TimeSpan.FromSeconds(2);

    /// <summary>False if the batch has ended, so that there is nothing more to do.</summary>
    [Function(nameof(RunSlice))]
    public async Task<bool> RunAsync([ActivityTrigger] SliceExecution slice, CancellationToken stopping)
    {
        using IDisposable? scope = logger.TaskScope(slice.TaskId);
        var id = TaskId.Parse(slice.TaskId);
        if (await NoteStartAsync(id, slice, stopping) is not { } row)
        {
            return false;
        }

        List<ItemRow> rows = [];
        await foreach (ItemRow item in items.ReadAsync(slice.TaskId, slice.Slice * SliceOf.Size, SliceOf.Size, stopping))
        {
            rows.Add(item);
        }

        IBatchKind kind = kinds.Single(one => one.Kind.Name == row.Kind);
        using var unwanted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task<(ItemRow? End, Exception? Failure)[]> working = Task.WhenAll(
            rows.Where(item => !item.HasEnded).Select((item, index) => Task.Run(() => RunItemAsync(kind, slice, item, unwanted.Token), CancellationToken.None)));
        Task ended = UntilEndedAsync(id, slice.Deadline, unwanted.Token);
        Task first = await Task.WhenAny(working, ended);
        await unwanted.CancelAsync();
        if (first == ended)
        {
            return await IsTimeUpAsync(id, slice, stopping);
        }

        (ItemRow? End, Exception? Failure)[] outcomes = await working;
        await items.MergeAsync(outcomes.Select(outcome => outcome.End).OfType<ItemRow>(), stopping);
        return outcomes.Select(outcome => outcome.Failure).FirstOrDefault(failure => failure is not null) is { } failure
            ? throw new InvalidOperationException("Some items of the slice failed and will be tried again.", failure)
            : await NoteEndAsync(id, slice, stopping);
    }

    /// <summary>The item's end, or the failure that may pass.</summary>
    private async Task<(ItemRow? End, Exception? Failure)> RunItemAsync(
        IBatchKind kind, SliceExecution slice, ItemRow item, CancellationToken cancellationToken)
    {
        var end = new ItemRow { PartitionKey = item.PartitionKey, RowKey = item.RowKey };
        try
        {
            end.Result = await kind.RunItemAsync(item.Input!, cancellationToken);
            return (end, null);
        }
        catch (PermanentFailureException e)
        {
            (end.ErrorCode, end.ErrorDetail) = (e.Error.Code, e.Error.Detail.Truncate(TaskRow.MaxDetailLength));
            return (end, null);
        }
#pragma warning disable CA1031 // The others of the slice should not lose what they have.
        catch (Exception e)
#pragma warning restore CA1031
        {
            logger.AttemptFailed(e, slice.TaskId, slice.Attempt);
            if (slice.Attempt < TaskOrchestration.MaxAttempts)
            {
                return (null, e);
            }

            (end.ErrorCode, end.ErrorDetail) = (TaskError.AttemptsExhausted.Code, TaskError.AttemptsExhausted.Detail);
            return (end, null);
        }
    }

    private Task<TaskRow?> NoteStartAsync(TaskId id, SliceExecution slice, CancellationToken cancellationToken) =>
        tasks.ModifyUnfinishedAsync(
            id,
            row => row.Status == RowStatus.Running ? null : new TaskRow(id)
            {
                Status = RowStatus.Running,
                Attempt = 1,
                StartedAt = time.GetUtcNow(),
                Deadline = slice.Deadline,
                Progress = 0,
            },
            cancellationToken);

    private async Task<bool> NoteEndAsync(TaskId id, SliceExecution slice, CancellationToken cancellationToken)
    {
        int count = slice.Start.Items;
        return await tasks.ModifyUnfinishedAsync(
            id,
            row =>
            {
                long slices = (row.Slices ?? 0) | (1L << slice.Slice);
                bool isAll = slices == (1L << SliceOf.Count(count)) - 1;
                return new TaskRow(id)
                {
                    Status = isAll ? RowStatus.Succeeded : RowStatus.Running,
                    EndedAt = isAll ? time.GetUtcNow() : null,
                    Slices = slices,
                    Progress = SliceOf.Share(slices, count),
                };
            },
            cancellationToken) is not null;
    }

    /// <summary>Returns at the deadline, or when the batch has ended otherwise; else when cancelled.</summary>
    private async Task UntilEndedAsync(TaskId id, DateTimeOffset deadline, CancellationToken cancellationToken)
    {
        do
        {
            TimeSpan left = deadline - time.GetUtcNow();
            await Task.Delay(left < TimeSpan.Zero ? TimeSpan.Zero : left < WatchInterval ? left : WatchInterval, time, cancellationToken);
        }
        while (time.GetUtcNow() < deadline && await tasks.FindStatusAsync(id, cancellationToken) is RowStatus.Pending or RowStatus.Running);
    }

    private async Task<bool> IsTimeUpAsync(TaskId id, SliceExecution slice, CancellationToken cancellationToken)
    {
        if (time.GetUtcNow() >= slice.Deadline)
        {
            var error = TaskError.Timeout(slice.Start.TimeLimit);
            if (await tasks.ModifyUnfinishedAsync(id, _ => TaskRow.Failed(id, error, time.GetUtcNow()), cancellationToken) is not null)
            {
                logger.TaskFailed(slice.TaskId, error.Code, error.Detail);
            }
        }

        return false;
    }
}
