//! What a simulated world remembers of what reached it: requests, mails, programs, locks.

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
    /// The same with its secrets, to be compared and shown to nobody.
    pub address: Address,
    /// Names in lower case.
    pub headers: BTreeMap<String, String>,
    pub body: String,
    /// What was answered; `None` while nothing is.
    pub status: Option<u16>,
}

/// What the servers of a world have heard.
#[derive(Default)]
pub struct Heard {
    pub requested: Vec<Requested>,
    /// How often each route was asked.
    pub asked: BTreeMap<String, usize>,
}

/// A mail that the server of a simulated world has taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub server: String,
    pub from: String,
    /// The addresses that it went to; those that the server refused are not among them.
    pub to: Vec<String>,
    pub subject: String,
    pub text: String,
    pub html: Option<String>,
    pub message_id: String,
    /// Whether somebody logged in.
    pub user: Option<String>,
}

/// A program that was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ran {
    pub program: String,
    pub args: Vec<String>,
    /// What the caller added to the environment, without the secrets.
    pub env: BTreeMap<String, String>,
    pub cwd: Option<PathBuf>,
    pub stdin_bytes: u64,
    /// How it ended; `None` when nobody has waited for it.
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

/// Who holds a lock: the process, and since when.
pub type Holder = (u32, String);
