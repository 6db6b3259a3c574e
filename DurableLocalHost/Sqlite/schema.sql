-- Times are UTC ticks; starts, events and contexts are JSON, as EventJson writes them.
PRAGMA application_id = 0x536C4D75; -- "SlMu": a database with another one is not ours
PRAGMA user_version = 2;            -- SchemaUpgrade makes it of version 1; others are refused

-- One row per instance: what a turn changes. A new execution of an ID that has ended takes its place, under a new key.
CREATE TABLE instances (
  key INTEGER PRIMARY KEY,
  hub TEXT NOT NULL,
  id TEXT NOT NULL,
  execution TEXT NOT NULL,
  status INTEGER NOT NULL, -- DurableTask.Core.OrchestrationStatus
  created INTEGER NOT NULL,
  alive INTEGER NOT NULL,  -- 1 until it has ended
  updated INTEGER NOT NULL,
  completed INTEGER NOT NULL,
  custom_status TEXT,
  output TEXT
);
CREATE UNIQUE INDEX instances_by_id ON instances (hub, id);

-- What stays as it is while an execution lasts: DurableTask.Core.OrchestrationState, with the input, without what is in the row above.
CREATE TABLE starts (
  instance INTEGER PRIMARY KEY REFERENCES instances ON DELETE CASCADE,
  start TEXT NOT NULL
);

-- What each turn of an instance added to its history. Rows are appended, all deleted when it continues as new, and changed by a rewind.
CREATE TABLE history (
  instance INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE,
  turn INTEGER NOT NULL,
  events TEXT NOT NULL,
  PRIMARY KEY (instance, turn)
) WITHOUT ROWID;

-- What an instance has not yet taken in (its start, results, external events, timers), and its activities that have not ended.
CREATE TABLE messages (
  seq INTEGER PRIMARY KEY,
  instance INTEGER NOT NULL REFERENCES instances ON DELETE CASCADE,
  execution TEXT,            -- NULL: for whichever execution is there
  is_activity INTEGER NOT NULL,
  event TEXT NOT NULL,
  context TEXT,              -- DurableTask.Core.OrchestrationExecutionContext, of activities
  due INTEGER                -- NULL: at once
);
CREATE INDEX messages_by_instance ON messages (instance);
CREATE INDEX messages_ready ON messages (is_activity) WHERE due IS NULL;
CREATE INDEX messages_due ON messages (due) WHERE due IS NOT NULL;

-- Nobody listens any more; activities go on all the same.
CREATE TRIGGER instance_ended AFTER UPDATE OF alive ON instances WHEN NOT new.alive BEGIN
  DELETE FROM messages WHERE instance = new.key AND NOT is_activity;
END;
CREATE TRIGGER instance_continued_as_new AFTER UPDATE OF execution ON instances WHEN new.execution <> old.execution BEGIN
  DELETE FROM history WHERE instance = new.key;
END;
