using Microsoft.Extensions.Logging;

namespace FunctionApp.Tasks;

/// <summary>For a run that may return only when its task has ended, whoever ends it.</summary>
internal static class TaskWatch
{
    /// <summary>Between two looks at the row.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    /// <summary>Returns when the row says that the task has ended, or is gone, and only then; otherwise when cancelled.</summary>
    /// <param name="pause">Before the first look: none, or the interval if the row was just seen.</param>
    /// <exception cref="AttemptPostponedException">It has not ended by the latest time.</exception>
    public static async Task UntilEndedAsync(
        TaskTable tasks, TaskId id, TimeSpan pause, DateTimeOffset latest, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        bool isFailing = false;
        RowStatus? status = RowStatus.Running;
        while (status is RowStatus.Pending or RowStatus.Running)
        {
            if (time.GetUtcNow() > latest)
            {
                throw new AttemptPostponedException("Another run of the task should have ended it by now.");
            }

            await Task.Delay(pause, time, cancellationToken);
            pause = Interval;
            try
            {
                status = await tasks.FindStatusAsync(id, cancellationToken);
                isFailing = false;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                // An error of storage says nothing of the task; what other work of the caller cannot write is thrown there.
                if (!isFailing)
                {
                    logger.HeartbeatFailed(e, id.ToString());
                }

                isFailing = true;
            }
        }
    }
}
