//! Defines the only interface to the outside: a world performs effects, and decorators wrap worlds.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use futures_util::future::BoxFuture;

use crate::error::{Result, Site};

/// Forwards everything except the effects to the world below.
macro_rules! rest_from {
    ($self:ident => $below:expr) => {
        fn permits(&$self, request: &$crate::world::Request) -> $crate::error::Result<()> {
            $below.permits(request)
        }

        $crate::world::rest_from!(unguarded $self => $below);
    };
    (unguarded $self:ident => $below:expr) => {
        fn now(&$self) -> ::chrono::DateTime<::chrono::FixedOffset> {
            $below.now()
        }

        fn elapsed(&$self) -> ::std::time::Duration {
            $below.elapsed()
        }

        fn environment(&$self) -> ::std::sync::Arc<::std::collections::BTreeMap<String, String>> {
            $below.environment()
        }

        fn machine(&$self) -> $crate::world::Machine {
            $below.machine()
        }
    };
}
pub(crate) use rest_from;

pub mod addressed;
pub mod caller;
pub mod capability;
pub mod command;
pub mod dry_run;
pub mod effect;
pub mod faulty;
pub mod guarded;
pub mod http;
pub mod journal;
pub mod limited;
pub mod mail;
pub mod objects;
pub mod packages;
pub mod packing;
pub mod partial;
pub mod paths;
pub mod pick;
pub mod postgres;
pub mod program;
pub mod reach;
pub mod real;
pub mod recipe_run;
pub mod refusals;
pub mod reply;
pub mod shells;
pub mod simulated;
pub mod watched;

pub use caller::Caller;
pub use command::{Command, Exit, SecretOrText};
pub use effect::{Effect, Hidden, ListQuery};
pub use mail::{Mail, Sent};
pub use program::ProgramSource;
pub use reply::{Child, Entry, EntryKind, LockGuard, MemoryDir, Reply, Space, Stat};

/// Everything outside hikae. Decorators wrap one world in another and pass on the effects that do not concern them.
pub trait World: Send + Sync {
    /// Performs one effect. Dropping the future, or the stream or child in the reply, undoes unfinished work.
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>>;

    /// Whether the recipe may perform this, for code that is about to prepare it by other effects. A world without a guard permits all.
    fn permits(&self, _request: &Request) -> Result<()> {
        Ok(())
    }

    /// The wall clock, in the local time zone.
    fn now(&self) -> DateTime<FixedOffset>;

    /// Time since a fixed moment, unaffected by clock adjustments.
    fn elapsed(&self) -> Duration;

    /// The process environment, such as cron's.
    fn environment(&self) -> Arc<BTreeMap<String, String>>;

    /// The machine and the user of the run.
    fn machine(&self) -> Machine;
}

/// Decorators can wrap shared worlds as well as owned ones.
impl<W: World + ?Sized> World for Arc<W> {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        (**self).perform(request)
    }

    rest_from!(self => (**self));
}

/// One effect, with the place in the recipe that requested it and its time limits.
#[derive(Clone, Debug)]
pub struct Request {
    pub effect: Effect,
    pub site: Option<Site>,
    /// The reason that the recipe states; for plans and the audit.
    pub why: Option<String>,
    pub limits: Limits,
}

/// How long an effect may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Wall-clock time for the whole effect, including the streams of its reply.
    pub total: Duration,
    /// The longest time without a byte moving.
    pub idle: Duration,
}

impl Limits {
    pub const NONE: Limits = Limits { total: Duration::MAX, idle: Duration::MAX };
}

/// The machine and the user of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    pub host: String,
    pub user: String,
    pub process_id: u32,
    /// Cores that compression may use.
    pub cores: usize,
}
