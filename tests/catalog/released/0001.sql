-- A catalog as the version with migration 0001 left it, written by `.dump`: two nightly dumps, a drill, a notice, the audit.
PRAGMA user_version = 1;
BEGIN TRANSACTION;
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
INSERT INTO "backup_audit_logs" VALUES(1,'run db-backup','BKP-20260213-020000-daily','backup',NULL,'done','{}','2026-02-12T17:00:00.000Z');
INSERT INTO "backup_audit_logs" VALUES(2,'run db-backup','BKP-20260214-020000-daily','backup',NULL,'done','{}','2026-02-13T17:00:00.000Z');
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
INSERT INTO "backup_logs" VALUES(1,'BKP-20260213-020000-daily','db-backup','5e5e','daily','success','2026-02-13T02:00:00.250+09:00','2026-02-13T02:00:12.750+09:00',12500,NULL,NULL,NULL,'db1','backup',4711);
INSERT INTO "backup_logs" VALUES(2,'BKP-20260214-020000-daily','db-backup','5e5e','daily','failure','2026-02-14T02:00:00.100+09:00','2026-02-14T02:00:01.100+09:00',1000,'command','`pg_dump` exited with code 1','check the host and the port (DB_HOST, DB_PORT)','db1','backup',4712);
INSERT INTO "backup_logs" VALUES(3,'BKP-20260215-010000-weekly','backup-test','7f7f','weekly','success','2026-02-15T01:00:00.000+09:00','2026-02-15T01:09:00.000+09:00',540000,NULL,NULL,NULL,'db1','backup',4713);
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
INSERT INTO "steps" VALUES('BKP-20260213-020000-daily',1,'dump of shop to /backups/database/db_backup_20260213_020000.sql.gz','success','recipes/db-backup.lua:37',752509,180534,'2026-02-13T02:00:00.300+09:00',12000,NULL);
INSERT INTO "steps" VALUES('BKP-20260215-010000-weekly',1,'RTO reached','success',NULL,NULL,NULL,'2026-02-15T01:00:00.000+09:00',520000,NULL);
CREATE INDEX backup_logs_status ON backup_logs (status);
CREATE INDEX backups_run ON backups (run_id);
COMMIT;
