using Microsoft.Data.Sqlite;

namespace DurableLocalHost.Sqlite;

/// <summary>A connection with its statements, each prepared once. Parameters are $1, $2, … For one thread at a time.</summary>
internal sealed class Statements : IDisposable
{
    private readonly SqliteConnection _connection;
    private readonly Dictionary<string, SqliteCommand> _prepared = [];

    /// <param name="path">The database, which is created if it is not there.</param>
    public Statements(string path)
    {
        var options = new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 1 };
        _connection = new SqliteConnection(options.ToString());
        _connection.Open();
        Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA cache_size = -8192");
    }

    public bool IsInTransaction => SQLitePCL.raw.sqlite3_get_autocommit(_connection.Handle) == 0;

    /// <summary>The file may not be written: it is opened all the same.</summary>
    public bool IsReadOnly => SQLitePCL.raw.sqlite3_db_readonly(_connection.Handle, "main") == 1;

    /// <returns>The number of rows that changed.</returns>
    public int Execute(string sql, params ReadOnlySpan<object?> values) => Prepare(sql, values).ExecuteNonQuery();

    public List<T> Query<T>(string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<object?> values)
    {
        var rows = new List<T>();
        using SqliteDataReader reader = Prepare(sql, values).ExecuteReader();
        while (reader.Read())
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    public void Dispose() => _connection.Dispose();

    private SqliteCommand Prepare(string sql, ReadOnlySpan<object?> values)
    {
        if (!_prepared.TryGetValue(sql, out SqliteCommand? command))
        {
            _prepared.Add(sql, command = new SqliteCommand(sql, _connection));
        }

        for (int i = command.Parameters.Count; i < values.Length; i++)
        {
            command.Parameters.Add(new SqliteParameter { ParameterName = $"${i + 1}" });
        }

        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }
}
