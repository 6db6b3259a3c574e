using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.Options;

namespace FunctionApp.Tasks;

/// <summary>
/// Reads a task for a request that may prefer to wait for news of it. All who wait for one task in this process share
/// one poller. When too many wait, or the host stops, they are answered at once.
/// </summary>
public sealed class LongPolling(ReconciledTasks reconciled, IOptions<WaitingSettings> settings, TimeProvider time) : IDisposable
{
    // The columns that those who wait may need of a task that has ended.
    private const TaskColumns Polled = TaskColumns.Result | TaskColumns.Files;

    private static readonly TimeSpan FirstInterval = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestInterval = TimeSpan.FromSeconds(2);

    private readonly SemaphoreSlim _places = new(settings.Value.MaxRequests);
    private readonly Dictionary<TaskId, Poller> _pollers = [];
    private readonly Lock _lock = new();

    /// <summary>
    /// The task whose ID that text is; null if there is none. With <c>Prefer: wait=N</c> only when
    /// <paramref name="isNews"/> or N seconds have passed.
    /// </summary>
    /// <param name="columns">What is read of the task's large columns. The input is not read more than once.</param>
    public async Task<TaskRow?> ReadAsync(
        string taskId, HttpContext http, DurableTaskClient client, Func<TaskRow, bool> isNews, TaskColumns columns)
    {
        int? wait = Prefer.Wait(http.Request);
        if (wait is null || !_places.Wait(0, CancellationToken.None))
        {
            return await reconciled.FindAsync(taskId, client, http.RequestAborted, columns);
        }

        try
        {
            http.Response.Headers["Preference-Applied"] = $"wait={wait}";
            TaskRow? row = await reconciled.FindAsync(taskId, client, http.RequestAborted, columns);
            return row is null || isNews(row) ? row : await WatchAsync(row, TimeSpan.FromSeconds(wait.Value), http, client, isNews);
        }
        finally
        {
            _places.Release();
        }
    }

    public void Dispose() => _places.Dispose();

    private async Task<TaskRow?> WatchAsync(
        TaskRow latest, TimeSpan patience, HttpContext http, DurableTaskClient client, Func<TaskRow, bool> isNews)
    {
        IHttpRequestTimeoutFeature? limit = http.Features.Get<IHttpRequestTimeoutFeature>();
        limit?.DisableTimeout();
        using var timeIsUp = new CancellationTokenSource(patience, time);
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(
            timeIsUp.Token, limit?.RequestTimeoutToken ?? CancellationToken.None, http.RequestAborted);
        Poller poller = Join(latest, client);
        try
        {
            TaskRow? row = latest;
            while (row is not null && !isNews(row))
            {
                row = await poller.Next.Task.WaitAsync(ends.Token);
            }

            return row;
        }
        catch (OperationCanceledException) when (ends.IsCancellationRequested && !http.RequestAborted.IsCancellationRequested)
        {
            TaskRow? row = await reconciled.FindAsync(latest.Id, client, http.RequestAborted, Polled);
            row?.Input = latest.Input;
            return row;
        }
        finally
        {
            lock (_lock)
            {
                poller.Watchers--;
            }
        }
    }

    private Poller Join(TaskRow row, DurableTaskClient client)
    {
        lock (_lock)
        {
            bool isNew = !_pollers.TryGetValue(row.Id, out Poller? poller);
            poller ??= _pollers[row.Id] = new Poller();
            poller.Input ??= row.Input;
            poller.Watchers++;
            poller.Interval = FirstInterval;
            if (isNew)
            {
                _ = PollAsync(row.Id, poller, client);
            }

            return poller;
        }
    }

    private async Task PollAsync(TaskId id, Poller poller, DurableTaskClient client)
    {
        while (true)
        {
            await Task.Delay(poller.Interval, time);
            lock (_lock)
            {
                if (poller.Watchers == 0)
                {
                    _pollers.Remove(id);
                    return;
                }

                poller.Interval = TimeSpan.FromTicks(Math.Min(poller.Interval.Ticks * 3 / 2, LongestInterval.Ticks));
            }

            TaskCompletionSource<TaskRow?> next = poller.Next;
            poller.Next = NewNext();
            try
            {
                TaskRow? row = await reconciled.FindAsync(id, client, CancellationToken.None, Polled);
                row?.Input = poller.Input;
                next.SetResult(row);
            }
#pragma warning disable CA1031 // Those who wait get the exception.
            catch (Exception e)
#pragma warning restore CA1031
            {
                next.SetException(e);
            }
        }
    }

    private static TaskCompletionSource<TaskRow?> NewNext() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private sealed class Poller
    {
        public int Watchers { get; set; }

        public TimeSpan Interval { get; set; }

        /// <summary>The task's input, if one of those who wait wants it: it never changes.</summary>
        public BinaryData? Input { get; set; }

        /// <summary>What the next poll will find.</summary>
        public TaskCompletionSource<TaskRow?> Next { get; set; } = NewNext();
    }
}
