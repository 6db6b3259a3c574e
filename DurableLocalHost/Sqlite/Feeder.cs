using DurableTask.Core;
using Microsoft.Data.Sqlite;

namespace DurableLocalHost.Sqlite;

/// <summary>Brings from the file into the queues what was left there while there was no room, and what is due.</summary>
internal sealed class Feeder(SqliteFile file, string hub, TaskHubQueues queues)
{
    private const int AtATime = Backlog.Room / 2;

    private static readonly TimeSpan MaxWait = TimeSpan.FromHours(1); // the clock may be set meanwhile
    private static readonly TimeSpan RetryInterval = TimeSpan.FromSeconds(1);

    private volatile bool _isStopping;
    private (long Ticks, long Sequence) _woken;
    private Task _running = Task.CompletedTask;

    public void Start() => _running = Task.Run(RunAsync);

    /// <summary>Stops reading.</summary>
    public Task StopAsync()
    {
        _isStopping = true;
        queues.TellNews();
        return _running;
    }

    private async Task RunAsync()
    {
        while (true)
        {
            Task news = queues.ListenForNews();
            if (_isStopping)
            {
                return;
            }

            TimeSpan wait;
            try
            {
                FeedActivities();
                FeedInstances();
                wait = WakeWhatIsDue();
            }
            catch (SqliteException)
            {
                // What fails for now, such as the disk, fails for those who write, too, and they tell their callers.
                wait = RetryInterval;
            }

            await news.WaitAsync(wait).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void FeedActivities()
    {
        while (queues.BeginActivities() is (long after, long begun))
        {
            List<TaskMessage> read = file.Read(db => Messages.Activities(db, hub, after, AtATime));
            queues.EndActivities(begun, read, isAll: read.Count < AtATime);
        }
    }

    private void FeedInstances()
    {
        while (queues.BeginInstances() is (long after, long begun))
        {
            List<Arrival> read = file.Read(db => Messages.Ready(db, hub, after, AtATime));
            queues.EndInstances(begun, read, isAll: read.Count < AtATime);
        }
    }

    /// <returns>How long there is nothing to do, unless there are news.</returns>
    private TimeSpan WakeWhatIsDue()
    {
        // One may have come since for a moment until which all were woken before.
        if (queues.TakeSoonest().Ticks is long soonest && soonest <= _woken.Ticks)
        {
            _woken = (soonest, 0);
        }

        for (int room; (room = queues.MakeOutRoom()) > 0;)
        {
            List<Arrival> due = file.Read(db => Messages.Due(db, hub, _woken, queues.Now, room));
            queues.Wake(due);
            _woken = due.Count > 0 ? (due[^1].Due, due[^1].Sequence) : _woken;
            if (due.Count < room)
            {
                List<Arrival> next = file.Read(db => Messages.Due(db, hub, _woken, DateTime.MaxValue, limit: 1));
                return next.Count > 0 ? Until(next[0].Due) : MaxWait;
            }
        }

        return MaxWait;
    }

    private static TimeSpan Until(long ticks) => TimeSpan.FromMilliseconds(
        Math.Clamp(Math.Ceiling(TimeSpan.FromTicks(ticks - DateTime.UtcNow.Ticks).TotalMilliseconds), 0, MaxWait.TotalMilliseconds));
}
