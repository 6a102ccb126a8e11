//! The module `http`: requests to declared hosts, whose answers are good or raised as errors; downloads as streams.

pub(crate) mod body;
mod certificate;
pub(crate) mod json_value;
mod good_answer;
pub(crate) mod options;
pub(crate) mod signing;
pub mod upload;

use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use mlua::{AnyUserData, Function, Lua, MultiValue, Table, Value};

use crate::backup::pipeline::Pipeline;
use crate::error::{Error, Kind, Result};
use crate::lua::budget::Budget;
use crate::lua::exports::{Call, Module};
use crate::lua::options::Text;
use crate::lua::secret_value::SecretValue;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::modules::http::options::{DownloadOptions, GetOptions, PostOptions, RequestOptions, Wish};
use crate::modules::stream::Stream;
use crate::secret::Secret;
use crate::stream::pump::collect;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::stream::{SharedFacts, Source};
use crate::world::http::exchange::{Exchange, Proved};
use crate::world::http::upload::is_expected;
use crate::world::http::words::too_long;
use crate::world::http::{HttpResponse, Method};

/// The default time limit of a request, including its retries.
const TOTAL: Duration = Duration::from_secs(120);
/// How long a server may be silent.
const IDLE: Duration = Duration::from_secs(30);
/// The same for a download, where the server may have to fetch the bytes first.
const DOWNLOAD_IDLE: Duration = Duration::from_secs(300);
/// The default size limit of an answer that becomes a text.
const MAX_BYTES: usize = 1 << 20;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .wait("http.request", |call, (options,): (RequestOptions,)| request(call, options.into()))?
        .wait("http.get", |call, (url, options): (Text, Option<GetOptions>)| {
            request(call, Wish::of(Method::Get, url, options))
        })?
        .wait("http.post", |call, (url, options): (Text, Option<PostOptions>)| {
            request(call, Wish::of(Method::Post, url, options))
        })?
        .wait("http.certificate", |call, (url, options): (Text, Option<certificate::CertificateOptions>)| {
            certificate::certificate(call, url, options)
        })?
        .call("http.download", |call, (url, options): (Text, Option<DownloadOptions>)| {
            download(call, Wish::of(Method::Get, url, options))
        })
}

/// An answer whose body is small enough to be a Lua value.
struct Answered {
    title: String,
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
    /// Nothing was sent: a plan only shows the request.
    withheld: bool,
    /// Why the rest of the body is missing.
    broken: Option<Error>,
}

async fn request(call: Rc<Call>, mut wish: Wish) -> Result<Table> {
    let max_bytes = wish.max_bytes.unwrap_or(MAX_BYTES);
    let _charge = Budget::of(&call.lua).charge(max_bytes)?;
    let caller = call.world()?;
    let (total, idle) = (TOTAL.min(caller.limits.total), IDLE.min(caller.limits.idle));
    let caller = caller.limited(wish.timeout.or(Some(total)), wish.idle_timeout.or(Some(idle)));
    let planned = wish.expect.as_ref().and_then(|expect| expect.first().copied()).unwrap_or(200);
    let secrets = std::mem::take(&mut wish.secrets);
    let mut exchange = wish.exchange(caller)?;
    let step = call.session.step(exchange.request.title(), call.site());
    let sent = exchange.request.body.data.len() as u64;
    let is_channel = call.session.is_channel();
    // A redirect drops the posted body: its target would confirm an alert that was never delivered.
    exchange.policy.follow = !is_channel;
    let answer = match trusting(exchange, wish.ca_file.take()).await {
        Ok(exchange) => exchange.run(|answer, title| read(answer, title, max_bytes, planned, is_channel)).await,
        Err(error) => Err(error),
    };
    step.end(sent, answer.as_ref().map_or(0, |answer| answer.body.len() as u64), answer.as_ref().err());
    let mut answer = answer?;
    let (title, broken) = (answer.title.clone(), answer.broken.take());
    let table = table(&call, answer, secrets)?;
    if is_channel {
        good_answer::check(&call, &title, &table, broken)?;
    }
    Ok(table)
}

/// A stream of an answer, which succeeds only if the server has marked its end.
fn download(call: &Call, mut wish: Wish) -> Result<AnyUserData> {
    let caller = call.world()?;
    let idle = DOWNLOAD_IDLE.min(caller.limits.idle);
    let caller = caller.limited(wish.timeout, wish.idle_timeout.or(Some(idle)));
    let limits = caller.limits;
    // Every other successful status means only a part of the content, or none.
    wish.expect.get_or_insert_with(|| vec![200]);
    let exchange = wish.exchange(caller)?;
    let ca_file = wish.ca_file.take();
    let facts = SharedFacts::default();
    let count = Count::new(&facts);
    let pipeline = Pipeline::new(exchange.request.title(), limits, facts, move || async move {
        let exchange = trusting(exchange, ca_file).await?;
        let source = exchange.run(|answer, title| async move { Ok(Proved::new(answer, title)) }).await?;
        Ok(Box::new(Staged::new(Box::new(source), count)) as Box<dyn Source>)
    });
    Stream::create(call, pipeline, Vec::new())
}

/// The same exchange, with the certificate authorities from a file.
async fn trusting(mut exchange: Exchange, ca_file: Option<PathBuf>) -> Result<Exchange> {
    if let Some(path) = ca_file {
        exchange.request.roots = Some(exchange.caller.read(&path, MAX_BYTES as u64).await?);
    }
    Ok(exchange)
}

/// Reads the body to its end. For a channel a good status means that the alert was taken: where the body breaks off, an error
/// would have it sent twice, so the body is then empty.
async fn read(
    mut answer: HttpResponse,
    title: String,
    max_bytes: usize,
    planned: u16,
    is_channel: bool,
) -> Result<Answered> {
    if answer.withheld {
        let (headers, body) = (Vec::new(), Bytes::new());
        return Ok(Answered { title, status: planned, headers, body, withheld: true, broken: None });
    }
    let (body, broken) = match collect(&mut *answer.body, max_bytes, || too_long(&title, max_bytes)).await {
        Err(error) if is_channel && is_expected(None, answer.status) => (Bytes::new(), Some(error)),
        body => (body?, None),
    };
    Ok(Answered { title, status: answer.status, headers: answer.headers, body, withheld: false, broken })
}

fn table(call: &Call, answer: Answered, secrets: Vec<String>) -> Result<Table> {
    let fill = || -> mlua::Result<Table> {
        let table = call.lua.create_table()?;
        table.raw_set("status", answer.status)?;
        if answer.withheld {
            for name in ["headers", "body", "json"] {
                table.raw_set(name, Unknown::field(name).handle(&call.lua)?)?;
            }
            return Ok(table);
        }
        let headers = call.lua.create_table()?;
        for (name, value) in &answer.headers {
            let before: Option<String> = headers.raw_get(name.as_str())?;
            headers.raw_set(name.as_str(), before.map_or(value.clone(), |before| format!("{before}, {value}")))?;
        }
        table.raw_set("headers", headers)?;
        table.raw_set("body", call.lua.create_string(&answer.body)?)?;
        table.raw_set("json", json(&call.lua, answer.title.clone(), answer.body.clone(), secrets)?)?;
        Ok(table)
    };
    fill().map_err(from_lua)
}

/// The function `json` of an answer; the texts of the members that `secrets` names are handles in it.
fn json(lua: &Lua, title: String, body: Bytes, secrets: Vec<String>) -> mlua::Result<Function> {
    lua.create_function(move |lua, _: MultiValue| {
        let call = Call::new(lua, "json").map_err(mlua::Error::external)?;
        let wrong = |cause: Error| {
            let error = Error::new(Kind::Integrity, format!("the answer to `{title}` is not JSON"));
            call.raise(error.because_text(cause.causes().join("; ")))
        };
        let text = String::from_utf8_lossy(&body);
        let value = crate::lua::json::to_lua(lua, &crate::lua::json::decode(&text).map_err(wrong)?)?;
        conceal(lua, &value, &secrets)?;
        Ok(value)
    })
}

/// Puts the handle of a secret in the place of each text that is a member of one of these names.
fn conceal(lua: &Lua, value: &Value, names: &[String]) -> mlua::Result<()> {
    let (Value::Table(table), false) = (value, names.is_empty()) else { return Ok(()) };
    for pair in table.pairs::<Value, Value>() {
        let (key, member) = pair?;
        match (&key, &member) {
            (Value::String(name), Value::String(text)) if names.iter().any(|known| *name == **known) => {
                let secret = SecretValue(Secret::new(text.to_string_lossy()));
                table.raw_set(key, lua.create_userdata(secret)?)?;
            }
            _ => conceal(lua, &member, names)?,
        }
    }
    Ok(())
}
