//! The start conditions of this process: its variables, folder, user, clock and programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, FixedOffset, Local, NaiveDateTime, TimeZone};

use super::{environment as variables, memory_dir, programs};
use crate::error::{Error, Result};

/// The process environment.
pub fn environment() -> BTreeMap<String, String> {
    variables::read()
}

pub fn current_dir() -> Result<PathBuf> {
    std::env::current_dir()
        .map_err(|cause| Error::io("cannot find the current folder", cause).hint("it may have been removed: `cd /`"))
}

/// The executable file of this program.
pub fn own_program() -> Result<PathBuf> {
    std::env::current_exe().map_err(|cause| Error::io("cannot find the file of this `hikae`", cause))
}

/// The effective user id.
pub fn user_id() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// The wall clock, in the local time zone.
pub fn now() -> DateTime<FixedOffset> {
    super::clock::now()
}

/// The moment at which local clocks first show `time`; `None` if they skip it.
pub fn local(time: NaiveDateTime) -> Option<DateTime<FixedOffset>> {
    Local.from_local_datetime(&time).earliest().map(|moment| moment.fixed_offset())
}

/// Whether standard output goes to the file at `path`.
pub fn is_standard_output(path: &Path) -> bool {
    let same = |out: rustix::fs::Stat, file: rustix::fs::Stat| (out.st_dev, out.st_ino) == (file.st_dev, file.st_ino);
    match (rustix::fs::fstat(std::io::stdout()), rustix::fs::stat(path)) {
        (Ok(out), Ok(file)) => same(out, file),
        _ => false,
    }
}

/// The path of a program in `PATH`.
pub fn find_program(program: &str, environment: &BTreeMap<String, String>) -> Result<PathBuf> {
    programs::find(program, &programs::search_path(environment))
}

/// The in-memory folder of this user, which may hold private keys for a moment.
pub fn memory_root(environment: &BTreeMap<String, String>) -> Result<PathBuf> {
    memory_dir::root(environment)
}
