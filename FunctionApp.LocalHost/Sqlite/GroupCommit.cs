using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>
/// Writes to the file. One thread takes whatever is queued, runs it in one transaction and acknowledges it all after the one commit: a
/// commit waits for the disk, so the more runs at a time, the fewer commits each of it needs.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private readonly string path;
    private readonly Statements statements;
    private readonly BlockingCollection<Write> queue = [];
    private readonly ManualResetEventSlim stopping = new();
    private readonly Thread thread;

    public GroupCommit(string path, Statements statements)
    {
        (this.path, this.statements) = (path, statements);
        thread = new Thread(Run) { IsBackground = true, Name = "SQLite commits" };
        thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="apply"/> in a transaction, and, once that is committed, the action that it returned. Both run on the writer's
    /// thread, in the order of the calls. <paramref name="apply"/> may run again, so it changes nothing but the database.
    /// </summary>
    /// <param name="patience">How long to go on trying while the disk is full or fails.</param>
    /// <param name="apply">What to write.</param>
    /// <exception cref="SqliteFileException">It is not written, and will not be.</exception>
    public Task WriteAsync(TimeSpan patience, Func<Statements, Action?> apply)
    {
        var write = new Write(
            apply, Environment.TickCount64, patience, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            queue.Add(write);
        }
        catch (InvalidOperationException e)
        {
            Fail(write, e); // closed
        }

        return write.Done.Task;
    }

    /// <summary>Writes what is queued, then closes the file.</summary>
    public void Dispose()
    {
        queue.CompleteAdding();
        stopping.Set();
        thread.Join();
        statements.Dispose();
    }

    private void Run()
    {
        foreach (Write first in queue.GetConsumingEnumerable())
        {
            List<Write> batch = [first];
            while (batch.Count > 0)
            {
                while (queue.TryTake(out Write? next))
                {
                    batch.Add(next);
                }

                Commit(batch);
            }
        }
    }

    /// <summary>Takes out of the batch what it could commit, or what is to fail; the rest is to be tried again.</summary>
    [SuppressMessage("Design", "CA1031", Justification = "Whatever is wrong with one write is told to its caller; the others go on.")]
    private void Commit(List<Write> batch)
    {
        Write? current = null;
        List<Action?> actions;
        try
        {
            statements.Execute("BEGIN IMMEDIATE");
            actions = batch.ConvertAll(write => (current = write).Apply(statements));
            current = null;
            statements.Execute("COMMIT");
        }
        catch (Exception e)
        {
            if (statements.IsInTransaction)
            {
                statements.Execute("ROLLBACK");
            }

            // Busy, locked, no memory, I/O error, disk full, cannot open. Anything else stays wrong however often it is tried.
            bool waitingMayHelp = e is SqliteException { SqliteErrorCode: 5 or 6 or 7 or 10 or 13 or 14 };
            bool isLast = waitingMayHelp ? stopping.Wait(RetryInterval) : current == null;
            batch.RemoveAll(write => (isLast || (waitingMayHelp ? write.IsOverdue : write == current)) && Fail(write, e));
            return;
        }

        for (int i = 0; i < batch.Count; i++)
        {
            actions[i]?.Invoke();
            batch[i].Done.SetResult();
        }

        batch.Clear();
    }

    private bool Fail(Write write, Exception e) =>
        write.Done.TrySetException(new SqliteFileException($"{path} cannot be written: {e.Message}", e));

    private sealed record Write(Func<Statements, Action?> Apply, long Start, TimeSpan Patience, TaskCompletionSource Done)
    {
        public bool IsOverdue => Environment.TickCount64 - Start > Patience.TotalMilliseconds;
    }
}
