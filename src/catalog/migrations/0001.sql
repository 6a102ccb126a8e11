-- The first catalog. Plain tables only (no STRICT, no generated columns): sysadmins read them with the sqlite3 of old systems too.
-- Times are RFC 3339 with the offset and milliseconds; sizes are bytes. `number` keeps the order of arrival, which no clock adjustment changes.

-- One row a run, made when the run starts. AUTOINCREMENT: a number is never given twice.
CREATE TABLE backup_logs (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  id            TEXT NOT NULL UNIQUE,
  recipe        TEXT NOT NULL,
  recipe_sha256 TEXT NOT NULL,
  backup_type   TEXT NOT NULL,
  status        TEXT NOT NULL CHECK (status IN ('running', 'success', 'failure', 'partial', 'locked', 'interrupted')),
  started_at    TEXT NOT NULL,
  ended_at      TEXT,
  duration_ms   INTEGER,
  error_kind    TEXT,
  error_message TEXT,
  error_hint    TEXT,
  host          TEXT NOT NULL,
  username      TEXT NOT NULL,
  process_id    INTEGER NOT NULL
);
CREATE INDEX backup_logs_status ON backup_logs (status);

-- The steps of a run, numbered as they ended.
CREATE TABLE steps (
  run_id      TEXT NOT NULL REFERENCES backup_logs (id) ON DELETE CASCADE,
  number      INTEGER NOT NULL,
  name        TEXT NOT NULL,
  status      TEXT NOT NULL CHECK (status IN ('running', 'success', 'failure', 'partial', 'locked', 'interrupted')),
  site        TEXT,
  bytes_in    INTEGER,
  bytes_out   INTEGER,
  started_at  TEXT NOT NULL,
  duration_ms INTEGER NOT NULL,
  error       TEXT,
  PRIMARY KEY (run_id, number)
);

-- The backups that a run proved, each with its manifest as it was then.
CREATE TABLE backups (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id     TEXT NOT NULL REFERENCES backup_logs (id) ON DELETE CASCADE,
  path       TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256     TEXT NOT NULL,
  manifest   TEXT,
  created_at TEXT NOT NULL
);
CREATE INDEX backups_run ON backups (run_id);

-- Where alerts go beside the configuration; people add rows by hand. A webhook URL is a secret: the file is readable by its owner only.
CREATE TABLE notification_channels (
  number             INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_name       TEXT NOT NULL UNIQUE,
  channel_type       TEXT NOT NULL,
  webhook_url        TEXT,
  is_active          INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  notification_types TEXT NOT NULL DEFAULT 'backup_failure',
  created_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- What was told to whom, and whether it arrived.
CREATE TABLE notification_logs (
  number            INTEGER PRIMARY KEY AUTOINCREMENT,
  notification_type TEXT NOT NULL,
  channel           TEXT NOT NULL,
  recipient         TEXT,
  subject           TEXT,
  status            TEXT NOT NULL,
  error_message     TEXT,
  backup_id         TEXT,
  sent_at           TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);

-- Who did what to which backup, from where.
CREATE TABLE backup_audit_logs (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  operation  TEXT NOT NULL,
  backup_id  TEXT,
  username   TEXT NOT NULL,
  ip_address TEXT,
  status     TEXT NOT NULL,
  details    TEXT,
  created_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
