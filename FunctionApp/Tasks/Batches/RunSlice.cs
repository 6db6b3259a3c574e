using System.Text.Json.Serialization;
using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks.Batches;

/// <summary>Input of <see cref="RunSlice"/>.</summary>
/// <param name="Slice">Which, from 0 on.</param>
/// <param name="Number">From 1 on.</param>
public sealed record SliceAttempt(string TaskId, int Slice, [property: JsonPropertyName("Start")] OrchestrationInput Orchestration, int Number);

/// <summary>What came of a run of <see cref="RunSlice"/>; the rows say so too.</summary>
public enum SliceOutcome
{
    /// <summary>Some items have found no place to be done in: it should be called again, which is no new attempt.</summary>
    GoOn,

    /// <summary>All items have ended.</summary>
    SliceEnded,

    /// <summary>The batch has ended: there is nothing more to do.</summary>
    BatchEnded,
}

/// <summary>
/// Does some items of a batch at once, as far as there are places for them, writes their results in one transaction and
/// notes in the batch's row that the slice has ended; whoever notes the last one ends the batch. What has ended is not done
/// again. Like every activity it returns only what the rows say, and otherwise throws, so that it is repeated.
/// </summary>
public sealed class RunSlice(
    [FromKeyedServices(TaskServices.Patient)] TaskTable tasks,
    [FromKeyedServices(TaskServices.Patient)] ItemsTable items,
    TaskKinds kinds,
    ItemRunner runner,
    TimeProvider time,
    ILogger<RunSlice> logger)
{
    [Function(nameof(RunSlice))]
    public async Task<SliceOutcome> RunAsync([ActivityTrigger] SliceAttempt slice, CancellationToken stopping)
    {
        using IDisposable? scope = logger.TaskScope(slice.TaskId);
        try
        {
            return await RunAsync(TaskId.Parse(slice.TaskId), slice, stopping);
        }
        catch (Exception e) when (Outage.Is(e) && !stopping.IsCancellationRequested)
        {
            throw new AttemptPostponedException("The batch's rows could not be reached.", e);
        }
    }

    private async Task<SliceOutcome> RunAsync(TaskId id, SliceAttempt slice, CancellationToken stopping)
    {
        if (await NoteStartAsync(id, slice, stopping) is not { Kind: { } name })
        {
            return SliceOutcome.BatchEnded;
        }

        TaskKind kind = kinds.Find(name) ?? throw new InvalidOperationException($"This app has no kind of task named \"{name}\".");

        int size = slice.Orchestration.SliceSize;
        List<ItemRow> rows = await items.ReadAsync(slice.TaskId, slice.Slice * size, size, stopping).ToListAsync(stopping);
        using var unwanted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Task<ItemOutcome[]> working = Task.WhenAll(
            rows.Where(item => !item.HasEnded).Select(item => runner.RunAsync(kind, slice, item, unwanted.Token)));
        using var finished = new CancellationTokenSource();
        Task batchEnded = TaskWatch.UntilEndedAsync(tasks, id, TaskWatch.Interval, DateTimeOffset.MaxValue, time, logger, finished.Token);
        Task first = await Task.WhenAny(working, batchEnded);
        await unwanted.CancelAsync();
        await finished.CancelAsync();
        if (first == batchEnded)
        {
            await batchEnded;
            return SliceOutcome.BatchEnded;
        }

        // When the host stops, too, what has been computed is written, in the time that is left.
        using var grace = new GracePeriod(stopping);
        ItemOutcome[] outcomes = await working;
        await items.MergeAsync(outcomes.Select(outcome => outcome.End).OfType<ItemRow>(), grace.Token);
        stopping.ThrowIfCancellationRequested();
        if (outcomes.Any(outcome => outcome.IsTimeout))
        {
            return await NoteTimeoutAsync(id, slice, grace.Token);
        }

        if (outcomes.Select(outcome => outcome.Failure).FirstOrDefault(failure => failure is not null) is { } failure)
        {
            await NoteFailureAsync(id, failure, grace.Token);
            throw new InvalidOperationException("Some items of the slice failed and will be tried again.", failure);
        }

        int failed = rows.Concat(outcomes.Select(outcome => outcome.End)).Count(item => item?.ErrorCode is not null);
        return outcomes.Any(outcome => outcome.End is null) ? SliceOutcome.GoOn : await NoteEndAsync(id, slice, failed, grace.Token);
    }

    /// <summary>The batch's row; null if it has ended, or is gone.</summary>
    private async Task<TaskRow?> NoteStartAsync(TaskId id, SliceAttempt slice, CancellationToken cancellationToken)
    {
        TaskChange? expired = null;
        TaskRow? row = await tasks.ModifyUnfinishedAsync(
            id,
            row =>
            {
                TaskRun.ThrowIfPutOff(row, time.GetUtcNow());
                expired = TaskChange.Expired(row, time.GetUtcNow());
                return expired ?? (row.Status == RowStatus.Running ? null : new TaskChange(id)
                {
                    Status = RowStatus.Running,
                    Attempt = slice.Orchestration.FirstAttempt,
                    StartedAt = time.GetUtcNow(),
                    IdleDays = 0,
                    Progress = 0,
                    FailedItems = 0,
                });
            },
            cancellationToken);
        if (row is not null && expired is not null)
        {
            TaskMetrics.Ended(row.Kind!, expired, startedAt: null);
        }
        else if (row?.Status == RowStatus.Pending)
        {
            TaskMetrics.Began(row.Kind!, row.StartAt ?? id.CreatedAt, time.GetUtcNow());
        }

        return expired is null ? row : null;
    }

    private async Task<SliceOutcome> NoteEndAsync(TaskId id, SliceAttempt slice, int failed, CancellationToken cancellationToken)
    {
        Slices all = slice.Orchestration.Slices;
        TaskChange? written = null;
        TaskRow? before = await tasks.ModifyUnfinishedAsync(
            id,
            row =>
            {
                long slices = (row.Slices ?? 0) | (1L << slice.Slice);
                bool isAll = slices == all.All;
                return written = new TaskChange(id)
                {
                    Status = isAll ? RowStatus.Succeeded : RowStatus.Running,
                    EndedAt = isAll ? time.GetUtcNow() : null,
                    Slices = slices,
                    // Stays null (not known) in a row in which slices ended before there was this column.
                    FailedItems = row.FailedItems + (Slices.Has(row.Slices ?? 0, slice.Slice) ? 0 : failed),
                    Progress = (double)all.CountItems(slices) / all.Items,
                };
            },
            cancellationToken);
        if (before is not null && written?.Status == RowStatus.Succeeded)
        {
            TaskMetrics.Ended(before.Kind!, written, before.StartedAt);
        }

        return before is null ? SliceOutcome.BatchEnded : SliceOutcome.SliceEnded;
    }

    private async Task<SliceOutcome> NoteTimeoutAsync(TaskId id, SliceAttempt slice, CancellationToken cancellationToken)
    {
        var error = TaskError.Timeout(slice.Orchestration.TimeLimit);
        var end = TaskChange.Failed(id, error, time.GetUtcNow());
        if (await tasks.ModifyUnfinishedAsync(id, _ => end, cancellationToken) is { } before)
        {
            TaskMetrics.Ended(before.Kind!, end, before.StartedAt);
            logger.TaskFailed(slice.TaskId, error.Code, error.Detail);
        }

        return SliceOutcome.BatchEnded;
    }

    private async Task NoteFailureAsync(TaskId id, Exception failure, CancellationToken cancellationToken)
    {
        var change = new TaskChange(id) { LastFailure = TaskError.Describe(failure).Truncate(TaskRow.MaxMessageLength) };
        await tasks.ModifyUnfinishedAsync(id, _ => change, cancellationToken);
    }
}
