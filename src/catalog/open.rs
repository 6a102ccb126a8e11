//! Opens the catalog: creates the file, migrates it to this version, and explains clearly why it cannot.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use rustix::fs::{Access, AtFlags, CWD, FileType, Mode};
use rustix::io::Errno;

use super::{Catalog, settle, trouble};
use crate::error::Result;
use crate::world::real::shared_owner::hand_over_at;

/// The migrations: each turns a catalog of version n - 1 into version n. A released file never changes.
const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// How long to wait for another writing process.
const PATIENCE: Duration = Duration::from_secs(5);

impl Catalog {
    /// Opens the catalog for writing, and creates it if absent. The caller creates its folder, with mode 0700.
    pub fn open(path: &Path) -> Result<Catalog> {
        let is_new = make(path).map_err(|cause| trouble::reaching(path, cause))?;
        if !is_new {
            refuse_emptied(path)?;
        }
        let ready = Catalog::ready(connect(path), path)?;
        note_begun(path);
        Ok(ready)
    }

    /// Opens the catalog for reading, even on a read-only disk. An absent catalog reads as empty, and is not created.
    pub fn open_existing(path: &Path) -> Result<Catalog> {
        match may(path, Access::EXISTS) {
            Err(Errno::NOENT) => return Catalog::ready(Connection::open_in_memory(), path),
            seen => seen.map_err(|cause| trouble::reaching(path, cause))?,
        }
        refuse_emptied(path)?;
        let opened = Catalog::ready(connect(path), path);
        // SQLite wants to put its index beside the file. If it cannot, and there are no unmerged changes, the file alone is complete.
        if opened.is_err() && !has_unmerged(path) && is_read_only(path) {
            return Catalog::ready(connect_frozen(path), path);
        }
        opened
    }

    /// A connection as a catalog of this version.
    fn ready(conn: rusqlite::Result<Connection>, path: &Path) -> Result<Catalog> {
        let failed = |cause| trouble::opening(path, cause);
        let (conn, known) = (conn.map_err(failed)?, MIGRATIONS.len());
        let version = prepare(&conn).map_err(failed)?;
        if version > known {
            return Err(trouble::newer(path, version, known));
        }
        if version < known {
            migrate(&conn).map_err(failed)?;
        }
        settle::show_through(&conn).map_err(failed)?;
        Ok(Catalog { conn, path: path.to_owned() })
    }
}

/// Creates the empty file that SQLite treats as a new catalog, readable only by its owner from the start.
///
/// SQLite would use the umask, so that others might read it. It is created without being opened: closing
/// any descriptor of the file drops the locks that other connections of this process hold on it.
///
/// Returns whether the file was created.
fn make(path: &Path) -> Result<bool, Errno> {
    let is_new = match rustix::fs::mknodat(CWD, path, FileType::RegularFile, Mode::RUSR | Mode::WUSR, 0) {
        Err(Errno::EXIST) => false,
        made => {
            made?;
            hand_over_at(path)?;
            true
        }
    };
    may(path, Access::READ_OK | Access::WRITE_OK).map(|()| is_new)
}

/// The marker file beside a catalog in use: it distinguishes a catalog that was emptied from a new one.
const BEGUN: &str = ".catalog-begun";

/// Creates the marker file. Without it, an emptied catalog looks like a new one; nothing else is lost.
fn note_begun(path: &Path) {
    let note = path.with_file_name(BEGUN);
    let made = rustix::fs::mknodat(CWD, &note, FileType::RegularFile, Mode::RUSR | Mode::WUSR, 0);
    match made.map(|()| hand_over_at(&note)) {
        Ok(Ok(())) | Err(Errno::EXIST) => {}
        Ok(Err(errno)) => tracing::debug!(%errno, "the note of the catalog cannot be handed over"),
        Err(errno) => tracing::debug!(%errno, "the beginning of the catalog cannot be noted"),
    }
}

/// Refuses an empty file if a catalog existed before: its history is lost, and that must not be silent.
fn refuse_emptied(path: &Path) -> Result<()> {
    let is_empty = rustix::fs::stat(path).is_ok_and(|seen| seen.st_size == 0);
    if !is_empty || has_unmerged(path) || may(&path.with_file_name(BEGUN), Access::EXISTS).is_err() {
        return Ok(());
    }
    Err(trouble::emptied(path))
}

/// Checks whether this process, with its effective user, has this access to the file at `path`.
fn may(path: &Path, access: Access) -> Result<(), Errno> {
    rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS)
}

/// Sets up a connection, and returns the version of its catalog.
fn prepare(conn: &Connection) -> rusqlite::Result<usize> {
    conn.busy_timeout(PATIENCE)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // The rows of a run are synced to disk when its catalog is closed. A power cut before that can lose the last rows, so the record
    // may miss work, but never invents any. Syncing at the start and the end of each run took as long as the rest of the run.
    conn.pragma_update(None, "synchronous", "normal")?;
    version(conn)
}

fn version(conn: &Connection) -> rusqlite::Result<usize> {
    conn.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).map(|version| version as usize)
}

/// Migrates a catalog to this version in one transaction: if the process dies, the catalog is unchanged.
fn migrate(conn: &Connection) -> rusqlite::Result<()> {
    log_ahead(conn)?;
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    // Another process may have migrated it while this one waited.
    for (done, sql) in MIGRATIONS.iter().enumerate().skip(version(&tx)?) {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", done as u32 + 1)?;
    }
    tx.commit()
}

/// Switches to WAL, so that readers and a writer do not wait for each other.
/// Without support from the file system, the slower mode stays, which is as safe.
fn log_ahead(conn: &Connection) -> rusqlite::Result<()> {
    match conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
        // This fails, without waiting, only if another process is switching the mode at this moment.
        Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        done => done,
    }
}

/// Whether the write-ahead log exists and is empty.
pub(super) fn log_is_empty(path: &Path) -> bool {
    rustix::fs::stat(log_beside(path)).is_ok_and(|log| log.st_size == 0)
}

fn log_beside(path: &Path) -> OsString {
    let mut log = OsString::from(path);
    log.push("-wal");
    log
}

/// Whether there are changes beside the file that are not merged yet.
fn has_unmerged(path: &Path) -> bool {
    may(Path::new(&log_beside(path)), Access::EXISTS).is_ok()
}

/// Whether the file or its folder is not writable.
fn is_read_only(path: &Path) -> bool {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    [path, dir].into_iter().any(|place| may(place, Access::WRITE_OK).is_err())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Connects to a file as immutable.
fn connect_frozen(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(frozen_uri(path), flags)
}

fn frozen_uri(path: &Path) -> String {
    let mut uri = String::from(if path.is_absolute() { "file://" } else { "file:" });
    for &byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri + "?immutable=1"
}
