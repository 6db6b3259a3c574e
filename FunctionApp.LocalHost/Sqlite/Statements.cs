using System.Diagnostics.CodeAnalysis;
using Microsoft.Data.Sqlite;

namespace FunctionApp.LocalHost.Sqlite;

/// <summary>One connection with its statements, each prepared once. Parameters are $1, $2, … Not for several threads at a time.</summary>
internal sealed class Statements(SqliteConnection connection) : IDisposable
{
    private readonly Dictionary<string, SqliteCommand> prepared = [];

    public SqliteConnection Connection => connection;

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

    public void Dispose()
    {
        foreach (SqliteCommand command in prepared.Values)
        {
            command.Dispose();
        }

        connection.Dispose();
    }

    [SuppressMessage("Security", "CA2100", Justification = "Every statement is a constant.")]
    private SqliteCommand Prepare(string sql, ReadOnlySpan<object?> values)
    {
        if (!prepared.TryGetValue(sql, out SqliteCommand? command))
        {
            command = connection.CreateCommand();
            command.CommandText = sql;
            for (int i = 1; i <= values.Length; i++)
            {
                command.Parameters.Add(new SqliteParameter { ParameterName = "$" + i });
            }

            prepared.Add(sql, command);
        }

        for (int i = 0; i < values.Length; i++)
        {
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        }

        return command;
    }
}
