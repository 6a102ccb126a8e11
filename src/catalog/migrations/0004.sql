-- Kinds `drill`, `monitor` and `report`. Before, a check was a monitor when its name said so, and a drill otherwise.
UPDATE backup_logs SET kind = 'monitor' WHERE kind = 'check' AND instr(recipe, 'monitor') > 0;
UPDATE backup_logs SET kind = 'drill' WHERE kind = 'check'
   AND (recipe = 'backup-test' OR EXISTS (SELECT 1 FROM steps WHERE run_id = backup_logs.id AND name = 'RTO reached'));

-- What a step measures, such as `rto`: how long a restore took.
ALTER TABLE steps ADD COLUMN measure TEXT;
UPDATE steps SET measure = 'rto' WHERE name = 'RTO reached';

-- The audit says how a run ended; `done` was written whatever happened.
UPDATE backup_audit_logs SET status = coalesce(
         (SELECT status FROM backup_logs WHERE id = backup_audit_logs.backup_id AND status <> 'running'), status)
 WHERE status = 'done' AND operation LIKE 'run %';

-- What a run works on: the recipe with its database, folder and so on. Runs of before have what `--set` said; the next run of the
-- same subject gives its target to them (`old_targets`).
ALTER TABLE backup_logs ADD COLUMN target TEXT NOT NULL DEFAULT '';
UPDATE backup_logs SET target = CASE subject WHEN '' THEN recipe ELSE subject END;
CREATE TABLE old_targets (target TEXT PRIMARY KEY);
INSERT INTO old_targets SELECT DISTINCT target FROM backup_logs UNION SELECT subject FROM alert_streaks;

-- Targets that somebody has forgotten: runs up to this number are left out of the status.
CREATE TABLE forgotten_targets (target TEXT PRIMARY KEY, number INTEGER NOT NULL);

CREATE INDEX backup_logs_recipe ON backup_logs (recipe);
CREATE INDEX backup_logs_type ON backup_logs (backup_type);
CREATE INDEX backup_logs_target ON backup_logs (target);
CREATE INDEX backup_logs_target_status ON backup_logs (target, status);
CREATE INDEX backup_logs_started ON backup_logs (started_at);
CREATE INDEX backup_audit_logs_run ON backup_audit_logs (backup_id);
CREATE INDEX backup_audit_logs_created ON backup_audit_logs (created_at);
CREATE INDEX notification_logs_run ON notification_logs (backup_id);
CREATE INDEX notification_logs_sent ON notification_logs (sent_at);
