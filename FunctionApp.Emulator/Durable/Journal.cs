using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace FunctionApp.Emulator.Durable;

/// <summary>The instances and their histories on disk: a SQLite database in WAL mode, flushed at each commit.</summary>
internal sealed class Journal : IDisposable
{
    private const string Unfinished = "status IN (0, 6)"; // Running, Pending

    private const string Schema = $"""
        CREATE TABLE instances (
            key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, name TEXT NOT NULL, status INTEGER NOT NULL,
            input TEXT, output TEXT, failure TEXT,
            created INTEGER NOT NULL, updated INTEGER NOT NULL, start_at INTEGER) STRICT;
        CREATE INDEX unfinished ON instances (key) WHERE {Unfinished};
        CREATE TABLE history (
            instance INTEGER NOT NULL, sequence INTEGER NOT NULL, event TEXT NOT NULL,
            PRIMARY KEY (instance, sequence)) STRICT, WITHOUT ROWID;
        """;

    // Goes up with each change of the schema or of what its columns hold.
    private const long Version = 1;

    private readonly string _connectionString;
    private readonly SqliteStatements _write;
    private readonly JournalWriter _writer;
    private readonly ConcurrentBag<SqliteStatements> _readers = [];

    /// <summary>Opens the journal, or makes an empty one where there is none.</summary>
    /// <exception cref="InvalidDataException">It is damaged, or of another version.</exception>
    /// <exception cref="SqliteException">It is not a journal, or cannot be written.</exception>
    /// <exception cref="IOException">It cannot be made.</exception>
    public Journal(string path)
    {
        if (!File.Exists(path))
        {
            Create(path);
        }

        _connectionString = ConnectionString(path);
        _write = new SqliteStatements(_connectionString);
        try
        {
            Check(_write, path);
            _write.Run("PRAGMA journal_mode = WAL", []);
            _write.Run("PRAGMA synchronous = FULL", []);

            // IDs are random, so each insert touches another page of their index. With 100,000 tasks these pages are
            // more than SQLite keeps by default (2 MiB), and its checkpoints (every 4 MiB of log) write the same ones
            // each time.
            _write.Run("PRAGMA cache_size = -32768", []); // KiB
            _write.Run("PRAGMA wal_autocheckpoint = 8192", []); // pages of 4 KiB

            // Changes nothing, but fails now rather than with the first task if the journal cannot be written.
            _write.Run($"PRAGMA user_version = {Version}", []);
        }
        catch
        {
            _write.Dispose();
            throw;
        }

        _writer = new JournalWriter(_write);
    }

    /// <summary>
    /// Adds a pending instance, in place of one of the same ID unless that is in one of the statuses
    /// <paramref name="dedupe"/>. Null if it is.
    /// </summary>
    public Task<InstanceRecord?> AddAsync(
        string id, string name, string? input, DateTimeOffset? startAt, IReadOnlySet<OrchestrationRuntimeStatus> dedupe) =>
        _writer.WriteAsync(() =>
        {
            if (Find(_write, id) is { } existing)
            {
                if (dedupe.Contains(existing.Status))
                {
                    return null;
                }

                Delete(existing.Key);
            }

            DateTimeOffset now = DateTimeOffset.UtcNow;
            long key = (long)_write.Scalar(
                "INSERT INTO instances (id, name, status, input, created, updated, start_at) VALUES ($1, $2, $3, $4, $5, $5, $6) RETURNING key",
                [id, name, (int)OrchestrationRuntimeStatus.Pending, input, now.UtcTicks, startAt?.UtcTicks])!;
            return new InstanceRecord(
                key, id, name, OrchestrationRuntimeStatus.Pending, input, null, null, now, now, startAt);
        });

    /// <summary>Adds what a turn did. False, and nothing is written, if the instance has ended or is gone meanwhile.</summary>
    public Task<bool> AppendAsync(long key, int sequence, TurnResult turn) => _writer.WriteAsync(() =>
    {
        int changed = _write.Run(
            $"UPDATE instances SET status = $2, output = $3, failure = $4, updated = $5 WHERE key = $1 AND {Unfinished}",
            [key, (int)turn.Status, turn.Output, ToJson(turn.Failure), DateTimeOffset.UtcNow.UtcTicks]);
        if (changed == 0)
        {
            return false;
        }

        foreach (HistoryEvent next in turn.NewEvents)
        {
            _write.Run("INSERT INTO history (instance, sequence, event) VALUES ($1, $2, $3)", [key, sequence++, next.ToJson()]);
        }

        return true;
    });

    /// <summary>False if there is no unfinished instance of that ID.</summary>
    public Task<bool> TerminateAsync(string id, string? output) => _writer.WriteAsync(() => _write.Run(
        $"UPDATE instances SET status = $2, output = $3, updated = $4 WHERE id = $1 AND {Unfinished}",
        [id, (int)OrchestrationRuntimeStatus.Terminated, output, DateTimeOffset.UtcNow.UtcTicks]) > 0);

    /// <summary>Deletes the instances that have ended and match; returns how many.</summary>
    public Task<int> PurgeAsync(string? id, PurgeInstancesFilter filter) => _writer.WriteAsync(() =>
    {
        List<long> keys = _write.Query(
            $"SELECT key FROM instances WHERE NOT {Unfinished} AND ($1 IS NULL OR id = $1) AND created BETWEEN $2 AND $3 {StatusIn(filter.Statuses)}",
            [id, From(filter.CreatedFrom), To(filter.CreatedTo)],
            row => row.GetInt64(0));
        keys.ForEach(Delete);
        return keys.Count;
    });

    public InstanceRecord? Find(string id) => Read(reader => Find(reader, id));

    /// <summary>The next page by key, after <paramref name="afterKey"/>.</summary>
    public List<InstanceRecord> List(OrchestrationQuery query, long afterKey) => Read(reader => reader.Query(
        $"SELECT * FROM instances WHERE key > $1 AND created BETWEEN $2 AND $3 AND id >= $4 AND substr(id, 1, length($4)) = $4 {StatusIn(query.Statuses)} ORDER BY key LIMIT $5",
        [afterKey, From(query.CreatedFrom), To(query.CreatedTo), query.InstanceIdPrefix ?? "", query.PageSize],
        ToRecord));

    public List<OrchestrationInstance> LoadUnfinished() => Read(reader =>
        reader.Query($"SELECT * FROM instances WHERE {Unfinished} ORDER BY key", [], ToRecord)
            .ConvertAll(record => new OrchestrationInstance(record, reader.Query(
                "SELECT event FROM history WHERE instance = $1 ORDER BY sequence",
                [record.Key],
                row => HistoryEvent.FromJson(row.GetString(0))))));

    public void Dispose()
    {
        _writer.Dispose();
        while (_readers.TryTake(out SqliteStatements? reader))
        {
            reader.Dispose();
        }

        _write.Dispose();
    }

    private static string ConnectionString(string path) =>
        new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString();

    // Under its name stands either a whole journal or none, so that an empty file can be told from a new journal.
    private static void Create(string path)
    {
        string incomplete = $"{path}.new";
        File.Delete(incomplete);
        using (var statements = new SqliteStatements(ConnectionString(incomplete)))
        {
            statements.Run("PRAGMA journal_mode = OFF", []);
            statements.Run(Schema, []);
            statements.Run($"PRAGMA user_version = {Version}", []);
        }

        File.Move(incomplete, path);
    }

    private static void Check(SqliteStatements journal, string path)
    {
        object? version = journal.Scalar("PRAGMA user_version", []);
        if (version is not Version)
        {
            throw new InvalidDataException($"its version is {version}, not {Version}.");
        }

        if (journal.Scalar("PRAGMA quick_check(1)", []) is string damage and not "ok")
        {
            throw new InvalidDataException($"{damage.ReplaceLineEndings(" ")}.");
        }

        // SQLite reads what is missing of the last page as zeros. What a kill left of a page stands in the log too.
        bool hasLog = new FileInfo($"{path}-wal") is { Exists: true, Length: > 0 };
        if (!hasLog && new FileInfo(path).Length % (long)journal.Scalar("PRAGMA page_size", [])! != 0)
        {
            throw new InvalidDataException("its end is missing.");
        }
    }

    private static InstanceRecord? Find(SqliteStatements reader, string id) =>
        reader.Query("SELECT * FROM instances WHERE id = $1", [id], ToRecord).SingleOrDefault();

    private static long From(DateTimeOffset? from) => from?.UtcTicks ?? long.MinValue;

    private static long To(DateTimeOffset? to) => to?.UtcTicks ?? long.MaxValue;

    private static string StatusIn(IEnumerable<OrchestrationRuntimeStatus>? statuses) =>
        statuses is null ? "" : $"AND status IN ({string.Join(", ", statuses.Select(status => (int)status))})";

    private static InstanceRecord ToRecord(SqliteDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        row.GetString(2),
        (OrchestrationRuntimeStatus)row.GetInt32(3),
        row.IsDBNull(4) ? null : row.GetString(4),
        row.IsDBNull(5) ? null : row.GetString(5),
        row.IsDBNull(6) ? null : JsonSerializer.Deserialize(row.GetString(6), HistoryJson.Default.TaskFailureDetails),
        new DateTimeOffset(row.GetInt64(7), TimeSpan.Zero),
        new DateTimeOffset(row.GetInt64(8), TimeSpan.Zero),
        row.IsDBNull(9) ? null : new DateTimeOffset(row.GetInt64(9), TimeSpan.Zero));

    private static string? ToJson(TaskFailureDetails? failure) =>
        failure is null ? null : JsonSerializer.Serialize(failure, HistoryJson.Default.TaskFailureDetails);

    private void Delete(long key)
    {
        _write.Run("DELETE FROM history WHERE instance = $1", [key]);
        _write.Run("DELETE FROM instances WHERE key = $1", [key]);
    }

    private T Read<T>(Func<SqliteStatements, T> read)
    {
        if (!_readers.TryTake(out SqliteStatements? reader))
        {
            reader = new SqliteStatements(_connectionString);
        }

        try
        {
            return read(reader);
        }
        finally
        {
            _readers.Add(reader);
        }
    }
}
