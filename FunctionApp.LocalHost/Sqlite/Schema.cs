namespace FunctionApp.LocalHost.Sqlite;

/// <summary>The tables. Times are UTC ticks, statuses are DurableTask.Core's numbers, events are as <see cref="HistoryJson"/> writes them.</summary>
internal static class Schema
{
    /// <summary>In <c>PRAGMA user_version</c>; other versions are refused.</summary>
    public const int Version = 1;

    /// <summary>In <c>PRAGMA application_id</c>: "SlMu". A database with another one belongs to someone else.</summary>
    public const int ApplicationId = 0x536C4D75;

    public static readonly string Create = $"""
        PRAGMA application_id = {ApplicationId};
        PRAGMA user_version = {Version};

        -- One row per instance; a new execution of the same ID replaces the row, under a new key.
        CREATE TABLE instances (
          key INTEGER PRIMARY KEY,
          hub TEXT NOT NULL,
          id TEXT NOT NULL,
          execution TEXT NOT NULL,
          name TEXT NOT NULL,
          version TEXT,
          status INTEGER NOT NULL,
          created INTEGER NOT NULL,
          updated INTEGER NOT NULL,
          completed INTEGER, -- NULL while it lives
          scheduled INTEGER,
          parent TEXT,
          tags TEXT,
          custom_status TEXT,
          input TEXT,
          output TEXT
        );
        CREATE UNIQUE INDEX instances_by_id ON instances (hub, id);
        CREATE INDEX instances_alive ON instances (hub) WHERE completed IS NULL;

        -- What each turn of an instance added to its history; rows are only ever appended, or deleted with the execution.
        CREATE TABLE history (
          instance INTEGER NOT NULL,
          turn INTEGER NOT NULL,
          events TEXT NOT NULL,
          PRIMARY KEY (instance, turn)
        ) WITHOUT ROWID;

        -- What an instance has not yet taken in: its start, results, external events; timers and scheduled starts have a due time.
        CREATE TABLE messages (
          seq INTEGER PRIMARY KEY,
          instance INTEGER NOT NULL,
          execution TEXT, -- NULL: for whichever execution is there
          due INTEGER,
          event TEXT NOT NULL
        );

        -- Activities that have not yet ended. They run even if their instance has ended meanwhile.
        CREATE TABLE activities (
          seq INTEGER PRIMARY KEY,
          hub TEXT NOT NULL,
          instance TEXT NOT NULL,
          execution TEXT,
          event TEXT NOT NULL,
          tags TEXT
        );
        """;
}
