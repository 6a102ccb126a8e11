//! Decides when Lua has run long enough: an instruction budget between two waits, and a stop from any thread.

pub mod hook;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use mlua::Lua;
use tokio::sync::Notify;

use crate::error::{Error, Kind, Site};
use crate::lua::traceback;
use crate::units::show_duration;

/// The limits of one Lua state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LuaLimits {
    /// Memory that Lua itself allocates; what Rust holds for Lua is counted by `Budget`.
    pub memory_bytes: usize,
    /// Instructions between two waits. A count, not a time, so that the same recipe stops at the same place everywhere.
    pub instructions: u64,
}

impl Default for LuaLimits {
    /// 64 MiB, and 300 million instructions: one to two seconds on a fast machine, about five on a slow one.
    fn default() -> LuaLimits {
        LuaLimits { memory_bytes: 64 << 20, instructions: 300_000_000 }
    }
}

/// A call to the outside restarts the count when it begins and when it ends.
const REFILLS_A_CALL: u64 = 2;
/// More than any recipe needs; each is kept in memory for the audit.
const MAX_REFILLS: u64 = 200_000 * REFILLS_A_CALL;

/// Why code outside Lua ends it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The run has used up its time.
    Deadline(Duration),
    Cancelled,
}

#[derive(Clone, Copy)]
enum Cause {
    Instructions,
    Refills,
    Depth,
    Stopped(Stop),
}

/// Ends the Lua of one state for good. Clones share one fuse, and any thread may hold one.
#[derive(Clone, Default)]
pub struct Fuse(Arc<Shared>);

#[derive(Default)]
struct Shared {
    limits: LuaLimits,
    spent: AtomicU64,
    refills: AtomicU64,
    cause: OnceLock<Cause>,
    place: OnceLock<Vec<Site>>,
    bell: Notify,
}

impl Fuse {
    pub fn new(limits: LuaLimits) -> Fuse {
        Fuse(Arc::new(Shared { limits, ..Shared::default() }))
    }

    /// The fuse of this state.
    pub fn of(lua: &Lua) -> Fuse {
        lua.app_data_ref::<Fuse>().map(|fuse| fuse.clone()).unwrap_or_default()
    }

    /// Ends Lua at once, whatever it does; the first reason counts.
    pub fn stop(&self, reason: Stop) {
        self.blow(Cause::Stopped(reason));
    }

    /// Restarts the instruction count: Lua has waited for something, so this is not an endless loop.
    ///
    /// The number of waits is limited, to end an endless loop of waits, such as one that catches every failure.
    pub fn refill(&self) {
        if self.0.refills.fetch_add(1, Ordering::Relaxed) >= MAX_REFILLS {
            self.blow(Cause::Refills);
        }
        self.0.spent.store(0, Ordering::Relaxed);
    }

    /// Counts work that Rust did for Lua as this many instructions, and fails once the fuse has blown.
    pub fn spend(&self, lua: &Lua, work: u64) -> mlua::Result<()> {
        self.burn(work);
        if self.is_blown() {
            self.end(lua);
        }
        self.verdict().map_or(Ok(()), |verdict| Err(mlua::Error::external(verdict)))
    }

    /// The remaining instructions.
    pub fn left(&self) -> u64 {
        self.0.limits.instructions.saturating_sub(self.0.spent.load(Ordering::Relaxed))
    }

    pub fn is_blown(&self) -> bool {
        self.0.cause.get().is_some()
    }

    /// Waits until the fuse has blown. It is polled before Lua's future, which is then dropped.
    pub async fn blown(&self) {
        let mut bell = std::pin::pin!(self.0.bell.notified());
        bell.as_mut().enable();
        if !self.is_blown() {
            bell.await;
        }
    }

    /// Why the fuse blew; `None` if it has not.
    pub fn verdict(&self) -> Option<Error> {
        let error = match self.0.cause.get()? {
            Cause::Instructions => {
                let count = grouped(self.0.limits.instructions);
                Error::new(
                    Kind::Timeout,
                    format!("the recipe ran {count} Lua instructions without waiting for anything"),
                )
                .hint("is there an endless loop?")
            }
            Cause::Depth => traceback::too_deep(),
            Cause::Refills => {
                let count = grouped(MAX_REFILLS / REFILLS_A_CALL);
                Error::new(Kind::Recipe, format!("the recipe asked for more than {count} effects in one run"))
                    .hint("is there an endless loop?")
            }
            Cause::Stopped(Stop::Deadline(limit)) => {
                Error::new(Kind::Timeout, format!("the recipe did not end within `{}`", show_duration(*limit)))
                    .hint("raise the recipe's `timeout`, or find out what takes so long")
            }
            Cause::Stopped(Stop::Cancelled) => Error::new(Kind::Cancelled, "the run was cancelled"),
        };
        Some(error.at(self.0.place.get().cloned().unwrap_or_default()))
    }

    /// The cause of Lua's error: the reason of the fuse if it has blown, because that made Lua fail.
    pub fn explain(&self, error: mlua::Error) -> Error {
        self.verdict().unwrap_or_else(|| traceback::from_lua_within(error, self.0.limits.memory_bytes))
    }

    /// Counts instructions and returns the total so far.
    pub fn burn(&self, instructions: u64) -> u64 {
        let spent = self.0.spent.fetch_add(instructions, Ordering::Relaxed) + instructions;
        if spent > self.0.limits.instructions {
            self.blow(Cause::Instructions);
        }
        spent
    }

    /// Ends Lua because its calls are nested too deeply.
    pub fn overflow(&self) {
        self.blow(Cause::Depth);
    }

    /// Records Lua's current place, and lets it run no further instruction.
    pub fn end(&self, lua: &Lua) {
        self.0.place.get_or_init(|| traceback::sites(lua));
        hook::fail_from_here(lua);
    }

    fn blow(&self, cause: Cause) {
        self.0.cause.get_or_init(|| cause);
        self.0.bell.notify_waiters();
    }
}

/// A number with grouped digits: `300 000 000`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}
