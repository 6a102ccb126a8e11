//! Assertions on the text that a run showed, and on text that it never showed.

use mlua::Value;

use crate::error::Result;
use crate::lua::exports::Call;
use crate::lua::secret_value::SecretValue;
use crate::specs::assertions::{again, search};
use crate::specs::handle::{Method, one_text};
use crate::specs::matchers::finds;
use crate::specs::trial::run_handle::Run;

pub const METHODS: &[Method<Run>] =
    &[("run:said", said), ("run:never_said", never_said), ("run:never_showed", never_showed)];

fn said(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    let text = one_text(call, args)?;
    match line_with(call, run, &text)? {
        Some(_) => again(call, run),
        None if run.rehearsed.said.is_empty() => {
            run.fail(call, format!("the run to say `{text}`"), "it said nothing", Vec::new())
        }
        None => {
            let lines = run.rehearsed.said.iter().map(|line| format!("+ {line}")).collect();
            run.fail(call, format!("the run to say `{text}`"), "other lines only", lines)
        }
    }
}

fn never_said(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    let unwanted = one_text(call, args)?;
    match line_with(call, run, &unwanted)? {
        None => again(call, run),
        Some(line) => run.fail(call, format!("the run never to say `{unwanted}`"), line, Vec::new()),
    }
}

/// The first line that has the text in it, or that a pattern of this text matches.
fn line_with(call: &Call, run: &Run, text: &str) -> Result<Option<String>> {
    let lines = &run.rehearsed.said;
    if let Some(line) = lines.iter().find(|line| line.contains(text)) {
        return Ok(Some(line.clone()));
    }
    for line in lines {
        // Most texts are not patterns, so an invalid `%` or `[` is not an error: the line is just not found.
        if finds(call, line, text).unwrap_or(false) {
            return Ok(Some(line.clone()));
        }
    }
    Ok(None)
}

fn never_showed(call: &Call, run: &Run, args: &[Value]) -> Result<Value> {
    let secret = args.first().and_then(Value::as_userdata).and_then(|data| data.borrow::<SecretValue>().ok());
    let text = match secret.map(|secret| secret.0.expose().to_owned()) {
        Some(secret) => secret,
        None => one_text(call, args)?,
    };
    match search::find(run, &text) {
        None => again(call, run),
        Some(place) => run.fail(call, format!("`{text}` never to be shown"), format!("it is in {place}"), Vec::new()),
    }
}
