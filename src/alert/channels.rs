//! Sends one event by one channel: its Lua file, in a state of its own that reaches the channel's server and nothing else.

mod given;

use std::future::Future;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mlua::{Function, Table, Value};
use serde::Deserialize;

use super::{Channel, Deliver, Delivered, Event, table, templates};
use crate::bind::options;
use crate::bind::plain::Plain;
use crate::bind::session::{Identity, Session, Unrecorded};
use crate::bind::traceback::from_lua;
use crate::config::{Config, ModuleSource, translations};
use crate::error::{Error, Kind, Result};
use crate::host::limits::LuaLimits;
use crate::host::loader::{Finder, Module};
use crate::host::machine::Machine;
use crate::host::sandbox::Withheld;
use crate::report::{self, Level};
use crate::units::show_duration;
use crate::world::guarded::{Guarded, Needs};
use crate::world::journal::{Journal, Outcome, Record};
use crate::world::limited::Limited;
use crate::world::mail::Refused;
use crate::world::real::{Real, http};
use crate::world::{Caller, Effect, Limits, World};

/// Less than a recipe has: a channel writes one message.
const LUA: LuaLimits = LuaLimits { memory_bytes: 32 << 20, instructions: 50_000_000 };

/// How long one request of a channel may take.
const EFFECT: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };

/// What recipes have and channels have not.
fn withheld() -> Withheld {
    Withheld {
        names: vec!["fs", "manifest", "parallel", "pg", "process", "recipe", "run"],
        from: "channels",
        hint: "a channel tells what it is given: it has `http`, `mail`, `json`, `clock`, `log`, `path` and `errors`",
    }
}

/// What came of a sending.
pub struct Sending {
    pub ended: Result<Answer>,
    /// What it did.
    pub journal: Vec<Record>,
}

/// What a channel says of an event.
#[derive(Debug)]
pub enum Answer {
    Sent(Delivered),
    /// It has sent nothing, because there is nothing to send: its reason.
    Nothing(String),
}

/// What `send` may return: what `mail.send` gave.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Returned {
    message_id: Option<String>,
    refused: Vec<Refused>,
}

/// What a channel's file returns.
struct Loaded {
    machine: Machine,
    session: Rc<Session>,
    table: Table,
    send: Function,
}

/// Sends `event` by the channel in this world, unless `cut` comes first.
pub async fn send(
    config: &Arc<Config>,
    world: Arc<dyn World>,
    channel: &Channel,
    event: &Event,
    cut: impl Future<Output = Error>,
) -> Sending {
    let (ended, journal) = match prepare(config, channel).await {
        Err(error) => (Err(error), Vec::new()),
        Ok((source, needs)) => match Guarded::new(Limited::new(world.clone()), needs) {
            Err(error) => (Err(error), Vec::new()),
            Ok(guarded) => {
                let guarded = Arc::new(guarded);
                let journal = Arc::new(Journal::new(guarded.clone()));
                let sending = talk(config, world, journal.clone(), &source, channel, event);
                let ended = tokio::select! {
                    ended = sending => ended.map_err(|error| permitted(error, &guarded.refused())),
                    error = cut => Err(error),
                };
                (ended.and_then(|answer| proved(answer, &journal.entries())), journal.entries())
            }
        },
    };
    let within = |error: Error| error.within(format!("cannot send by the channel `{}`", channel.name));
    Sending { ended: ended.map_err(within), journal }
}

/// The file of the channel, and what it may reach: the server of its address, and the hosts that it declares.
async fn prepare(config: &Arc<Config>, channel: &Channel) -> Result<(ModuleSource, Needs)> {
    let source = config.channel_source(&channel.kind)?;
    // Loaded without any limit of time to spend: it cannot touch anything.
    let nothing = Limits { total: Duration::ZERO, idle: Duration::ZERO };
    let loaded = load(config, Caller::new(Arc::new(Real::ambient()), nothing), &source, channel, "").await?;
    let mut connect = match loaded.table.get::<Value>("connect").map_err(from_lua)? {
        Value::Nil => Vec::new(),
        declared => options::read_value::<Vec<String>>(
            &format!("connect of {}", source.file_shown),
            Plain::from_lua(&declared)?,
        )?,
    };
    connect.extend(channel.server()?);
    if !channel.recipients.is_empty() {
        // Settings that cannot be read are told by `mail.send`, when it is called.
        connect.extend(config.smtp().ok().map(|smtp| smtp.server.address()));
    }
    Ok((source, Needs { connect, ..Needs::default() }))
}

/// Lets the channel's `send` do its work.
async fn talk(
    config: &Arc<Config>,
    world: Arc<dyn World>,
    journal: Arc<dyn World>,
    source: &ModuleSource,
    channel: &Channel,
    event: &Event,
) -> Result<Answer> {
    let (language, event) = (config.language().into(), &event.bounded());
    let message = templates::message(&Caller::new(world, EFFECT), &config.dir, event, language).await;
    if let Some(warning) = &message.warning {
        report::log(Level::Warn, warning, None);
    }
    let loaded = load(config, Caller::new(journal, EFFECT), source, channel, &event.id).await?;
    let Loaded { machine, session, send, .. } = loaded;
    let told = given::event(&machine.lua, &table(event, &message, language)).map_err(from_lua)?;
    let address = channel.table(&machine.lua).map_err(from_lua)?;
    session.loading.set(false);
    let answer = machine.call(&send, (told, address)).await?;
    // What it caught and did not answer for has not been sent, whatever it says.
    if let Some(swallowed) = session.caught.borrow().iter().find(|caught| caught.swallowed()) {
        return Err(swallowed.error.clone());
    }
    answered(answer, source)
}

fn answered(answer: Value, source: &ModuleSource) -> Result<Answer> {
    match answer {
        Value::Nil => Ok(Answer::Sent(Delivered::default())),
        Value::String(reason) => Ok(Answer::Nothing(reason.to_string_lossy())),
        Value::Table(_) => {
            let name = format!("what `send` of {} returns", source.file_shown);
            let Returned { message_id, refused } = options::read_value(&name, Plain::from_lua(&answer)?)?;
            Ok(Answer::Sent(Delivered { message_id, refused }))
        }
        other => {
            let what = format!("`send` of `{}` returned a {}", source.file_shown, other.type_name());
            Err(Error::new(Kind::Recipe, what).hint("return nothing, or a text: why there is nothing to send"))
        }
    }
}

async fn load(
    config: &Arc<Config>,
    caller: Caller,
    source: &ModuleSource,
    channel: &Channel,
    run_id: &str,
) -> Result<Loaded> {
    let identity = Identity {
        run_id: run_id.to_owned(),
        recipe: channel.name.clone(),
        recipe_sha256: String::new(),
        kind: "channel".to_owned(),
    };
    let settings = config.clone();
    let session = Session::new(caller, identity, translations(config), Arc::new(Unrecorded));
    let session = Rc::new(session.with_smtp(Box::new(move || settings.smtp())));
    let machine = Machine::without(session.clone(), &LUA, finder(config), withheld())?;
    let value = machine.evaluate(&source.file_shown, &source.text).await?;
    let not_a_channel = || {
        Error::new(Kind::Recipe, format!("`{}` does not return a channel", source.file_shown))
            .hint("end the file with `return { send = function(event, channel) ... end }`")
    };
    let table = value.as_table().cloned().ok_or_else(not_a_channel)?;
    match table.get::<Value>("send").map_err(from_lua)? {
        Value::Function(send) => Ok(Loaded { machine, session, table, send }),
        _ => Err(not_a_channel()),
    }
}

fn finder(config: &Arc<Config>) -> Finder {
    let config = config.clone();
    Rc::new(move |dotted| {
        let found = config.channel_module(dotted)?;
        Ok(found.map(|found| Module { file_shown: found.file_shown, text: found.text }))
    })
}

/// The error of a channel that asked for a host that it may not reach, in the words for channels.
fn permitted(error: Error, refused: &[Error]) -> Error {
    let Some(first) = refused.first() else { return error };
    let what = first.what().replace("the recipe may not", "a channel may not");
    Error::new(Kind::Denied, what)
        .at(first.sites().to_vec())
        .hint("it reaches the server of its own address, and those in `connect = { \"host\" }` of the table that its file returns")
}

/// A channel that has sent nothing, and does not say why, has not told anybody.
fn proved(answer: Answer, journal: &[Record]) -> Result<Answer> {
    let sent = |record: &Record| {
        matches!(record.effect, Effect::Request(_) | Effect::Send(_)) && matches!(record.outcome, Outcome::Done)
    };
    match (journal.iter().any(sent), answer) {
        (true, Answer::Nothing(_)) => Ok(Answer::Sent(Delivered::default())),
        (false, Answer::Nothing(reason)) if !reason.trim().is_empty() => Ok(Answer::Nothing(reason)),
        (true, sent) => Ok(sent),
        (false, _) => Err(Error::new(Kind::Recipe, "it ended without having sent anything")
            .hint("where that is meant, `send` returns the reason as a text")),
    }
}

/// Delivers by the Lua files of channels, to the real servers.
pub struct LuaChannels {
    config: Arc<Config>,
    world: Arc<dyn World>,
}

impl LuaChannels {
    pub fn new(config: Arc<Config>) -> LuaChannels {
        let set = |name: &&str| Some(((*name).to_owned(), config.lookup(name)?.to_owned()));
        let network = http::VARIABLES.iter().filter_map(set);
        let world = Arc::new(Real::ambient().with_variables(network));
        LuaChannels { config, world }
    }
}

impl Deliver for LuaChannels {
    async fn deliver(&self, channel: &Channel, event: &Event) -> Result<Delivered> {
        let waiting = Caller::new(self.world.clone(), Limits { total: Duration::MAX, idle: Duration::MAX });
        let cut = async {
            // Whichever way the waiting ends, the channel has had its time.
            let _waited = waiting.sleep(channel.timeout).await;
            late(channel)
        };
        match send(&self.config, self.world.clone(), channel, event, cut).await.ended? {
            Answer::Sent(delivered) => Ok(delivered),
            Answer::Nothing(reason) => {
                report::log(Level::Info, &format!("channel `{}` sent nothing: {reason}", channel.name), None);
                Ok(Delivered::default())
            }
        }
    }
}

/// The error of a channel that has had all its time.
pub fn late(channel: &Channel) -> Error {
    let timeout = show_duration(channel.timeout);
    Error::new(Kind::Timeout, format!("it did not end within {timeout}"))
        .hint("does its server answer? `timeout` of the channel in `hikae.toml` gives it more time")
}
