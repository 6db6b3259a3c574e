using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// What an activity does its work in: it keeps the row alive while the work goes on, ends it at its time limit or when the
/// task has ended elsewhere, and writes how it ended. It returns only when the row has an end; whoever is cancelled, failed
/// or in doubt throws, so that the orchestration repeats the activity.
/// </summary>
public sealed class TaskRunner(
    [FromKeyedServices(TaskServices.Patient)] TaskTable tasks,
    [FromKeyedServices(TaskServices.Patient)] TaskBlobs blobs,
    WorkPlaces places,
    TimeProvider time,
    ILogger<TaskRunner> logger)
{
    /// <summary>Does the kind's work and writes the task's end.</summary>
    /// <param name="stopping">The invocation's token.</param>
    public async Task RunAsync(TaskKind kind, TaskAttempt attempt, CancellationToken stopping)
    {
        using Activity? trace = Telemetry.Source.StartActivity(attempt.Orchestration.Activity, ActivityKind.Internal, attempt.Orchestration.TraceParent);
        trace?.SetTag("task_id", attempt.TaskId);
        using IDisposable? scope = logger.TaskScope(attempt.TaskId);

        var run = new TaskRun(tasks, blobs, attempt, time, logger);
        if (!await WorkAsync(kind, attempt, run, stopping))
        {
            await run.UntilEndedAsync(stopping);
        }
    }

    /// <summary>True if this run has written the task's end.</summary>
    private async Task<bool> WorkAsync(TaskKind kind, TaskAttempt attempt, TaskRun run, CancellationToken stopping)
    {
        using IDisposable place = await places.TakeAsync(stopping) ?? throw new AttemptPostponedException("All places for work were taken.");
        if (!await WithStorageAsync(() => run.BeginAsync(stopping), stopping))
        {
            return false;
        }

        var id = TaskId.Parse(attempt.TaskId);
        if (attempt.Number == 1)
        {
            TaskMetrics.Began(kind.Name, attempt.Orchestration.StartAt ?? id.CreatedAt, run.StartedAt);
        }

        if (await WithStorageAsync(() => ReadInputAsync(id, attempt, run, stopping), stopping) is not { } input)
        {
            return await WriteEndAsync(kind, run, TaskChange.Failed(id, TaskError.InputGone, time.GetUtcNow()), stopping);
        }

        // Not disposed, since work that ignores the cancellation may use its token for as long as it runs.
        var unwanted = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        using var finished = new CancellationTokenSource();
        Task<BinaryData> working = Task.Run(() => kind.RunAsync(input, run.Progress, kind.MaxResult, unwanted.Token), CancellationToken.None);
        var timeIsUp = Task.Delay(attempt.Orchestration.TimeLimit, time, finished.Token);
        Task displaced = run.UntilDisplacedAsync(finished.Token);
        Task first = await Task.WhenAny(working, timeIsUp, displaced);
        await unwanted.CancelAsync();
        await finished.CancelAsync();
        await displaced.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

        using var grace = new GracePeriod(stopping);
        if (first != working)
        {
            LogLateFailure(working, attempt);
        }

        if (first == displaced)
        {
            return false;
        }

        TaskChange end = first == working
            ? await EndOfAsync(id, working, attempt, run, grace.Token, stopping)
            : TaskChange.Failed(id, TaskError.Timeout(attempt.Orchestration.TimeLimit), time.GetUtcNow());
        return await WriteEndAsync(kind, run, end, grace.Token);
    }

    private static async Task<bool> WriteEndAsync(TaskKind kind, TaskRun run, TaskChange end, CancellationToken cancellationToken)
    {
        bool isWritten = await WithStorageAsync(() => run.EndAsync(end, cancellationToken), cancellationToken);
        if (isWritten)
        {
            TaskMetrics.Ended(kind.Name, end, run.StartedAt);
        }

        return isWritten;
    }

    /// <summary>The input, from the start message, or else from the row or its blob; null if it is gone.</summary>
    private async Task<BinaryData?> ReadInputAsync(TaskId id, TaskAttempt attempt, TaskRun run, CancellationToken cancellationToken)
    {
        if (attempt.Orchestration.Input is { } small)
        {
            return BinaryData.FromString(small);
        }

        TaskRow? row = await tasks.FindAsync(id, cancellationToken, TaskColumns.Input);
        run.Progress.Input = row is { BodyType: not null } ? new TaskFile(blobs, row) : null;
        return row?.Input ?? await blobs.ReadAsync(TaskBlobs.InputName(id), cancellationToken);
    }

    /// <summary>How the task ends by what its work came to.</summary>
    private async Task<TaskChange> EndOfAsync(
        TaskId id, Task<BinaryData> working, TaskAttempt attempt, TaskRun run, CancellationToken grace, CancellationToken stopping)
    {
        BinaryData result;
        try
        {
            result = await working;
        }
        catch (PermanentFailureException e)
        {
            return TaskChange.Failed(id, e.Error, time.GetUtcNow());
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            await run.LeaveAsync(failure: null, grace);
            throw;
        }
        catch (Exception e)
        {
            logger.AttemptFailed(e, attempt.TaskId, attempt.Number);
            await run.LeaveAsync(TaskError.Describe(e), grace);
            throw;
        }

        return await WithStorageAsync(() => SucceededAsync(id, result, run, grace), grace);
    }

    /// <summary>The end with that result, which is a blob by now if the row does not hold it.</summary>
    private async Task<TaskChange> SucceededAsync(TaskId id, BinaryData result, TaskRun run, CancellationToken cancellationToken)
    {
        string? files = await run.Outputs.CloseAsync(cancellationToken);
        int size = result.ToMemory().Length;
        bool isBlob = size > TaskRow.MaxBytes;
        if (isBlob)
        {
            await blobs.WriteAsync(TaskBlobs.ResultName(id, run.Outputs.Run), result, TaskBlobs.Json, cancellationToken);
        }

        var end = TaskChange.Succeeded(id, isBlob ? null : result, time.GetUtcNow());
        (end.ResultSize, end.HasBlobs, end.Files, end.ResultSummary) = (isBlob ? size : null, isBlob ? true : null, files, TaskJson.Summary(result));
        return end;
    }

    private static async Task<T> WithStorageAsync<T>(Func<Task<T>> access, CancellationToken cancellationToken)
    {
        try
        {
            return await access();
        }
        catch (Exception e) when (Outage.Is(e) && !cancellationToken.IsCancellationRequested)
        {
            throw new AttemptPostponedException("Storage could not be reached.", e);
        }
    }

    private void LogLateFailure(Task working, TaskAttempt attempt) => _ = working.ContinueWith(
        late => logger.LateFailure(late.Exception!.InnerException!, attempt.TaskId, attempt.Number),
        CancellationToken.None,
        TaskContinuationOptions.OnlyOnFaulted,
        TaskScheduler.Default);
}
