//! Which mails the server took: their recipients and content.

use std::rc::Rc;

use mlua::Value;
use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options;
use crate::lua::plain::Plain;
use crate::lua::traceback::from_lua;
use crate::specs::ground::Ground;
use crate::specs::handle::{Method, Subject, give};
use crate::specs::shown;
use crate::world::simulated::Posted;

/// The required parts of a mail. Texts are plain texts that must occur; an address must be among its recipients.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct MailPattern {
    to: Option<String>,
    from: Option<String>,
    subject: Option<String>,
    text: Option<String>,
    html: Option<String>,
}

impl MailPattern {
    fn read(call: &Call, args: &[Value]) -> Result<MailPattern> {
        match args {
            [] => Ok(MailPattern::default()),
            [value] => options::read_value(call.name, Plain::from_lua(value)?),
            _ => Err(Error::new(Kind::Recipe, format!("`{}` takes one table", call.name))
                .hint("run:mailed { to = \"ops@example.com\", subject = \"failed\" }")),
        }
    }

    fn fits(&self, mail: &Posted) -> bool {
        let has = |asked: &Option<String>, text: &str| asked.as_ref().is_none_or(|asked| text.contains(asked));
        self.to.as_ref().is_none_or(|asked| mail.to.contains(asked))
            && has(&self.from, &mail.from)
            && has(&self.subject, &mail.subject)
            && has(&self.text, &mail.text)
            && has(&self.html, mail.html.as_deref().unwrap_or_default())
    }

    fn words(&self) -> String {
        let named = [
            ("to", &self.to),
            ("from", &self.from),
            ("subject", &self.subject),
            ("text", &self.text),
            ("html", &self.html),
        ];
        let said: Vec<String> = named
            .into_iter()
            .filter_map(|(name, asked)| asked.as_ref().map(|asked| format!("{name} `{asked}`")))
            .collect();
        if said.is_empty() { "a mail".to_owned() } else { format!("a mail with {}", said.join(", ")) }
    }
}

/// The mails that all assertions so far hold for.
#[derive(Clone)]
pub struct Mails {
    ground: Rc<dyn Ground>,
    said: String,
    sent: Vec<Posted>,
}

/// `mailed { to = …, subject = … }`.
pub fn mailed(call: &Call, ground: Rc<dyn Ground>, args: &[Value]) -> Result<Value> {
    let asked = MailPattern::read(call, args)?;
    let sent: Vec<Posted> = ground.mailed().iter().filter(|mail| asked.fits(mail)).cloned().collect();
    if sent.is_empty() {
        let found = lines(ground.mailed());
        ground.refute(call, asked.words(), found, Vec::new())?;
    }
    give(call, Mails { ground, said: asked.words(), sent })
}

/// `never_mailed()`, or no mail that matches.
pub fn never_mailed(call: &Call, ground: &dyn Ground, args: &[Value]) -> Result<()> {
    let asked = MailPattern::read(call, args)?;
    match ground.mailed().iter().find(|mail| asked.fits(mail)) {
        None => Ok(()),
        Some(mail) => ground.refute(call, format!("never {}", asked.words()), line(mail), Vec::new()),
    }
}

impl Subject for Mails {
    const NAME: &'static str = "run:mailed(...)";
    const FIELDS: &'static [&'static str] = &["to", "subject", "text", "html", "message_id"];

    fn methods() -> Vec<Method<Mails>> {
        vec![
            ("mailed:once", |call, mails, _| mails.count(call, 1)),
            ("mailed:times", |call, mails, args| match args {
                [Value::Integer(times)] if *times >= 1 => mails.count(call, *times as usize),
                _ => Err(Error::new(Kind::Recipe, "`mailed:times` takes a whole number from 1")
                    .hint("no mail at all is `run:never_mailed()`")),
            }),
        ]
    }

    /// Of the first mail.
    fn field(&self, call: &Call, name: &str) -> Result<Value> {
        let Some(first) = self.sent.first() else { return Ok(Value::Nil) };
        let text = |text: &str| call.lua.create_string(text).map(Value::String).map_err(from_lua);
        match name {
            "to" => call.lua.create_sequence_from(first.to.clone()).map(Value::Table).map_err(from_lua),
            "subject" => text(&first.subject),
            "message_id" => text(&first.message_id),
            "html" => first.html.as_deref().map_or(Ok(Value::Nil), text),
            _ => text(&first.text),
        }
    }
}

impl Mails {
    fn count(&self, call: &Call, times: usize) -> Result<Value> {
        if self.sent.len() != times {
            let often = if times == 1 { "once".to_owned() } else { format!("{times} times") };
            let found = format!("{} times: {}", self.sent.len(), lines(&self.sent));
            self.ground.refute(call, format!("{} {often}", self.said), found, Vec::new())?;
        }
        give(call, self.clone())
    }
}

fn lines(mails: &[Posted]) -> String {
    if mails.is_empty() { "no mail".to_owned() } else { mails.iter().map(line).collect::<Vec<_>>().join("; ") }
}

fn line(mail: &Posted) -> String {
    format!("`{}` to {}: {}", mail.subject, mail.to.join(", "), shown::cut(&mail.text))
}
