-- Times are UTC ticks; states, events and contexts are JSON, as EventJson writes them.
PRAGMA application_id = 0x536C4D75; -- "SlMu": a database with another one is not ours
PRAGMA user_version = 1;            -- other versions of this schema are refused

-- One row per instance. A new execution of an ID that has ended takes its place, under a new key.
CREATE TABLE instances (
  key INTEGER PRIMARY KEY,
  hub TEXT NOT NULL,
  id TEXT NOT NULL,
  execution TEXT NOT NULL,
  status INTEGER NOT NULL, -- DurableTask.Core.OrchestrationStatus
  created INTEGER NOT NULL,
  alive INTEGER NOT NULL,  -- 1 until it has ended
  state TEXT NOT NULL      -- DurableTask.Core.OrchestrationState
);
CREATE UNIQUE INDEX instances_by_id ON instances (hub, id);
CREATE INDEX instances_alive ON instances (hub) WHERE alive;

-- What each turn of an instance added to its history. Rows are only appended, or all deleted when it continues as new.
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
  context TEXT               -- DurableTask.Core.OrchestrationExecutionContext, of activities
);
CREATE INDEX messages_by_instance ON messages (instance);

-- Nobody listens any more; activities go on all the same.
CREATE TRIGGER instance_ended AFTER UPDATE OF alive ON instances WHEN NOT new.alive BEGIN
  DELETE FROM messages WHERE instance = new.key AND NOT is_activity;
END;
CREATE TRIGGER instance_continued_as_new AFTER UPDATE OF execution ON instances WHEN new.execution <> old.execution BEGIN
  DELETE FROM history WHERE instance = new.key;
END;
