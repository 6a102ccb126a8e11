//! Defines a channel: which alerts it takes, and how they are sent.

use std::collections::BTreeMap;
use std::future::Future;
use std::time::Duration;

use super::Event;
use super::event::Severity;
use crate::error::Result;
use crate::secret::Secret;
use crate::world::mail::Refused;

/// The default time limit of a channel.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// One way to reach people; somebody can be reached by several channels.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    pub name: String,
    /// The channel file: `slack` is `channels/slack.lua`.
    pub kind: String,
    /// The webhook, if it has one: a secret, because it is enough to post.
    pub target: Option<Secret>,
    /// The signing key, so that the receiver can verify the sender.
    pub secret: Option<Secret>,
    /// Mail addresses, or the equivalent for this kind of channel.
    pub recipients: Vec<String>,
    /// The events that it takes, as `Event::is_of` names them; empty for all.
    pub types: Vec<String>,
    /// The types of run (`daily`) and the recipes that it takes; empty for all.
    pub run_types: Vec<String>,
    pub recipes: Vec<String>,
    /// The lowest severity that it takes.
    pub severity: Severity,
    /// Its time limit for all waiting messages together.
    pub timeout: Duration,
    /// The settings of this kind of channel only: the keys of `settings` in `hikae.toml`.
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

    /// Whether this channel takes the event. A rehearsal has no recipe; every channel that takes such failures takes it.
    pub fn takes(&self, event: &Event) -> bool {
        let among = |list: &[String], word: &str| list.is_empty() || list.iter().any(|known| known == word);
        (self.types.is_empty() || self.types.iter().any(|word| event.is_of(word)))
            && (event.rehearsal || among(&self.run_types, &event.run_type))
            && (event.rehearsal || among(&self.recipes, &event.recipe))
            && event.severity() >= self.severity
    }
}

/// The function of the channel's Lua file to call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Sends an event to people.
    Send,
    /// Reports the state of a run to an outside check.
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

/// The result of a channel that did not fail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The id of the message, where it has one.
    pub message_id: Option<String>,
    /// Recipients who did not get it while others did.
    pub refused: Vec<Refused>,
    /// Why there was nothing to send, if nothing was sent.
    pub skipped: Option<String>,
}

/// Hands events to channels. Each call has a separate thread, so that a call that never returns delays no other.
pub trait Deliver: Send + Sync + 'static {
    /// Calls the function `verb` of `channel` once with `event`. The error says whether it may have arrived anyway.
    fn deliver(&self, channel: &Channel, event: &Event, verb: Verb) -> impl Future<Output = Result<Delivered>>;
}
