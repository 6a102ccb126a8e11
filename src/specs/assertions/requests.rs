//! Which http requests were sent: to where, with which headers and which content, and how often.

use std::rc::Rc;

use mlua::Value;
use serde_json::Value as Json;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::json::to_lua;
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;
use crate::specs::ground::Ground;
use crate::specs::handle::{Method, Subject, give, one_text};
use crate::specs::shown;
use crate::world::http::Address;
use crate::world::simulated::Requested;

/// The requests that all assertions so far hold for.
#[derive(Clone)]
pub struct Requests {
    ground: Rc<dyn Ground>,
    title: String,
    /// Describes the conditions so far.
    said: String,
    sent: Vec<Requested>,
}

/// `requested(method, url)`: the requests to exactly this address.
pub fn requested(call: &Call, ground: Rc<dyn Ground>, args: &[Value]) -> Result<Value> {
    let (method, url) = method_and_url(call, args)?;
    let to = |sent: &&Requested| sent.method == method && sent.address.url() == url.url();
    let sent: Vec<Requested> = ground.requested().iter().filter(to).cloned().collect();
    let title = format!("{method} {url}");
    if sent.is_empty() {
        let found = titles(&*ground);
        ground.refute(call, format!("`{title}` to be requested"), found, Vec::new())?;
    }
    give(call, Requests { ground, title, said: String::new(), sent })
}

/// `never_requested()`, or `never_requested(method, url)`.
pub fn never_requested(call: &Call, ground: &dyn Ground, args: &[Value]) -> Result<()> {
    let found = match args {
        [] => ground.requested().first(),
        args => {
            let (method, url) = method_and_url(call, args)?;
            ground.requested().iter().find(|sent| sent.method == method && sent.address.url() == url.url())
        }
    };
    match found {
        None => Ok(()),
        Some(sent) => {
            let what = if args.is_empty() { "no request".to_owned() } else { "no such request".to_owned() };
            ground.refute(call, what, format!("`{} {}`", sent.method, sent.url), Vec::new())
        }
    }
}

fn method_and_url(call: &Call, args: &[Value]) -> Result<(String, Address)> {
    let [Value::String(method), Value::String(url)] = args else {
        let what = format!("`{}` takes a method and a url", call.name);
        return Err(Error::new(Kind::Recipe, what).hint("run:requested(\"POST\", \"https://hooks.example/backup\")"));
    };
    Ok((method.to_string_lossy().to_uppercase(), Address::parse(&url.to_string_lossy())?))
}

fn titles(ground: &dyn Ground) -> String {
    let titles: Vec<String> =
        ground.requested().iter().map(|sent| format!("`{} {}`", sent.method, sent.address.url())).collect();
    if titles.is_empty() { "no request".to_owned() } else { titles.join("; ") }
}

impl Subject for Requests {
    const NAME: &'static str = "run:requested(...)";
    const FIELDS: &'static [&'static str] = &["headers", "body", "json"];

    fn methods() -> Vec<Method<Requests>> {
        vec![
            ("requested:with_header", |call, requests, args| {
                let [Value::String(name), Value::String(value)] = args else {
                    return Err(Error::new(Kind::Recipe, format!("`{}` takes a name and a value", call.name)));
                };
                let (name, value) = (name.to_string_lossy().to_lowercase(), value.to_string_lossy());
                let words = format!(" with the header `{name}: {value}`");
                requests.narrow(call, words, |sent| sent.headers.get(&name) == Some(&value))
            }),
            ("requested:with_body", |call, requests, args| {
                let part = one_text(call, args)?;
                requests.narrow(call, format!(" with `{part}` in its body"), |sent| sent.body.contains(&part))
            }),
            ("requested:with_json", |call, requests, args| {
                let [expected @ Value::Table(_)] = args else {
                    return Err(Error::new(Kind::Recipe, format!("`{}` takes a table", call.name))
                        .hint("each member that it names must be there, with this value"));
                };
                let words = format!(" with the JSON {}", shown::show(expected));
                let expected = Plain::from_lua(expected)?.to_json()?;
                requests.narrow(call, words, |sent| {
                    serde_json::from_str(&sent.body).is_ok_and(|body: Json| holds(&body, &expected))
                })
            }),
            ("requested:once", |call, requests, _| requests.count(call, 1)),
            ("requested:times", |call, requests, args| match args {
                [Value::Integer(times)] if *times >= 1 => requests.count(call, *times as usize),
                _ => Err(Error::new(Kind::Recipe, "`requested:times` takes a whole number from 1")
                    .hint("what is not sent at all is `run:never_requested(\"POST\", url)`")),
            }),
        ]
    }

    /// Of the first request; secrets are masked in it.
    fn field(&self, call: &Call, name: &str) -> Result<Value> {
        let Some(first) = self.sent.first() else { return Ok(Value::Nil) };
        let text = |text: &str| call.lua.create_string(text).map(Value::String);
        let value = match name {
            "headers" => call.lua.create_table_from(first.headers.clone()).map(Value::Table),
            "json" => match serde_json::from_str(&first.body) {
                Ok(body) => to_lua(&call.lua, &body),
                Err(_) => Ok(Value::Nil), // a body that is not JSON has none
            },
            _ => text(&first.body),
        };
        value.map_err(from_lua)
    }
}

impl Requests {
    fn narrow(&self, call: &Call, words: String, fits: impl Fn(&Requested) -> bool) -> Result<Value> {
        let left: Vec<Requested> = self.sent.iter().filter(|sent| fits(sent)).cloned().collect();
        if left.is_empty() {
            self.refute(call, &words, self.lines())?;
        }
        give(call, Requests { sent: left, said: format!("{}{words}", self.said), ..self.clone() })
    }

    fn count(&self, call: &Call, times: usize) -> Result<Value> {
        if self.sent.len() != times {
            let often = if times == 1 { " once".to_owned() } else { format!(" {times} times") };
            self.refute(call, &often, format!("{} times: {}", self.sent.len(), self.lines()))?;
        }
        give(call, self.clone())
    }

    fn refute(&self, call: &Call, words: &str, found: String) -> Result<()> {
        let expected = format!("`{}` to be requested{}{words}", self.title, self.said);
        self.ground.refute(call, expected, found, Vec::new())
    }

    fn lines(&self) -> String {
        let headers = |sent: &Requested| {
            sent.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
        };
        let line = |sent: &Requested| format!("[{}] {}", headers(sent), shown::cut(&sent.body));
        self.sent.iter().map(line).collect::<Vec<_>>().join("; ")
    }
}

/// Whether each member of `expected` is in `found`; lists are compared whole, item by item in the same way.
fn holds(found: &Json, expected: &Json) -> bool {
    match (found, expected) {
        (Json::Object(found), Json::Object(expected)) => {
            expected.iter().all(|(name, expected)| found.get(name).is_some_and(|found| holds(found, expected)))
        }
        (Json::Array(found), Json::Array(expected)) => {
            found.len() == expected.len() && found.iter().zip(expected).all(|(found, expected)| holds(found, expected))
        }
        (Json::Number(found), Json::Number(expected)) => found.as_f64() == expected.as_f64(),
        (found, expected) => found == expected,
    }
}
