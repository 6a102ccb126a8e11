-- The run that has started this one, where a recipe runs recipes: when both fail, one alert speaks for both.
ALTER TABLE backup_logs ADD COLUMN parent TEXT;
CREATE INDEX backup_logs_parent ON backup_logs (parent) WHERE parent IS NOT NULL;
