namespace FunctionApp.Tasks.Upkeep;

/// <summary>
/// Which task has waited longest for its first attempt, as far as the sweep has seen. It looks at each task ever more seldom,
/// so the one found before is looked at again each time; once that has begun, the next oldest is known within an hour.
/// </summary>
public sealed class OldestPending(TaskTable tasks)
{
    private readonly Lock _lock = new();
    private (TaskId Id, DateTimeOffset Since)? _oldest;

    /// <summary>Takes note of a task.</summary>
    public void See(TaskRow row, DateTimeOffset now)
    {
        DateTimeOffset since = row.StartAt > row.Id.CreatedAt ? row.StartAt.Value : row.Id.CreatedAt;
        lock (_lock)
        {
            if (row.Status == RowStatus.Pending && since <= now && !(_oldest?.Since <= since))
            {
                _oldest = (row.Id, since);
            }
        }
    }

    /// <summary>Forgets the one found before if it does not wait any more. One storage request, if there is one.</summary>
    public async Task LookAgainAsync(CancellationToken cancellationToken)
    {
        if (_oldest is { } former && await tasks.FindStatusAsync(former.Id, cancellationToken) != RowStatus.Pending)
        {
            lock (_lock)
            {
                _oldest = null;
            }
        }
    }

    /// <summary>How long it has waited; zero if none waits.</summary>
    public TimeSpan Age(DateTimeOffset now)
    {
        lock (_lock)
        {
            return _oldest is { } oldest ? now - oldest.Since : TimeSpan.Zero;
        }
    }
}
