-- Alerts. What a run is for and what it was run for, so that its failures can be told from those of others; and whether it has
-- been considered: a run that is not, because its process died first, is considered by the next one. Runs of before are old news.
ALTER TABLE backup_logs ADD COLUMN kind TEXT NOT NULL DEFAULT 'backup';
ALTER TABLE backup_logs ADD COLUMN subject TEXT NOT NULL DEFAULT '';
ALTER TABLE backup_logs ADD COLUMN considered INTEGER NOT NULL DEFAULT 1 CHECK (considered IN (0, 1));
CREATE INDEX backup_logs_considered ON backup_logs (number) WHERE considered = 0;

-- How often a subject has failed in a row, and what has been told of it.
CREATE TABLE alert_streaks (
  subject       TEXT PRIMARY KEY,
  failures      INTEGER NOT NULL,
  first_failure TEXT,
  told          INTEGER NOT NULL,
  last_told     TEXT,
  level         INTEGER NOT NULL
);

-- What is still to be told, a row for each channel; what was told stands in notification_logs. `sending` is written before a
-- channel is asked: a row that stays so had a process that died, and nobody knows whether it arrived. Milliseconds since 1970,
-- because they are compared.
CREATE TABLE alert_outbox (
  number            INTEGER PRIMARY KEY AUTOINCREMENT,
  channel           TEXT NOT NULL,
  recipients        TEXT NOT NULL,
  notification_type TEXT NOT NULL,
  subject           TEXT NOT NULL,
  backup_id         TEXT NOT NULL,
  event             TEXT NOT NULL,
  status            TEXT NOT NULL CHECK (status IN ('waiting', 'sending', 'unsure', 'failed')),
  attempts          INTEGER NOT NULL DEFAULT 0,
  due_ms            INTEGER NOT NULL,
  claimed_ms        INTEGER,
  made_ms           INTEGER NOT NULL,
  error_message     TEXT
);
CREATE INDEX alert_outbox_status ON alert_outbox (status, due_ms);
