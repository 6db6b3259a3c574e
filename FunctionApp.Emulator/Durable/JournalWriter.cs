using Microsoft.Data.Sqlite;

namespace FunctionApp.Emulator.Durable;

/// <summary>
/// Writes to the journal one after another on a thread of its own. What waits at the same time is committed together,
/// so that many share the cost of one flush to the disk.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    // A monitor puts the waiting thread to sleep; what spins first takes the processor from those who have work.
    private readonly object _gate = new();
    private readonly SqliteStatements _statements;
    private readonly Thread _thread;
    private List<PendingWrite> _pending = [];
    private bool _closed;

    public JournalWriter(SqliteStatements statements)
    {
        _statements = statements;
        _thread = new Thread(Run) { Name = "journal", IsBackground = true };
        _thread.Start();
    }

    /// <summary>Completes once the write is on the disk.</summary>
    /// <exception cref="SqliteException">The group could not be committed; nothing of it was written.</exception>
    /// <exception cref="ObjectDisposedException">The journal is closed.</exception>
    public Task<T> WriteAsync<T>(Func<T> write)
    {
        var pending = new PendingWrite<T>(write);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closed, this);
            _pending.Add(pending);
            Monitor.Pulse(_gate);
        }

        return pending.Task;
    }

    /// <summary>Commits what waits, then ends.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
            {
                return;
            }

            _closed = true;
            Monitor.Pulse(_gate);
        }

        _thread.Join();
    }

    private void Run()
    {
        List<PendingWrite> group = [];
        while (TakePending(ref group))
        {
            try
            {
                _statements.Run("BEGIN IMMEDIATE", []);
                group.ForEach(write => write.Apply());
                _statements.Run("COMMIT", []);
                group.ForEach(write => write.Complete());
            }
            catch (SqliteException e)
            {
                RollBack();
                group.ForEach(write => write.Fail(e));
            }

            group.Clear();
        }
    }

    /// <summary>Waits for writes and swaps them for the empty list. False at the end.</summary>
    private bool TakePending(ref List<PendingWrite> group)
    {
        lock (_gate)
        {
            while (_pending.Count == 0 && !_closed)
            {
                Monitor.Wait(_gate);
            }

            (group, _pending) = (_pending, group);
            return group.Count > 0;
        }
    }

    private void RollBack()
    {
        // After some errors SQLite has done it already: https://www.sqlite.org/lang_transaction.html
        if (SQLitePCL.raw.sqlite3_get_autocommit(_statements.Connection.Handle) == 0)
        {
            _statements.Run("ROLLBACK", []);
        }
    }

    private abstract class PendingWrite
    {
        public abstract void Apply();

        public abstract void Complete();

        public abstract void Fail(Exception e);
    }

    private sealed class PendingWrite<T>(Func<T> write) : PendingWrite
    {
        private readonly TaskCompletionSource<T> _source = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _result;

        public Task<T> Task => _source.Task;

        public override void Apply() => _result = write();

        public override void Complete() => _source.SetResult(_result!);

        public override void Fail(Exception e) => _source.SetException(e);
    }
}
