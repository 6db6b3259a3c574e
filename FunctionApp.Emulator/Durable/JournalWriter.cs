using System.Threading.Channels;
using Microsoft.Data.Sqlite;

namespace FunctionApp.Emulator.Durable;

/// <summary>
/// Writes to the journal one after another on a thread of its own. What waits at the same time is committed together,
/// so that many share the cost of one flush to the disk.
/// </summary>
internal sealed class JournalWriter : IDisposable
{
    private const int MaxGroup = 256;

    private readonly Channel<PendingWrite> _pending =
        Channel.CreateUnbounded<PendingWrite>(new UnboundedChannelOptions { SingleReader = true });

    private readonly SqliteStatements _statements;
    private readonly Thread _thread;

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
        ObjectDisposedException.ThrowIf(!_pending.Writer.TryWrite(pending), this);
        return pending.Task;
    }

    /// <summary>Commits what waits, then ends.</summary>
    public void Dispose()
    {
        if (_pending.Writer.TryComplete())
        {
            _thread.Join();
        }
    }

    private void Run()
    {
        List<PendingWrite> group = new(MaxGroup);
        while (_pending.Reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (group.Count < MaxGroup && _pending.Reader.TryRead(out PendingWrite? next))
            {
                group.Add(next);
            }

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
