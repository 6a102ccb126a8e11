//! Records what reached a simulated world: requests, mails, programs, locks.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::secret::MASK;
use crate::world::http::Address;
use crate::world::{Command, Exit, SecretOrText};

/// A request that was sent, without its secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    pub method: &'static str,
    pub url: String,
    /// The same with its secrets, only for comparison and never shown.
    pub address: Address,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// The answer; `None` before it.
    pub status: Option<u16>,
}

/// The requests to the servers of a world.
#[derive(Default)]
pub struct Heard {
    pub requested: Vec<Requested>,
    /// The number of requests to each route.
    pub asked: BTreeMap<String, usize>,
}

/// A mail that the server of a simulated world has accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub server: String,
    pub from: String,
    /// The accepted recipients, without those that the server refused.
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub message_id: String,
    /// Whether the sender logged in.
    pub user: Option<String>,
}

/// A program that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub program: String,
    pub args: Vec<String>,
    /// The variables that the caller added to the environment, without the secrets.
    pub env: BTreeMap<String, String>,
    pub cwd: Option<PathBuf>,
    pub stdin_bytes: u64,
    /// Its exit; `None` if nobody has waited for it.
    pub exit: Option<Exit>,
}

impl Ran {
    pub fn of(command: &Command) -> Ran {
        let shown = |value: &SecretOrText| match value {
            SecretOrText::Plain(text) => text.clone(),
            SecretOrText::Secret(_) => MASK.to_owned(),
        };
        Ran {
            program: command.program.clone(),
            args: command.args.clone(),
            env: command.env.iter().map(|(name, value)| (name.clone(), shown(value))).collect(),
            cwd: command.cwd.clone(),
            stdin_bytes: 0,
            exit: None,
        }
    }
}

/// The holder of a lock: the process, and since when.
pub type Holder = (u32, String);
