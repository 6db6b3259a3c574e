using Azure;
using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>
/// One execution of a task's activity, as its row sees it: begun, alive with some progress, ended. A task that takes
/// less than a second costs one write, that of its end.
/// </summary>
internal sealed class Heartbeat(TaskTable tasks, TaskExecution execution, TaskProgress progress, TimeProvider time, ILogger logger)
{
    // What others should see within a second, and what costs less once they have waited for long.
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongInterval = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);

    private readonly TaskId _id = TaskId.Parse(execution.TaskId);
    private readonly DateTimeOffset _startedAt = time.GetUtcNow();
    private readonly string _run = $"{time.GetUtcNow():yyyyMMddHHmmssfffffff}-{Guid.NewGuid():N}";

    private ETag _etag = new(execution.Start.ETag);
    private bool _begun;
    private bool _failing;
    private (double, string?) _written;
    private DateTimeOffset _lastContact = time.GetUtcNow();

    /// <summary>
    /// Writes that the task runs, if it is a second old or was tried before; a younger one may end so soon that nobody
    /// would have seen it. False if it has ended meanwhile: then there is nothing to do.
    /// </summary>
    public async Task<bool> BeginAsync(CancellationToken cancellationToken) =>
        (execution.Attempt == 1 && _startedAt - _id.CreatedAt < Interval) || await WriteAsync(cancellationToken);

    /// <summary>Returns when the row has ended, is gone, or belongs to a later execution; otherwise when cancelled.</summary>
    public async Task UntilDisplacedAsync(CancellationToken cancellationToken)
    {
        do
        {
            await Task.Delay(time.GetUtcNow() - _startedAt < Long ? Interval : LongInterval, time, cancellationToken);
        }
        while (await BeatAsync(cancellationToken));
    }

    /// <summary>Writes the task's end, unless it has another one.</summary>
    public async Task EndAsync(TaskRow end, CancellationToken cancellationToken)
    {
        Describe(end);
        if (await tasks.ChangeUnfinishedAsync(end, _etag, cancellationToken) is not null && end.Status == RowStatus.Failed)
        {
            logger.TaskFailed(execution.TaskId, end.ErrorCode!, end.ErrorDetail!);
        }
    }

    private async Task<bool> BeatAsync(CancellationToken cancellationToken)
    {
        try
        {
            bool isOurs = !_begun || progress.Latest != _written ? await WriteAsync(cancellationToken)
                : time.GetUtcNow() - _lastContact < LongInterval || IsOurs(await tasks.FindAsync(_id, cancellationToken));
            _failing = false;
            return isOurs;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The work goes on; the next beat may reach storage, and what the end cannot write fails the attempt.
            if (!_failing)
            {
                logger.HeartbeatFailed(e, execution.TaskId);
            }

            _failing = true;
            return true;
        }
    }

    private async Task<bool> WriteAsync(CancellationToken cancellationToken)
    {
        (double fraction, string? message) = progress.Latest;
        var change = new TaskRow(_id)
        {
            Status = RowStatus.Running,
            Progress = fraction,
            // An earlier attempt's message does not hold any more.
            Message = message ?? "",
        };
        Describe(change);
        ETag? written = await tasks.ChangeUnfinishedAsync(change, _etag, cancellationToken, IsOurs);
        if (written is not { } etag)
        {
            return false;
        }

        (_etag, _begun, _written, _lastContact) = (etag, true, (fraction, message), time.GetUtcNow());
        return true;
    }

    private bool IsOurs(TaskRow? row)
    {
        _lastContact = time.GetUtcNow();
        return row is { IsUnfinished: true } && string.CompareOrdinal(row.Run, _run) <= 0;
    }

    private void Describe(TaskRow row)
    {
        row.Attempt = execution.Attempt;
        row.Run = _run;
        row.StartedAt = _startedAt;
        row.Deadline = execution.Deadline;
    }
}
