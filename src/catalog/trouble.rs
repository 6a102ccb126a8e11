//! Explains SQLite's errors to people, and that the backups are not affected.

use std::path::Path;

use rusqlite::{ErrorCode, ffi};

use crate::error::{Error, Kind};

/// The catalog could not be opened.
pub(super) fn opening(path: &Path, cause: rusqlite::Error) -> Error {
    of("open", path, cause)
}

/// The catalog could not be read.
pub(super) fn reading(path: &Path, cause: rusqlite::Error) -> Error {
    of("read", path, cause)
}

/// The catalog could not be written.
pub(super) fn writing(path: &Path, cause: rusqlite::Error) -> Error {
    of("write to", path, cause)
}

/// The file could not be reached at all.
pub(super) fn reaching(path: &Path, cause: rustix::io::Errno) -> Error {
    let try_this = match cause {
        rustix::io::Errno::NOENT => "make its folder first",
        rustix::io::Errno::ACCESS => "run hikae as the user who owns the catalog",
        rustix::io::Errno::ROFS => "the file system is mounted read-only; see why with `dmesg`",
        rustix::io::Errno::NOSPC | rustix::io::Errno::DQUOT => "free some space on its file system",
        _ => "look at the folder with `ls -la`, or name another one with HIKAE_STATE_DIR",
    };
    Error::io(format!("cannot open the catalog `{}`", path.display()), cause.into()).hint(reassured(try_this))
}

/// The catalog was made by a newer hikae than this one.
pub(super) fn newer(path: &Path, version: usize, known: usize) -> Error {
    Error::new(Kind::Other, format!("cannot open the catalog `{}`", path.display()))
        .because_text(format!("it has version {version}, and this hikae knows versions up to {known}"))
        .hint(reassured("use the newer hikae that made it, or name another folder with HIKAE_STATE_DIR"))
}

/// The catalog was replaced by an empty file.
pub(super) fn emptied(path: &Path) -> Error {
    let shown = path.display();
    Error::new(Kind::Integrity, format!("cannot open the catalog `{shown}`"))
        .because_text("it is empty, and it was not before: its history is gone")
        .hint(reassured(&format!("put a copy of it back; or, to begin a new one, remove it: `rm {shown}`")))
}

/// The end of a run cannot be recorded if its start was not.
pub(super) fn no_such_run(path: &Path, id: &str) -> Error {
    Error::new(Kind::NotFound, format!("cannot write to the catalog `{}`", path.display()))
        .because_text(format!("run `{id}` is not in it"))
        .hint(reassured(NOT_RECORDED))
}

/// The start of an id fits more than one run.
pub(super) fn ambiguous(start: &str, ids: &[String]) -> Error {
    const SHOWN: usize = 5;
    let more = if ids.len() > SHOWN { ", …" } else { "" };
    Error::new(Kind::Other, format!("`{start}` fits {} runs", ids.len()))
        .hint(format!("write more of the id: {}{more}", ids[..ids.len().min(SHOWN)].join(", ")))
}

/// There is nothing to forget under this name.
pub(super) fn no_such_target(name: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no target and no recipe `{name}` in the status"))
        .hint("`hikae status` shows the targets; write one with its values, in quotes: `hikae status forget 'db-backup (database=shop)'`")
}

const NOT_RECORDED: &str = "the run was not recorded when it started; see the warnings before this one";

fn of(act: &str, path: &Path, cause: rusqlite::Error) -> Error {
    let (kind, try_this) = meaning(&cause);
    Error::new(kind, format!("cannot {act} the catalog `{}`", path.display()))
        .because_text(said(&cause))
        .hint(reassured(try_this))
}

/// The message of SQLite, once: its errors repeat it, with a number, as their own cause.
fn said(cause: &rusqlite::Error) -> String {
    match cause {
        rusqlite::Error::FromSqlConversionFailure(_, _, strange) => strange.to_string(),
        _ => cause.to_string(),
    }
}

fn reassured(try_this: &str) -> String {
    format!("{try_this}; the backups themselves are not affected")
}

/// Explains a cause, with what to try.
fn meaning(cause: &rusqlite::Error) -> (Kind, &'static str) {
    const DAMAGED: (Kind, &str) = (Kind::Integrity, "move the file away, and hikae makes a new one");
    match cause {
        rusqlite::Error::SqliteFailure(ffi::Error { extended_code: ffi::SQLITE_CONSTRAINT_FOREIGNKEY, .. }, _) => {
            (Kind::NotFound, NOT_RECORDED)
        }
        rusqlite::Error::SqliteFailure(ffi::Error { extended_code: ffi::SQLITE_CONSTRAINT_UNIQUE, .. }, _) => {
            (Kind::AlreadyExists, "a run with this id is recorded already; start again in the next second")
        }
        rusqlite::Error::SqliteFailure(error, _) => match error.code {
            ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt => DAMAGED,
            ErrorCode::ReadOnly | ErrorCode::PermissionDenied => {
                (Kind::Denied, "make the file and its folder writable for the user who runs hikae")
            }
            ErrorCode::CannotOpen => {
                (Kind::Other, "it must be a file, in a folder that the user who runs hikae can write to")
            }
            ErrorCode::DiskFull => (Kind::Space, "free some space on its file system"),
            ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => {
                (Kind::Locked, "another process has held it for seconds; find it with `fuser -v` and the file")
            }
            ErrorCode::SystemIoFailure => (Kind::Other, "look for a full or failing disk with `df` and `dmesg`"),
            _ => (Kind::Other, "look at the file with `sqlite3` and `pragma integrity_check`"),
        },
        // A row or a table is not what hikae wrote.
        _ => DAMAGED,
    }
}
