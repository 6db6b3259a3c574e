using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;

namespace DurableLocalHost.Sqlite;

/// <summary>The file cannot be opened, or cannot be written. The message is one line, meant for whoever started the host.</summary>
public sealed class SqliteFileException(string message, Exception? inner = null) : IOException(message, inner);

/// <summary>The database: one connection that writes, in <see cref="Commits"/>, and as many as it takes to read beside it.</summary>
internal sealed class SqliteFile : IDisposable
{
    private const long ApplicationId = 0x536C4D75;
    private const long SchemaVersion = 2;
    private const long AlwaysCheckedBytes = 32 << 20; // to check a file is to read it all

    private readonly string _path;
    private readonly ConcurrentBag<Statements> _readers = [];
    private long _lastNumber;

    /// <exception cref="SqliteFileException">It is damaged, belongs to someone else, or cannot be opened.</exception>
    public SqliteFile(string path)
    {
        _path = path;
        bool isToCheck = File.Exists(path + "-wal"); // there after a crash
        Statements? writer = null;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
            writer = new Statements(path);
            isToCheck |= new FileInfo(path).Length < AlwaysCheckedBytes;
            if (writer.IsReadOnly)
            {
                throw new SqliteFileException($"{path} is read-only: it must be this user's to write.");
            }

            if (Flaw(writer, isToCheck) is string flaw)
            {
                throw Refuse(flaw);
            }

            if (Version(writer) == SchemaUpgrade.From)
            {
                SchemaUpgrade.Run(writer);
            }

            _lastNumber = Number(writer, "SELECT ifnull(max(number), 0) FROM (SELECT max(key) number FROM instances UNION SELECT max(seq) FROM messages)");
            Commits = new GroupCommit(path, writer);
        }
        catch (Exception e) when (e is SqliteException or IOException or UnauthorizedAccessException)
        {
            writer?.Dispose();
            throw e is SqliteFileException ? e
                : e is SqliteException { SqliteErrorCode: 11 or 26 } ? Refuse("is damaged, or no database", e)
                : new SqliteFileException($"{path} cannot be used: {e.Message}", e);
        }
    }

    public GroupCommit Commits { get; }

    /// <summary>The greatest number of an instance or a message.</summary>
    public long LastNumber => Interlocked.Read(ref _lastNumber);

    /// <returns>A number for a new instance or message: greater than all before.</returns>
    public long NextNumber() => Interlocked.Increment(ref _lastNumber);

    /// <summary>Reads what is committed.</summary>
    public T Read<T>(Func<Statements, T> read)
    {
        Statements statements = _readers.TryTake(out Statements? idle) ? idle : new Statements(_path);
        try
        {
            return read(statements);
        }
        finally
        {
            _readers.Add(statements);
        }
    }

    public void Dispose()
    {
        Commits.Dispose();
        _readers.ToList().ForEach(reader => reader.Dispose());
    }

    private SqliteFileException Refuse(string flaw, Exception? inner = null) =>
        new($"{_path} {flaw}. Move it away to start with an empty one.", inner);

    private static long Number(Statements db, string sql) => db.Query(sql, row => row.GetInt64(0))[0];

    private static long Version(Statements db) => Number(db, "PRAGMA user_version");

    private static string? Flaw(Statements db, bool isToCheck)
    {
        if (Number(db, "SELECT count(*) FROM sqlite_schema") == 0)
        {
            using var schema = new StreamReader(typeof(SqliteFile).Assembly.GetManifestResourceStream(typeof(SqliteFile), "schema.sql")!);
            db.Execute($"BEGIN; {schema.ReadToEnd()} COMMIT");
        }

        return Number(db, "PRAGMA application_id") != ApplicationId ? "is not a database of this host"
            : Version(db) is not (SchemaVersion or SchemaUpgrade.From) ? "was written by another version of this host"
            : isToCheck && db.Query("PRAGMA quick_check(1)", row => row.GetString(0))[0] != "ok" ? "is damaged"
            : null;
    }
}
