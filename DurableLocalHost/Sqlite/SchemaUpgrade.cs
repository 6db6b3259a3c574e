using DurableTask.Core;

namespace DurableLocalHost.Sqlite;

/// <summary>Makes of a file of version 1, which had a state's whole JSON in each row, one of today's.</summary>
internal static class SchemaUpgrade
{
    public const long From = 1;

    /// <summary>All of it, or nothing.</summary>
    public static void Run(Statements db)
    {
        db.Execute(
            """
            BEGIN IMMEDIATE;
            CREATE TABLE starts (instance INTEGER PRIMARY KEY REFERENCES instances ON DELETE CASCADE, start TEXT NOT NULL);
            ALTER TABLE instances ADD COLUMN updated INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE instances ADD COLUMN completed INTEGER NOT NULL DEFAULT 0;
            ALTER TABLE instances ADD COLUMN custom_status TEXT;
            ALTER TABLE instances ADD COLUMN output TEXT;
            ALTER TABLE messages ADD COLUMN due INTEGER;
            """);
        foreach (long key in db.Query("SELECT key FROM instances", row => row.GetInt64(0)))
        {
            string json = db.Query("SELECT state FROM instances WHERE key = $1", row => row.GetString(0), key)[0];
            OrchestrationState state = EventJson.Read<OrchestrationState>(json);
            db.Execute(
                "UPDATE instances SET updated = $2, completed = $3, custom_status = $4, output = $5 WHERE key = $1",
                key, state.LastUpdatedTime.Ticks, state.CompletedTime.Ticks, state.Status, state.Output);
            Instances.SetStart(db, key, Instances.Start(state));
        }

        foreach (TaskMessage message in db.Query(
            "SELECT seq, id, NULL, event, NULL FROM messages JOIN instances ON key = instance WHERE NOT is_activity", Messages.Read))
        {
            if (message.DueTime() is DateTime due)
            {
                db.Execute("UPDATE messages SET due = $2 WHERE seq = $1", message.SequenceNumber, due.Ticks);
            }
        }

        db.Execute(
            """
            DROP INDEX instances_alive;
            ALTER TABLE instances DROP COLUMN state;
            CREATE INDEX messages_ready ON messages (is_activity) WHERE due IS NULL;
            CREATE INDEX messages_due ON messages (due) WHERE due IS NOT NULL;
            PRAGMA user_version = 2;
            COMMIT;
            """);
    }
}
