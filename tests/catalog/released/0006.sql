-- A catalog as the version with migration 0006 left it, written by `.dump`: two nightly dumps, a drill, a notice, the audit.
PRAGMA user_version = 6;
BEGIN TRANSACTION;
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
INSERT INTO "alert_outbox" VALUES(1,'slack','[]','backup_failure','db-backup','BKP-20260214-020000-daily','{}','failed',5,0,NULL,0,'cannot reach the server');
CREATE TABLE alert_streaks (
  subject       TEXT PRIMARY KEY,
  failures      INTEGER NOT NULL,
  first_failure TEXT,
  told          INTEGER NOT NULL,
  last_told     TEXT,
  level         INTEGER NOT NULL
, worked INTEGER NOT NULL DEFAULT 0, worked_since TEXT, alarmed INTEGER NOT NULL DEFAULT 0 CHECK (alarmed IN (0, 1)), relapses INTEGER NOT NULL DEFAULT 0);
INSERT INTO "alert_streaks" VALUES('db-backup',1,'2026-02-14T02:00:00.100+09:00',1,'2026-02-14T02:00:02.000+09:00',1,0,NULL,1,0);
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
INSERT INTO "backup_audit_logs" VALUES(1,'run db-backup','BKP-20260213-020000-daily','backup',NULL,'success','{}','2026-02-12T17:00:00.000Z');
INSERT INTO "backup_audit_logs" VALUES(2,'run db-backup','BKP-20260214-020000-daily','backup',NULL,'failure','{}','2026-02-13T17:00:00.000Z');
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
, kind TEXT NOT NULL DEFAULT 'backup', subject TEXT NOT NULL DEFAULT '', considered INTEGER NOT NULL DEFAULT 1 CHECK (considered IN (0, 1)), target TEXT NOT NULL DEFAULT '', parent TEXT);
INSERT INTO "backup_logs" VALUES(1,'BKP-20260213-020000-daily','db-backup','5e5e','daily','success','2026-02-13T02:00:00.250+09:00','2026-02-13T02:00:12.750+09:00',12500,NULL,NULL,NULL,'db1','backup',4711,'backup','db-backup',1,'db-backup',NULL);
INSERT INTO "backup_logs" VALUES(2,'BKP-20260214-020000-daily','db-backup','5e5e','daily','failure','2026-02-14T02:00:00.100+09:00','2026-02-14T02:00:01.100+09:00',1000,'command','`pg_dump` exited with code 1','check the host and the port (DB_HOST, DB_PORT)','db1','backup',4712,'backup','db-backup',1,'db-backup',NULL);
INSERT INTO "backup_logs" VALUES(3,'BKP-20260215-010000-weekly','backup-test','7f7f','weekly','success','2026-02-15T01:00:00.000+09:00','2026-02-15T01:09:00.000+09:00',540000,NULL,NULL,NULL,'db1','backup',4713,'drill','backup-test',1,'backup-test',NULL);
CREATE TABLE backups (
  number     INTEGER PRIMARY KEY AUTOINCREMENT,
  run_id     TEXT NOT NULL REFERENCES backup_logs (id) ON DELETE CASCADE,
  path       TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256     TEXT NOT NULL,
  manifest   TEXT,
  created_at TEXT NOT NULL
);
INSERT INTO "backups" VALUES(1,'BKP-20260213-020000-daily','/backups/database/db_backup_20260213_020000.sql.gz',180534,'abab','{"manifest":1,"run_id":"BKP-20260213-020000-daily","name":"db_backup_20260213_020000.sql.gz","size_bytes":180534,"sha256":"abab","database":{"name":"shop","tables":[{"schema":"public","name":"contacts","rows":3}]}}','2026-02-13T02:00:12.000+09:00');
CREATE TABLE forgotten_targets (target TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE notification_channels (
  number             INTEGER PRIMARY KEY AUTOINCREMENT,
  channel_name       TEXT NOT NULL UNIQUE,
  channel_type       TEXT NOT NULL,
  webhook_url        TEXT,
  is_active          INTEGER NOT NULL DEFAULT 1 CHECK (is_active IN (0, 1)),
  notification_types TEXT NOT NULL DEFAULT 'backup_failure',
  created_at         TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))
);
INSERT INTO "notification_channels" VALUES(1,'night-shift','slack','https://hooks.slack.example/services/T0/B0/zq',1,'backup_failure','2026-01-01T00:00:00.000Z');
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
INSERT INTO "notification_logs" VALUES(1,'backup_failure','email','admin@company.com','Backup failed','sent',NULL,'BKP-20260214-020000-daily','2026-02-13T17:00:02.000Z');
CREATE TABLE old_targets (target TEXT PRIMARY KEY);
INSERT INTO "old_targets" VALUES('backup-test');
INSERT INTO "old_targets" VALUES('db-backup');
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
  error       TEXT, measure TEXT,
  PRIMARY KEY (run_id, number)
);
INSERT INTO "steps" VALUES('BKP-20260213-020000-daily',1,'dump of shop to /backups/database/db_backup_20260213_020000.sql.gz','success','recipes/db-backup.lua:37',752509,180534,'2026-02-13T02:00:00.300+09:00',12000,NULL,NULL);
INSERT INTO "steps" VALUES('BKP-20260215-010000-weekly',1,'RTO reached','success',NULL,NULL,NULL,'2026-02-15T01:00:00.000+09:00',520000,NULL,'rto');
CREATE TABLE object_uploads (
  place      TEXT NOT NULL,
  key        TEXT NOT NULL,
  upload_id  TEXT NOT NULL,
  run_id     TEXT NOT NULL,
  begun_at   TEXT NOT NULL,
  PRIMARY KEY (place, key, upload_id)
);
INSERT INTO "object_uploads" VALUES('s3://english-cafe-backups at https://amazonaws.com','production/database/db_backup_20260214_020000.sql.gz','2~dAfZ','BKP-20260214-020000-daily','2026-02-14T02:00:10.000+09:00');
CREATE INDEX backup_logs_status ON backup_logs (status);
CREATE INDEX backups_run ON backups (run_id);
CREATE INDEX backup_logs_considered ON backup_logs (number) WHERE considered = 0;
CREATE INDEX alert_outbox_status ON alert_outbox (status, due_ms);
CREATE INDEX backup_logs_recipe ON backup_logs (recipe);
CREATE INDEX backup_logs_type ON backup_logs (backup_type);
CREATE INDEX backup_logs_target ON backup_logs (target);
CREATE INDEX backup_logs_target_status ON backup_logs (target, status);
CREATE INDEX backup_logs_started ON backup_logs (started_at);
CREATE INDEX backup_audit_logs_run ON backup_audit_logs (backup_id);
CREATE INDEX backup_audit_logs_created ON backup_audit_logs (created_at);
CREATE INDEX notification_logs_run ON notification_logs (backup_id);
CREATE INDEX notification_logs_sent ON notification_logs (sent_at);
CREATE INDEX backup_logs_parent ON backup_logs (parent) WHERE parent IS NOT NULL;
COMMIT;
