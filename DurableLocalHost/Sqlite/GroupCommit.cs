using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace DurableLocalHost.Sqlite;

/// <summary>
/// Writes to the file. One thread takes whatever is queued, runs it in one transaction and acknowledges it all after the one commit: a
/// commit waits for the disk, so the more runs at a time, the fewer commits each of it needs.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private readonly string _path;
    private readonly Statements _statements;
    private readonly Channel<Write> _queue = Channel.CreateUnbounded<Write>();
    private readonly Thread _thread;

    public GroupCommit(string path, Statements statements)
    {
        (_path, _statements) = (path, statements);
        _thread = new Thread(Run) { IsBackground = true, Name = "SQLite commits" };
        _thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="apply"/> in a transaction, and, once that is committed, the action that it returned. Both run on the writer's
    /// thread, in the order of the calls. <paramref name="apply"/> may run again, so it changes nothing but the database.
    /// </summary>
    /// <param name="patience">How long to go on trying while the disk is full or fails.</param>
    /// <param name="apply">What to write.</param>
    /// <returns>Whether there was an action.</returns>
    /// <exception cref="SqliteFileException">It is not written, and will not be.</exception>
    public Task<bool> WriteAsync(TimeSpan patience, Func<Statements, Action?> apply)
    {
        var write = new Write(apply, Environment.TickCount64, patience, new(TaskCreationOptions.RunContinuationsAsynchronously));
        if (!_queue.Writer.TryWrite(write))
        {
            Fail(write, new ObjectDisposedException(_path));
        }

        return write.Done.Task;
    }

    /// <summary>Writes what is queued, then closes the file.</summary>
    public void Dispose()
    {
        _queue.Writer.Complete();
        _thread.Join();
        _statements.Dispose();
    }

    private void Run()
    {
        var batch = new List<Write>();
        while (batch.Count > 0 || _queue.Reader.WaitToReadAsync().AsTask().Result)
        {
            while (_queue.Reader.TryRead(out Write? write))
            {
                batch.Add(write);
            }

            Commit(batch);
        }
    }

    /// <summary>Takes out of the batch what it could commit, or what is to fail; the rest is to be tried again.</summary>
    private void Commit(List<Write> batch)
    {
        Write? current = null;
        List<Action?> actions;
        try
        {
            _statements.Execute("BEGIN IMMEDIATE");
            actions = batch.ConvertAll(write => (current = write).Apply(_statements));
            current = null;
            _statements.Execute("COMMIT");
        }
#pragma warning disable CA1031 // Whatever is wrong with one write is told to its caller; the others go on.
        catch (Exception e)
#pragma warning restore CA1031
        {
            if (_statements.IsInTransaction)
            {
                _statements.Execute("ROLLBACK");
            }

            // Busy, locked, no memory, I/O error, disk full, cannot open. Anything else stays wrong however often it is tried.
            bool waitingMayHelp = e is SqliteException { SqliteErrorCode: 5 or 6 or 7 or 10 or 13 or 14 };
            Thread.Sleep(waitingMayHelp ? RetryInterval : TimeSpan.Zero);
            bool isOver = waitingMayHelp ? _queue.Reader.Completion.IsCompleted : current == null;
            batch.RemoveAll(write => (isOver || (waitingMayHelp ? write.IsOverdue : write == current)) && Fail(write, e));
            return;
        }

        for (int i = 0; i < batch.Count; i++)
        {
            actions[i]?.Invoke();
            batch[i].Done.SetResult(actions[i] != null);
        }

        batch.Clear();
    }

    private bool Fail(Write write, Exception e) =>
        write.Done.TrySetException(new SqliteFileException($"{_path} cannot be written: {e.Message}", e));

    private sealed record Write(Func<Statements, Action?> Apply, long Start, TimeSpan Patience, TaskCompletionSource<bool> Done)
    {
        public bool IsOverdue => Environment.TickCount64 - Start > Patience.TotalMilliseconds;
    }
}
