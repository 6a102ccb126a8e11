//! Defines a channel: what takes alerts, which of them, and how they reach it.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use super::Event;
use super::event::Severity;
use crate::error::Result;
use crate::secret::Secret;
use crate::world::mail::Refused;

/// The longest that a channel may take in all, unless its settings say otherwise.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// One way to reach people. Who is reached by several ways has several channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    pub name: String,
    /// Which file sends it: `slack` is `channels/slack.lua`.
    pub kind: String,
    /// The webhook, where it has one: a secret, for who knows it can post.
    pub target: Option<Secret>,
    /// The key of its signature, by which the receiver knows the sender.
    pub secret: Option<Secret>,
    /// Mail addresses, or what this kind of channel has instead.
    pub recipients: Vec<String>,
    /// The events that it takes, as `Event::is_of` names them; empty for all.
    pub types: Vec<String>,
    /// The types of run (`daily`) and the recipes that it takes; empty for all.
    pub run_types: Vec<String>,
    pub recipes: Vec<String>,
    /// The lowest severity that it takes.
    pub severity: Severity,
    /// The longest that it may take, with everything that waits for it.
    pub timeout: Duration,
    /// What only this kind of channel knows: the keys of `settings` in `hikae.toml`.
    pub settings: BTreeMap<String, serde_json::Value>,
}

impl Channel {
    /// A channel that takes everything.
    pub fn new(name: impl Into<String>, kind: impl Into<String>) -> Channel {
        Channel {
            name: name.into(),
            kind: kind.into(),
            target: None,
            secret: None,
            recipients: Vec::new(),
            types: Vec::new(),
            run_types: Vec::new(),
            recipes: Vec::new(),
            severity: Severity::Info,
            timeout: DEFAULT_TIMEOUT,
            settings: BTreeMap::new(),
        }
    }

    /// Whether this event is one for this channel. A rehearsal has no recipe; it is for every channel that takes such failures.
    pub fn takes(&self, event: &Event) -> bool {
        let among = |list: &[String], word: &str| list.is_empty() || list.iter().any(|known| known == word);
        (self.types.is_empty() || self.types.iter().any(|word| event.is_of(word)))
            && (event.rehearsal || among(&self.run_types, &event.run_type))
            && (event.rehearsal || among(&self.recipes, &event.recipe))
            && event.severity() >= self.severity
    }
}

/// What a channel is asked to do: the function of its Lua file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Sends an event to people.
    Send,
    /// Reports the state of a run to what watches from outside.
    Ping,
}

impl Verb {
    pub fn word(self) -> &'static str {
        match self {
            Verb::Send => "send",
            Verb::Ping => "ping",
        }
    }
}

/// How a channel ended that did not fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The id of the message, where it has one.
    pub message_id: Option<String>,
    /// Recipients who did not get it while others did.
    pub refused: Vec<Refused>,
    /// Why there was nothing to send; then nothing was sent.
    pub skipped: Option<String>,
}

/// Hands events to channels. Each call has a thread of its own, so that one that never returns delays no other.
pub trait Deliver: Send + Sync + 'static {
    /// Gives `event` to `channel`, once, by its function `verb`. The error says whether it may have arrived anyway.
    fn deliver(&self, channel: &Channel, event: &Event, verb: Verb) -> impl Future<Output = Result<Delivered>>;
}
