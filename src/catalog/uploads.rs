//! Records the multipart uploads begun at object stores, so that those of dead runs can be aborted.

use rusqlite::{Row, params, params_from_iter};

use super::Catalog;
use super::record::{Moment, moment_text};
use crate::error::Result;
use crate::world::objects::record::BegunUpload;

/// How long an unrecorded run may still be running.
const UNRECORDED_DAYS: i64 = 2;

impl Catalog {
    /// Records that a run has begun an upload. Its names are kept unchanged: they are needed to abort it.
    pub fn upload_begun(&self, run_id: &str, upload: &BegunUpload, at: Moment) -> Result<()> {
        let sql =
            "INSERT OR REPLACE INTO object_uploads (place, key, upload_id, run_id, begun_at) VALUES (?, ?, ?, ?, ?)";
        let BegunUpload { place, key, id } = upload;
        self.writing(|tx| tx.execute(sql, params![place, key, id, run_id, moment_text(at)]).map(drop))
    }

    pub fn upload_ended(&self, upload: &BegunUpload) -> Result<()> {
        let sql = "DELETE FROM object_uploads WHERE place = ? AND key = ? AND upload_id = ?";
        self.writing(|tx| tx.execute(sql, params![upload.place, upload.key, upload.id]).map(drop))
    }

    /// The uploads at a place whose run is over; call `settle` first.
    pub fn uploads_left(&self, place: &str, now: Moment) -> Result<Vec<BegunUpload>> {
        let sql = "SELECT place, key, upload_id FROM object_uploads AS of WHERE place = ?1
            AND NOT EXISTS (SELECT 1 FROM runs WHERE id = of.run_id AND shown = 'running')
            AND (begun_at < ?2 OR EXISTS (SELECT 1 FROM runs WHERE id = of.run_id))";
        let before = moment_text(now - chrono::TimeDelta::days(UNRECORDED_DAYS));
        self.uploads(sql, &[place, &before])
    }

    /// All recorded uploads.
    pub fn all_uploads(&self) -> Result<Vec<BegunUpload>> {
        self.uploads("SELECT place, key, upload_id FROM object_uploads", &[])
    }

    fn uploads(&self, sql: &str, params: &[&str]) -> Result<Vec<BegunUpload>> {
        let upload = |row: &Row| Ok(BegunUpload { place: row.get(0)?, key: row.get(1)?, id: row.get(2)? });
        self.reading(|tx| tx.prepare_cached(sql)?.query_map(params_from_iter(params), upload)?.collect())
    }
}
