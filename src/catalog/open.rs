//! Opens the catalog: makes the file, brings it to this version, and says clearly why it cannot.

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

/// What makes a catalog of version n from one of version n - 1. A file that is released never changes.
const MIGRATIONS: [&str; 6] = [
    include_str!("migrations/0001.sql"),
    include_str!("migrations/0002.sql"),
    include_str!("migrations/0003.sql"),
    include_str!("migrations/0004.sql"),
    include_str!("migrations/0005.sql"),
    include_str!("migrations/0006.sql"),
];

/// How long to wait for another process that is writing.
const PATIENCE: Duration = Duration::from_secs(5);

impl Catalog {
    /// Opens the catalog to write to it, and makes it when it is absent. Its folder, of mode 0700, is the caller's to make.
    pub fn open(path: &Path) -> Result<Catalog> {
        let is_new = make(path).map_err(|cause| trouble::reaching(path, cause))?;
        if !is_new {
            refuse_emptied(path)?;
        }
        let ready = Catalog::ready(connect(path), path)?;
        note_begun(path);
        Ok(ready)
    }

    /// Opens the catalog to read it, also where nothing can be written. An absent one is empty, and is not made.
    pub fn open_existing(path: &Path) -> Result<Catalog> {
        match may(path, Access::EXISTS) {
            Err(Errno::NOENT) => return Catalog::ready(Connection::open_in_memory(), path),
            seen => seen.map_err(|cause| trouble::reaching(path, cause))?,
        }
        refuse_emptied(path)?;
        let opened = Catalog::ready(connect(path), path);
        // SQLite wants to put its index beside the file. Where it cannot, and no unmerged changes are there, the file alone is
        // the whole truth.
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

/// Makes the empty file that SQLite takes for a new catalog, readable by its owner only from the first moment.
///
/// SQLite would make it readable by everyone that the umask lets in. And it is made without being opened: closing
/// any descriptor of the file drops the locks that other connections of this process hold on it.
///
/// Says whether it was not there before.
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

/// Is beside a catalog that was begun: it distinguishes one that was emptied later from a new one.
const BEGUN: &str = ".catalog-begun";

/// Notes that there is a catalog. Without the note, one that is emptied passes for a new one; nothing else is lost.
fn note_begun(path: &Path) {
    if let Err(errno) =
        rustix::fs::mknodat(CWD, path.with_file_name(BEGUN), FileType::RegularFile, Mode::RUSR | Mode::WUSR, 0)
        && errno != Errno::EXIST
    {
        tracing::debug!(%errno, "the beginning of the catalog cannot be noted");
    }
    if let Err(errno) = hand_over_at(&path.with_file_name(BEGUN)) {
        tracing::debug!(%errno, "the note of the catalog cannot be handed over");
    }
}

/// An empty file is a catalog that is new, unless there was one already: then its history is gone, and that must not be silent.
fn refuse_emptied(path: &Path) -> Result<()> {
    let is_empty = rustix::fs::stat(path).is_ok_and(|seen| seen.st_size == 0);
    if !is_empty || has_unmerged(path) || may(&path.with_file_name(BEGUN), Access::EXISTS).is_err() {
        return Ok(());
    }
    Err(trouble::emptied(path))
}

/// Whether this process, as it is now, may do that to the file at `path`.
fn may(path: &Path, access: Access) -> Result<(), Errno> {
    rustix::fs::accessat(CWD, path, access, AtFlags::EACCESS)
}

/// Sets up a connection, and gives the version of its catalog.
fn prepare(conn: &Connection) -> rusqlite::Result<usize> {
    conn.busy_timeout(PATIENCE)?;
    conn.pragma_update(None, "foreign_keys", true)?;
    // What a run writes is on the disk when its catalog is closed. A power cut before that can cost the last rows, which then say less
    // than was done, never more; waiting for the disk at the start and the end of each run cost as much as the whole rest of it.
    conn.pragma_update(None, "synchronous", "normal")?;
    version(conn)
}

fn version(conn: &Connection) -> rusqlite::Result<usize> {
    conn.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0)).map(|version| version as usize)
}

/// Brings a catalog to this version, in one transaction: a process that dies on the way leaves it as it was.
fn migrate(conn: &Connection) -> rusqlite::Result<()> {
    log_ahead(conn)?;
    let tx = Transaction::new_unchecked(conn, TransactionBehavior::Immediate)?;
    // Another process may have done it while this one waited.
    for (done, sql) in MIGRATIONS.iter().enumerate().skip(version(&tx)?) {
        tx.execute_batch(sql)?;
        tx.pragma_update(None, "user_version", done as u32 + 1)?;
    }
    tx.commit()
}

/// Lets readers and a writer not wait for each other. A file system that cannot do it keeps the slower way, which is as safe.
fn log_ahead(conn: &Connection) -> rusqlite::Result<()> {
    match conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(())) {
        // Only who switches at this very moment makes this one fail, and at once, without patience: it is being done.
        Err(cause) if cause.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => Ok(()),
        done => done,
    }
}

/// Whether there is a log of changes with nothing in it yet.
pub(super) fn log_is_empty(path: &Path) -> bool {
    rustix::fs::stat(log_beside(path)).is_ok_and(|log| log.st_size == 0)
}

fn log_beside(path: &Path) -> OsString {
    let mut log = OsString::from(path);
    log.push("-wal");
    log
}

/// Whether changes wait beside the file to be merged into it.
fn has_unmerged(path: &Path) -> bool {
    may(Path::new(&log_beside(path)), Access::EXISTS).is_ok()
}

/// Whether the file, or the folder that the files beside it go to, cannot be written.
fn is_read_only(path: &Path) -> bool {
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    [path, dir].into_iter().any(|place| may(place, Access::WRITE_OK).is_err())
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}

/// Connects to a file that nobody can change.
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
