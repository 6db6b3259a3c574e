using Microsoft.Data.Sqlite;

namespace Bench.Systems;

/// <summary>
/// Fills a stopped emulator's journal with copies of the instances that it has, each under a new ID, as if that many
/// tasks had been run; to run them would take Azurite minutes and grow its memory, which is not what is measured.
/// </summary>
internal static class JournalCopies
{
    /// <param name="journal">Path of the database.</param>
    /// <param name="status">Which instances are copied: 0 or 6 for unfinished, 1 for completed ones.</param>
    /// <param name="count">How many there are to be in the end.</param>
    public static void Fill(string journal, string status, int count)
    {
        using var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = journal, Pooling = false }.ToString());
        connection.Open();
        string columns = string.Join(", ", Columns(connection));
        Run(connection, $"""
            BEGIN;
            CREATE TEMP TABLE template AS SELECT min(key) AS old FROM instances WHERE status IN ({status});
            CREATE TEMP TABLE copies AS WITH RECURSIVE numbers(n) AS (
                SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {count} - (SELECT count(*) FROM instances WHERE status IN ({status})))
                SELECT (SELECT max(key) FROM instances) + n AS key, old,
                    lower(substr(hex(randomblob(16)), 1, 8) || '-0000-4000-8000-' || printf('%012x', n)) AS id
                FROM numbers, template
                WHERE {count} > (SELECT count(*) FROM instances WHERE status IN ({status}));
            INSERT INTO instances (key, id, {columns})
                SELECT copies.key, copies.id, {columns} FROM copies JOIN (SELECT key AS old, {columns} FROM instances) USING (old);
            INSERT INTO history (instance, sequence, event)
                SELECT copies.key, sequence, replace(event, (SELECT id FROM instances WHERE key = old), copies.id)
                FROM copies JOIN history ON instance = old;
            DROP TABLE copies;
            DROP TABLE template;
            COMMIT;
            """);
    }

    private static List<string> Columns(SqliteConnection connection)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandText = "SELECT name FROM pragma_table_info('instances') WHERE name NOT IN ('key', 'id')";
        using SqliteDataReader reader = command.ExecuteReader();
        List<string> columns = [];
        while (reader.Read())
        {
            columns.Add(reader.GetString(0));
        }

        return columns;
    }

    private static void Run(SqliteConnection connection, string sql)
    {
        using SqliteCommand command = connection.CreateCommand();
        command.CommandTimeout = 300;
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
