//! Sends one event by one channel: its Lua file runs in a separate state that can reach only the channel's servers.

mod loading;
mod lua_tables;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use mlua::Value;
use serde::Deserialize;

use super::email::message_id;
use super::smtp::Settings;
use super::{Channel, Deliver, Delivered, Event, Verb, run_table, table, templates};
use crate::config::{Config, ModuleSource};
use crate::error::{Error, Kind, Result};
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;
use crate::report::{self, Level};
use crate::units::show_duration;
use crate::world::guarded::{Guarded, Needs};
use crate::world::http::upload::is_expected;
use crate::world::journal::{Journal, Outcome, Record};
use crate::world::limited::Limited;
use crate::world::mail::Refused;
use crate::world::mail::settings::oauth::TokenSource;
use crate::world::real::{Real, http};
use crate::world::{Caller, Effect, Limits, World};
use loading::{Loaded, load};

/// The time limit for reading a template: the configuration may be on a network disk.
const READING: Limits = Limits { total: Duration::from_secs(5), idle: Duration::from_secs(5) };

/// A channel that is only loaded gets no time for effects: it cannot touch anything.
const NOTHING: Limits = Limits { total: Duration::ZERO, idle: Duration::ZERO };

/// The journal of what a channel does.
type ChannelJournal = Journal<Arc<Guarded<Limited<Arc<dyn World>>>>>;

/// The result of sending.
pub struct Sending {
    pub result: Result<Delivered>,
    /// The effects of the channel.
    pub journal: Vec<Record>,
}

/// The value that `send` may return: the result of `mail.send`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Returned {
    message_id: Option<String>,
    refused: Vec<Refused>,
}

/// The Lua files of channels, and the world that they send through.
pub struct LuaChannels {
    config: Arc<Config>,
    world: Arc<dyn World>,
    /// Read once, before the process is sandboxed: a certificate may be anywhere.
    smtp: Result<Settings>,
}

impl LuaChannels {
    pub fn new(config: Arc<Config>, world: Arc<dyn World>) -> LuaChannels {
        let smtp = config.smtp();
        LuaChannels { config, world, smtp }
    }

    /// The channels of this machine, which use the network as set in the environment or `.env`.
    pub fn real(config: Arc<Config>) -> LuaChannels {
        let set = |name: &&str| Some(((*name).to_owned(), config.lookup(name)?.to_owned()));
        let network: Vec<(String, String)> = http::VARIABLES.iter().filter_map(set).collect();
        LuaChannels::new(config, Arc::new(Real::ambient().with_variables(network)))
    }

    /// The mail server, with timeouts short enough to detect a silent server within the channel's time limit.
    fn smtp(&self, channel: &Channel) -> Result<Settings> {
        let mut settings = self.smtp.clone()?;
        let server = &mut settings.server;
        server.connect_timeout = server.connect_timeout.min(channel.timeout / 4);
        server.step_timeout = server.step_timeout.min(channel.timeout / 4);
        Ok(settings)
    }

    /// Sends `event` by the channel, or pings the state of its run, unless `cut` completes first.
    pub async fn send(
        &self,
        channel: &Channel,
        event: &Event,
        verb: Verb,
        cut: impl Future<Output = Error>,
    ) -> Sending {
        let mut journal = None;
        let result = tokio::select! {
            result = self.guarded(channel, event, verb, &mut journal) => result,
            error = cut => Err(error),
        };
        let journal = journal.map(|journal: Arc<ChannelJournal>| journal.entries()).unwrap_or_default();
        let within = |error: Error| error.within(format!("cannot {} by the channel `{}`", verb.word(), channel.name));
        Sending { result: result.and_then(|delivered| proved(delivered, &journal)).map_err(within), journal }
    }

    async fn guarded(
        &self,
        channel: &Channel,
        event: &Event,
        verb: Verb,
        written: &mut Option<Arc<ChannelJournal>>,
    ) -> Result<Delivered> {
        let (source, needs) = self.prepare(channel, verb).await?;
        let guarded = Arc::new(Guarded::new(Limited::new(self.world.clone()), needs)?);
        let journal = written.insert(Arc::new(Journal::new(guarded.clone()))).clone();
        let caller = Caller::new(journal, Limits { total: channel.timeout, idle: channel.timeout });
        self.talk(caller, &source, channel, event, verb).await.map_err(|error| permitted(error, &guarded.refused()))
    }

    /// The file of the channel, and the servers that it may reach: that of its address, and the hosts that it declares.
    async fn prepare(&self, channel: &Channel, verb: Verb) -> Result<(ModuleSource, Needs)> {
        let source = self.config.channel_source(&channel.kind)?;
        let caller = Caller::new(self.world.clone(), NOTHING);
        let loaded = load(&self.config, caller, &source, channel, verb, self.smtp(channel)).await?;
        let mut connect = match loaded.table.get::<Value>("connect").map_err(from_lua)? {
            Value::Nil => Vec::new(),
            declared => {
                let name = format!("connect of {}", source.file_shown);
                options::read_value::<Vec<String>>(&name, Plain::from_lua(&declared)?)?
            }
        };
        connect.extend(channel.server()?);
        let mut run = Vec::new();
        // Unreadable settings are reported by `mail.send` when it is called.
        if let (false, Ok(smtp)) = (channel.recipients.is_empty(), &self.smtp) {
            connect.push(smtp.server.address());
            let token = smtp.token_source.as_ref();
            connect.extend(token.and_then(TokenSource::server));
            run.extend(token.and_then(TokenSource::program).map(str::to_owned));
        }
        Ok((source, Needs { connect, run, ..Needs::default() }))
    }

    /// Calls the channel's `send` or `ping`.
    async fn talk(
        &self,
        caller: Caller,
        source: &ModuleSource,
        channel: &Channel,
        event: &Event,
        verb: Verb,
    ) -> Result<Delivered> {
        let shown = match verb {
            Verb::Send => self.event(channel, event).await,
            Verb::Ping => run_table(&event.bounded()),
        };
        let loaded = load(&self.config, caller, source, channel, verb, self.smtp(channel)).await?;
        let Loaded { machine, session, function, .. } = loaded;
        let shown = lua_tables::event(&machine.lua, verb, &shown).map_err(from_lua)?;
        let address = channel.table(&machine.lua).map_err(from_lua)?;
        session.loading.set(false);
        let answer = machine.call(&function, (shown, address)).await?;
        // If it caught an error without accepting it, the event was not sent, whatever it returns.
        if let Some(swallowed) = session.caught.borrow().iter().find(|caught| caught.swallowed()) {
            return Err(swallowed.error.clone());
        }
        returned(answer, verb, source)
    }

    /// The event with its words, as `send` gets it.
    async fn event(&self, channel: &Channel, event: &Event) -> serde_json::Value {
        let (language, event) = (self.config.language().into(), &event.bounded());
        let reading = Caller::new(Arc::new(Limited::new(self.world.clone())), READING);
        let message = templates::message(&reading, &self.config.dir, event, language, self.config.system_name()).await;
        if let Some(warning) = &message.warning {
            report::log(Level::Warn, warning, None);
        }
        let mut shown = table(event, &message);
        if let Ok(smtp) = &self.smtp {
            shown["message_id"] = message_id(channel, event, &smtp.from.address).into();
        }
        shown
    }
}

fn returned(answer: Value, verb: Verb, source: &ModuleSource) -> Result<Delivered> {
    match answer {
        Value::Nil => Ok(Delivered::default()),
        Value::String(reason) => Ok(Delivered { skipped: Some(reason.to_string_lossy()), ..Delivered::default() }),
        Value::Table(_) => {
            let name = format!("what `{}` of {} returns", verb.word(), source.file_shown);
            let Returned { message_id, refused } = options::read_value(&name, Plain::from_lua(&answer)?)?;
            Ok(Delivered { message_id, refused, skipped: None })
        }
        other => {
            let what = format!("`{}` of `{}` returned a {}", verb.word(), source.file_shown, other.type_name());
            Err(Error::new(Kind::Recipe, what).hint("return nothing, or a text: why there is nothing to send"))
        }
    }
}

/// The error for a host that the channel may not reach, worded for channels.
fn permitted(error: Error, refused: &[Error]) -> Error {
    let Some(first) = refused.first() else { return error };
    let what = first.what().replace("the recipe may not", "a channel may not");
    Error::new(Kind::Denied, what)
        .at(first.sites().to_vec())
        .hint("it reaches the server of its own address, and those in `connect = { \"host\" }` of the table that its file returns")
}

/// Fails if a channel sent nothing and returned no reason.
fn proved(delivered: Delivered, journal: &[Record]) -> Result<Delivered> {
    let sent = |record: &Record| match record.effect {
        // A good status counts, even if the rest of the answer is cut off.
        Effect::Request(_) => record.status.is_some_and(|status| is_expected(None, status)),
        Effect::Send(_) => matches!(record.outcome, Outcome::Done),
        _ => false,
    };
    match (journal.iter().any(sent), &delivered.skipped) {
        (true, _) => Ok(Delivered { skipped: None, ..delivered }),
        (false, Some(reason)) if !reason.trim().is_empty() => Ok(delivered),
        (false, _) => Err(Error::new(Kind::Recipe, "it ended without having sent anything")
            .hint("where that is meant, its function returns the reason as a text")),
    }
}

impl Deliver for LuaChannels {
    async fn deliver(&self, channel: &Channel, event: &Event, verb: Verb) -> Result<Delivered> {
        let waiting = Caller::new(self.world.clone(), Limits { total: Duration::MAX, idle: Duration::MAX });
        let cut = async {
            // However the wait ends, the time of the channel is over.
            drop(waiting.sleep(channel.timeout).await);
            late(channel)
        };
        self.send(channel, event, verb, cut).await.result
    }
}

/// The error of a channel that exceeded its time limit.
pub fn late(channel: &Channel) -> Error {
    let timeout = show_duration(channel.timeout);
    Error::new(Kind::Timeout, format!("it did not end within {timeout}"))
        .hint("does its server answer? `timeout` of the channel in `hikae.toml` gives it more time")
}
