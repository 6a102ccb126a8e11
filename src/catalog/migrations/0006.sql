-- The uploads in parts that runs have begun at object stores: the next run aborts those of runs that are over.
CREATE TABLE object_uploads (
  place      TEXT NOT NULL,
  key        TEXT NOT NULL,
  upload_id  TEXT NOT NULL,
  run_id     TEXT NOT NULL,
  begun_at   TEXT NOT NULL,
  PRIMARY KEY (place, key, upload_id)
);
