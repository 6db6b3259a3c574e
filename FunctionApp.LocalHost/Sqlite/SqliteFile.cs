using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>The database file: one connection that writes, in <see cref="Commits"/>, and as many as it takes to read beside it.</summary>
internal sealed class SqliteFile : IDisposable
{
    // Checking reads the whole file, about 1 GB a second; after an orderly end a large one is taken as it is.
    private const long AlwaysCheckedBytes = 32 << 20;

    private readonly string path;
    private readonly ConcurrentBag<Statements> readers = [];
    private long lastNumber;

    /// <exception cref="SqliteFileException">It is damaged, belongs to someone else, or cannot be opened.</exception>
    public SqliteFile(string path)
    {
        this.path = path;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            Commits = new GroupCommit(path, OpenAndCheck());
            lastNumber = Read(db => db.Query(
                """
                SELECT max(
                  (SELECT ifnull(max(key), 0) FROM instances), (SELECT ifnull(max(seq), 0) FROM messages),
                  (SELECT ifnull(max(seq), 0) FROM activities))
                """,
                row => row.GetInt64(0)))[0];
        }
        catch (Exception e) when (e is SqliteException or UnauthorizedAccessException or (IOException and not SqliteFileException))
        {
            throw new SqliteFileException(
                e is SqliteException { SqliteErrorCode: 26 or 11 } ? Damaged(path) : $"{path} cannot be opened: {e.Message}", e);
        }
    }

    public GroupCommit Commits { get; }

    /// <returns>A number for a new instance, message or activity: greater than all before.</returns>
    public long NextNumber() => Interlocked.Increment(ref lastNumber);

    /// <summary>Reads what is committed.</summary>
    public T Read<T>(Func<Statements, T> read)
    {
        if (!readers.TryTake(out Statements? statements))
        {
            statements = new Statements(Connect(path));
        }

        try
        {
            return read(statements);
        }
        finally
        {
            readers.Add(statements);
        }
    }

    public void Dispose()
    {
        // Readers first: the last connection to close moves everything into the file itself.
        while (readers.TryTake(out Statements? statements))
        {
            statements.Dispose();
        }

        Commits.Dispose();
    }

    private static string Damaged(string path) =>
        $"{path} is not a database of this host, or it is damaged. Move it away to start with an empty one.";

    private static SqliteConnection Connect(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            Run(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA busy_timeout = 5000");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private SqliteConnection OpenAndCheck()
    {
        bool unclean = File.Exists(path + "-wal");
        SqliteConnection connection = Connect(path);
        try
        {
            bool isEmpty = (long)Run(connection, "SELECT count(*) FROM sqlite_schema")! == 0;
            if (isEmpty)
            {
                Run(connection, $"BEGIN; {Schema.Create}; COMMIT");
                return connection;
            }

            if ((long)Run(connection, "PRAGMA application_id")! != Schema.ApplicationId)
            {
                throw new SqliteFileException(Damaged(path));
            }

            if ((long)Run(connection, "PRAGMA user_version")! != Schema.Version)
            {
                throw new SqliteFileException(
                    $"{path} was written by another version of this host. Move it away to start with an empty one.");
            }

            if ((unclean || new FileInfo(path).Length < AlwaysCheckedBytes) && Run(connection, "PRAGMA quick_check(1)") is not "ok")
            {
                throw new SqliteFileException(Damaged(path));
            }

            // What was left for instances that have ended since.
            Run(connection, "DELETE FROM messages WHERE instance NOT IN (SELECT key FROM instances WHERE completed IS NULL)");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    [SuppressMessage("Security", "CA2100", Justification = "Every statement is a constant.")]
    private static object? Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
