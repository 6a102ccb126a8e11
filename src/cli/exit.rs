//! Turns outcomes into exit codes; scripts and cron rely on them.

use std::process::ExitCode;

use crate::catalog::Status;

pub const DONE: u8 = 0;
pub const FAILED: u8 = 1;
pub const PARTIAL: u8 = 2;
/// Misuse: flags, params, configuration (sysexits.h, EX_USAGE).
pub const MISUSE: u8 = 64;
/// Another run of the recipe holds the lock (sysexits.h, EX_TEMPFAIL).
pub const LOCKED: u8 = 75;
/// Interrupted by a signal: 128 and its number, as shells have it.
const SIGNALLED: u8 = 128;

/// The exit code of a run that ended in `status`, by `signal` if by one.
pub fn code(status: Status, signal: Option<i32>) -> ExitCode {
    let code = match (status, signal.and_then(|signal| u8::try_from(signal).ok())) {
        (Status::Success, _) => DONE,
        (Status::Partial, _) => PARTIAL,
        (Status::Locked, _) => LOCKED,
        (Status::Interrupted, Some(signal)) => SIGNALLED + signal,
        (Status::Failure | Status::Interrupted | Status::Running, _) => FAILED,
    };
    ExitCode::from(code)
}
