//! Puts what a run has left into the past: its record, and its files.

use std::path::Path;
use std::time::{Duration, SystemTime};

use super::program::Hikae;

/// Lets all runs, backups and files of this world be so many hours older. The moments in names stay.
pub fn age(hikae: &Hikae, hours: u64) {
    let catalog = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    // The tests' clocks show Tokyo's time all year.
    let earlier = |column: &str| {
        format!("{column} = strftime('%Y-%m-%dT%H:%M:%f', {column}, '+9 hours', '-{hours} hours') || '+09:00'")
    };
    let all = [("backup_logs", "started_at"), ("backup_logs", "ended_at"), ("backups", "created_at")];
    for (table, column) in all {
        let sql = format!("UPDATE {table} SET {} WHERE {column} IS NOT NULL", earlier(column));
        catalog.execute(&sql, []).unwrap();
    }
    for entry in walkdir::WalkDir::new(hikae.path("backups")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            touch(entry.path(), hours);
        }
    }
}

/// Lets a file be so many hours old.
pub fn touch(path: &Path, hours: u64) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(hours * 3600)).unwrap();
}
