using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>
/// Writes to the file. One thread takes whatever is queued, runs it in one transaction, and acknowledges all of it after the one commit:
/// a commit waits for the disk, so the more runs at a time, the fewer commits each of it needs.
/// </summary>
internal sealed class GroupCommit : IDisposable
{
    private const int MaxBatch = 1000;
    private static readonly TimeSpan RetryInterval = TimeSpan.FromMilliseconds(100);

    private readonly string path;
    private readonly Statements statements;
    private readonly BlockingCollection<Write> queue = [];
    private readonly Thread thread;
    private readonly ManualResetEventSlim stopping = new();

    public GroupCommit(string path, SqliteConnection connection)
    {
        this.path = path;
        statements = new Statements(connection);
        thread = new Thread(Run) { IsBackground = true, Name = "SQLite commits" };
        thread.Start();
    }

    /// <summary>
    /// Runs <paramref name="apply"/> in a transaction, and, once that is committed, the action that it returned. Both run on the writer's
    /// thread, in the order of the calls. <paramref name="apply"/> may run again, so it changes nothing but the database.
    /// </summary>
    /// <param name="apply">What to write.</param>
    /// <param name="patience">How long to try while the disk is full or fails.</param>
    /// <exception cref="SqliteFileException">It is not written, and will not be.</exception>
    public Task WriteAsync(Func<Statements, Action?> apply, TimeSpan patience)
    {
        var write = new Write(
            apply, patience, Environment.TickCount64, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        try
        {
            queue.Add(write);
        }
        catch (InvalidOperationException e)
        {
            write.Done.SetException(new SqliteFileException($"{path} is closed.", e));
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
        queue.Dispose();
        stopping.Dispose();
    }

    private void Run()
    {
        var batch = new List<Write>();
        foreach (Write first in queue.GetConsumingEnumerable())
        {
            batch.Add(first);
            Fill(batch);
            CommitWithRetry(batch);
            batch.Clear();
        }
    }

    private void Fill(List<Write> batch)
    {
        while (batch.Count < MaxBatch && queue.TryTake(out Write? next))
        {
            batch.Add(next);
        }
    }

    [SuppressMessage("Design", "CA1031", Justification = "Whatever is wrong with one write is told to its caller; the others go on.")]
    private void CommitWithRetry(List<Write> batch)
    {
        while (batch.Count > 0)
        {
            List<Action?> actions;
            try
            {
                actions = Commit(batch);
            }
            catch (SqliteException e) when (WaitingMayHelp(e))
            {
                bool isLast = stopping.Wait(RetryInterval);
                Fail(batch, isLast, e);
                Fill(batch);
                continue;
            }
            catch (Exception e) when (batch.Count == 1)
            {
                batch[0].Done.SetException(new SqliteFileException($"{path} cannot be written: {e.Message}", e));
                return;
            }
            catch (Exception)
            {
                // One of them is at fault: each for itself.
                foreach (Write write in batch)
                {
                    CommitWithRetry([write]);
                }

                return;
            }

            for (int i = 0; i < batch.Count; i++)
            {
                actions[i]?.Invoke();
                batch[i].Done.SetResult();
            }

            return;
        }
    }

    private List<Action?> Commit(List<Write> batch)
    {
        var actions = new List<Action?>(batch.Count);
        try
        {
            statements.Execute("BEGIN IMMEDIATE");
            foreach (Write write in batch)
            {
                actions.Add(write.Apply(statements));
            }

            statements.Execute("COMMIT");
            return actions;
        }
        catch
        {
            // Some errors have already rolled it back.
            if (SQLitePCL.raw.sqlite3_get_autocommit(statements.Connection.Handle) == 0)
            {
                statements.Execute("ROLLBACK");
            }

            throw;
        }
    }

    private void Fail(List<Write> batch, bool all, SqliteException e)
    {
        long now = Environment.TickCount64;
        batch.RemoveAll(write =>
        {
            bool fails = all || now - write.Queued > write.Patience.TotalMilliseconds;
            if (fails)
            {
                write.Done.SetException(new SqliteFileException($"{path} cannot be written: {e.Message}", e));
            }

            return fails;
        });
    }

    // Busy, locked, out of memory, I/O error, disk full, cannot open. Anything else stays wrong however often it is tried.
    private static bool WaitingMayHelp(SqliteException e) => e.SqliteErrorCode is 5 or 6 or 7 or 10 or 13 or 14;

    private sealed record Write(Func<Statements, Action?> Apply, TimeSpan Patience, long Queued, TaskCompletionSource Done);
}
