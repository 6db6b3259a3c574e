using Azure;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// One run of a task's activity, as the task's row sees it: begun, alive with some progress, ended. An attempt can have
/// several runs, since a message whose receiver stands still is given to another. The run that has claimed the row last, by
/// a conditional write, is the one that counts, whatever the clocks say; and no attempt claims the row from a later one. A
/// task that takes less than a second costs one write, that of its end.
/// </summary>
internal sealed class TaskRun(TaskTable tasks, TaskBlobs blobs, TaskAttempt attempt, TimeProvider time, ILogger logger)
{
    // Callers see progress within a second; of a task that takes long within two, which halves the requests to storage.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    // Work that reports nothing still writes its row each hour, or it would be taken for one that stands still.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromHours(1);

    // An append to the log that takes longer is left for the next heartbeat, and at the end given up: a log must not hold up the work.
    private static readonly TimeSpan LogPatience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LastLogPatience = TimeSpan.FromSeconds(10);

    private readonly TaskId _id = TaskId.Parse(attempt.TaskId);
    private readonly RunLog _log = new(blobs, TaskId.Parse(attempt.TaskId), attempt.Number, time);

    private ETag _etag = new(attempt.Orchestration.ETag);
    private bool _claimed;
    private bool _failing;
    private bool _logIsFailing;
    private long? _writtenLog;
    private Report _written;
    private TaskProgress? _progress;
    private DateTimeOffset _lastContact = time.GetUtcNow();
    private DateTimeOffset _lastWrite = time.GetUtcNow();

    /// <summary>When this run began.</summary>
    public DateTimeOffset StartedAt { get; } = time.GetUtcNow();

    /// <summary>The files that the work leaves.</summary>
    public RunOutputs Outputs { get; } = new(blobs, TaskId.Parse(attempt.TaskId));

    /// <summary>What the work reports to. It has the checkpoint of the run before, once this one has begun.</summary>
    public TaskProgress Progress => _progress ??= new(saved: null, _log, Outputs);

    /// <summary>
    /// Claims the row, if the task is a second old, was tried before, or may expire; a younger one may end so soon that
    /// nobody would have seen it. False if there is nothing to do: the task has ended, or a later attempt has it.
    /// </summary>
    public async Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        if (attempt.Number == 1 && attempt.Orchestration.StartBy is null && StartedAt - _id.CreatedAt < Interval)
        {
            return true;
        }

        if (StartedAt > attempt.Orchestration.StartBy && !await MayBeginLateAsync(cancellationToken))
        {
            return false;
        }

        // The message of an earlier attempt does not hold any more, and its progress only if there is a checkpoint.
        BinaryData? checkpoint = null;
        var claim = new TaskChange(_id) { Status = RowStatus.Running, Progress = 0, Message = "", IdleDays = 0 };
        Describe(claim);
        if (attempt.Number > 1)
        {
            if (await tasks.FindAsync(_id, cancellationToken, TaskColumns.Checkpoint) is not { IsUnfinished: true } row || !MayClaim(row))
            {
                return false;
            }

            _etag = row.ETag;
        }

        if (!await ChangeAsync(claim, MayClaim, cancellationToken))
        {
            return false;
        }

        _progress = new(checkpoint, _log, Outputs);
        return true;

        bool MayClaim(TaskRow row)
        {
            ThrowIfPutOff(row, StartedAt);
            checkpoint = row.Checkpoint;
            (claim.Progress, claim.Message) = checkpoint is null ? ((double?)0, "") : (null, null);
            return MayBecomeOurs(row);
        }
    }

    /// <summary>Ends a task that should have begun before; true if it has.</summary>
    private async Task<bool> MayBeginLateAsync(CancellationToken cancellationToken)
    {
        TaskChange? expired = null;
        TaskRow? row = await tasks.ModifyUnfinishedAsync(_id, row => expired = TaskChange.Expired(row, StartedAt), cancellationToken);
        if (row is not null && expired is not null)
        {
            TaskMetrics.Ended(row.Kind!, expired, startedAt: null);
        }

        return row?.Status == RowStatus.Running;
    }

    /// <exception cref="AttemptPostponedException">The task has another start by now, of which its orchestration has not heard.</exception>
    public static void ThrowIfPutOff(TaskRow row, DateTimeOffset now)
    {
        // The instance that changed the start may have a clock that is behind.
        if (row.Status == RowStatus.Pending && row.StartAt - now > LongInterval)
        {
            throw new AttemptPostponedException("The task is to start later.");
        }
    }

    /// <summary>Returns when the row has ended, is gone, or was claimed by another run; otherwise when cancelled.</summary>
    public async Task UntilDisplacedAsync(CancellationToken cancellationToken)
    {
        do
        {
            await Task.Delay(time.GetUtcNow() - StartedAt < Long ? Interval : LongInterval, time, cancellationToken);
        }
        while (await BeatAsync(cancellationToken));
    }

    /// <summary>Returns when the row has ended or is gone: for who has nothing more to do, but may not say that the task has ended.</summary>
    /// <exception cref="AttemptPostponedException">It takes longer than any run that is alive.</exception>
    public Task UntilEndedAsync(CancellationToken cancellationToken) =>
        TaskWatch.UntilEndedAsync(tasks, _id, TimeSpan.Zero, time.GetUtcNow() + attempt.Orchestration.TimeLimit, time, logger, cancellationToken);

    /// <summary>Writes the task's end. False if it was not written: the task has another end, or (a time limit) another run.</summary>
    public async Task<bool> EndAsync(TaskChange end, CancellationToken cancellationToken)
    {
        if (end.Status == RowStatus.Failed)
        {
            _log.Add($"Failed, {end.ErrorCode}: {end.ErrorDetail}");
        }

        await FlushLogAsync(LastLogPatience, cancellationToken);
        Describe(end);
        bool isTimeout = end.ErrorCode == TaskError.TimeoutCode;
        if (!await ChangeAsync(end, isTimeout ? IsOurs : _ => true, cancellationToken))
        {
            return false;
        }

        if (end.Status == RowStatus.Failed)
        {
            logger.TaskFailed(attempt.TaskId, end.ErrorCode!, end.ErrorDetail!);
        }

        return true;
    }

    /// <summary>Keeps what an attempt that ends without the task's end leaves: its checkpoint, and what it failed with. If that fails, it is logged.</summary>
    public async Task LeaveAsync(string? failure, CancellationToken cancellationToken)
    {
        if (failure is not null)
        {
            _log.Add($"The attempt failed: {failure}");
        }

        await FlushLogAsync(LastLogPatience, cancellationToken);
        BinaryData? checkpoint = Progress.Latest.Checkpoint;
        if (failure is null && _log.Size == _writtenLog && (checkpoint is null || checkpoint == _written.Checkpoint))
        {
            return;
        }

        var change = new TaskChange(_id)
        {
            Status = RowStatus.Running,
            LastFailure = failure?.Truncate(TaskRow.MaxMessageLength),
            Checkpoint = checkpoint,
            Progress = Progress.Latest.Fraction,
            Message = Progress.Latest.Message,
        };
        Describe(change);
        try
        {
            await ChangeAsync(change, IsOurs, cancellationToken);
        }
        catch (Exception e) when (Outage.Is(e))
        {
            logger.HeartbeatFailed(e, attempt.TaskId);
        }
    }

    private async Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            if (_claimed)
            {
                await FlushLogAsync(LogPatience, cancellationToken);
            }

            Report latest = Progress.Latest;
            bool isOurs = !_claimed || latest != _written || _log.Size != _writtenLog || time.GetUtcNow() - _lastWrite > LongestSilence ? await ReportAsync(latest, cancellationToken)
                : time.GetUtcNow() - _lastContact < LongInterval || IsOurs(await tasks.FindAsync(_id, cancellationToken, TaskColumns.None));
            _failing = false;
            return isOurs;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The work goes on; the next beat may reach storage, and what the end cannot write postpones the attempt.
            if (!_failing)
            {
                logger.HeartbeatFailed(e, attempt.TaskId);
            }

            _failing = true;
            return true;
        }
    }

    private async Task<bool> ReportAsync(Report report, CancellationToken cancellationToken)
    {
        var change = new TaskChange(_id)
        {
            Status = RowStatus.Running,
            Progress = report.Fraction ?? (_claimed ? null : 0),
            Message = report.Message,
            Checkpoint = report.Checkpoint,
        };
        Describe(change);
        bool isOurs = await ChangeAsync(change, IsOurs, cancellationToken);
        _written = isOurs ? report : _written;
        return isOurs;
    }

    private async Task<bool> ChangeAsync(TaskChange change, Func<TaskRow, bool> mayChange, CancellationToken cancellationToken)
    {
        if (await tasks.ChangeUnfinishedAsync(change, _etag, cancellationToken, mayChange) is not { } etag)
        {
            return false;
        }

        (_etag, _claimed, _lastContact, _lastWrite, _writtenLog) = (etag, true, time.GetUtcNow(), time.GetUtcNow(), change.LogSize);
        return true;
    }

    /// <summary>Appends what the work has said. What cannot be appended now is kept for later.</summary>
    private async Task FlushLogAsync(TimeSpan patience, CancellationToken cancellationToken)
    {
        if (!_log.HasNews)
        {
            return;
        }

        using var timeIsUp = new CancellationTokenSource(patience, time);
        using var bounded = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeIsUp.Token);
        try
        {
            await _log.FlushAsync(bounded.Token);
            _logIsFailing = false;
        }
        catch (Exception e) when ((e is RequestFailedException || Outage.Is(e)) && !cancellationToken.IsCancellationRequested)
        {
            if (!_logIsFailing)
            {
                logger.LogFailed(e, attempt.TaskId);
            }

            _logIsFailing = true;
        }
    }

    private bool IsOurs(TaskRow? row)
    {
        _lastContact = time.GetUtcNow();
        return row is { IsUnfinished: true } && (_claimed ? row.Run == Outputs.Run : MayBecomeOurs(row));
    }

    private bool MayBecomeOurs(TaskRow row) => (row.Attempt ?? 0) <= attempt.Number;

    private void Describe(TaskChange change)
    {
        change.Attempt = attempt.Number;
        change.Run = Outputs.Run;
        change.LogSize = _log.Size;

        // An earlier attempt, or an earlier run of this attempt, may have left blobs of which the row does not tell.
        change.HasBlobs = _log.Size > 0 || Outputs.HasAny || attempt.Number > 1 ? true : change.HasBlobs;
        change.StartedAt = StartedAt;
        change.Deadline = StartedAt + attempt.Orchestration.TimeLimit;
    }
}
