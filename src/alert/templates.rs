//! Turns an event into a message: its words, plain text, and HTML from a template, which the configuration folder can override.

use std::path::Path;

use handlebars::Handlebars;
use include_dir::{Dir, include_dir};
use serde_json::{Value, json};

use super::Tone;
use super::event::{Event, iso, local};
use super::text::plain_text;
use super::words::{Language, Words};
use crate::error::{Error, Kind, Result};
use crate::world::Caller;

static BUILT_IN: Dir = include_dir!("$CARGO_MANIFEST_DIR/templates/email");

/// The parts of templates, by the names under which templates include them.
const PARTS: [&str; 4] = ["layout", "row", "place", "finding"];

/// The maximum size of a template.
const MAX_BYTES: u64 = 256 << 10;

/// The message of an event.
#[derive(Clone, Debug)]
pub struct Message {
    pub subject: String,
    pub words: Words,
    pub text: String,
    /// `None` if there is no template, or if it cannot be used.
    pub html: Option<String>,
    /// Why there is no HTML, for the log: one line.
    pub warning: Option<String>,
}

/// The message of an event. Templates are read each time, so that a change needs no restart. A broken template
/// only means no HTML and a warning; the message is still sent.
pub async fn message(
    caller: &Caller,
    config_dir: &Path,
    event: &Event,
    language: Language,
    system_name: &str,
) -> Message {
    let words = Words::of(event, language, system_name);
    let event = event.shown();
    let text = plain_text(&event, &words);
    let (html, warning) = match html(caller, config_dir, &event, &words).await {
        Ok(html) => (html, None),
        Err(error) => (None, Some(format!("{}: the mail goes out as plain text", error.one_line()))),
    };
    Message { subject: words.subject.clone(), words, text, html, warning }
}

/// The HTML; none if the template is an empty file, which means that plain text is enough.
async fn html(caller: &Caller, config_dir: &Path, event: &Event, words: &Words) -> Result<Option<String>> {
    let mut engine = Handlebars::new();
    // A misspelt variable must not leave a gap in an alert.
    engine.set_strict_mode(true);
    let name = event.kind.template();
    let (template, shown) = source(caller, config_dir, name).await?;
    if template.trim().is_empty() {
        return Ok(None);
    }
    for part in PARTS {
        let (text, shown) = source(caller, config_dir, part).await?;
        engine.register_template_string(part, text).map_err(|error| broken(&shown, &error.to_string()))?;
    }
    engine.register_template_string(name, template).map_err(|error| broken(&shown, &error.to_string()))?;
    engine.render(name, &variables(event, words)).map(Some).map_err(|error| broken(&shown, &error.to_string()))
}

/// The text of a template and its place: the configuration folder's, else the built-in one.
async fn source(caller: &Caller, config_dir: &Path, name: &str) -> Result<(String, String)> {
    let below = format!("templates/email/{name}.hbs");
    let path = config_dir.join(&below);
    match caller.read(&path, MAX_BYTES).await {
        Ok(bytes) => {
            let shown = path.display().to_string();
            let text = String::from_utf8(bytes.to_vec()).map_err(|_| broken(&shown, "it is not UTF-8"))?;
            Ok((text, shown))
        }
        Err(error) if error.kind() == Kind::NotFound => {
            let built_in = BUILT_IN.get_file(format!("{name}.hbs")).and_then(|file| file.contents_utf8());
            built_in.map(|text| (text.to_owned(), below.clone())).ok_or_else(|| broken(&below, "there is none"))
        }
        Err(error) => Err(error),
    }
}

fn broken(shown: &str, why: &str) -> Error {
    let why = why.split_whitespace().collect::<Vec<_>>().join(" ");
    Error::new(Kind::Other, format!("cannot use the template `{shown}`")).because_text(why)
}

/// The colour of the bar: dark enough for white letters.
fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Good => "#067647",
        Tone::Neutral => "#175cd3",
        Tone::Warning => "#b54708",
        Tone::Danger => "#b42318",
    }
}

/// The variables of a template: the runbook's (§5.4), the whole event, and the words around it.
fn variables(event: &Event, words: &Words) -> Value {
    json!({
        "backupInfo": {
            "backupId": event.id,
            "type": event.run_type,
            "timestamp": iso(&event.time),
            "localTime": event.local_time,
            "error": event.error,
        },
        "systemUrl": event.system_url,
        "event": event,
        "colour": colour(event.tone()),
        "firstFailure": event.first_failure_local.clone().or_else(|| event.first_failure.as_ref().map(local)),
        "listed": event.listed(),
        "words": words,
    })
}
