//! Puts the values of params into the templates of `needs`, such as `{dir}`.

use super::params::Params;
use super::values::ParamValue;
use crate::error::{Error, Kind, Result};
use crate::suggest;

/// A piece of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Text(String),
    Param(String),
}

/// The pieces of a template; `{{` and `}}` mean the braces themselves.
pub fn pieces(template: &str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find(['{', '}']) {
        text.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            text.push_str(brace);
            rest = after;
        } else if brace == "}" {
            text.push('}');
        } else {
            let (name, after) = rest.split_once('}').ok_or_else(|| unclosed(template))?;
            pieces.push(Piece::Text(std::mem::take(&mut text)));
            pieces.push(Piece::Param(name.trim().to_owned()));
            rest = after;
        }
    }
    text.push_str(rest);
    pieces.push(Piece::Text(text));
    pieces.retain(|piece| *piece != Piece::Text(String::new()));
    Ok(pieces)
}

fn unclosed(template: &str) -> Error {
    Error::new(Kind::Recipe, format!("cannot read `{template}`: a `{{` is never closed"))
        .hint("write `{name}` for the value of a param, or `{{` for a brace")
}

/// Which of the needs a template belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Run,
    Path,
    Connect,
    Objects,
    /// Any other name.
    Name,
}

/// Every string that `template` expands to: usually one, none if it names a param without a value,
/// and one for each item if it names a list. `{dir}/{files}` with an absolute file expands to the file.
/// In paths, pattern characters in the value of a path param get a `\` in front.
/// A hook needs the programs of its commands, or the server of its address.
pub fn expand(template: &str, need: Need, params: &Params) -> Result<Vec<String>> {
    let mut expanded = vec![String::new()];
    for piece in pieces(template)? {
        let is_path = need == Need::Path && matches!(piece, Piece::Param(_));
        let values = match piece {
            Piece::Text(text) if need == Need::Path => vec![escaped(&text, &['\\'])],
            Piece::Text(text) => vec![text],
            Piece::Param(name) => values_of(&name, template, need, params)?,
        };
        expanded =
            expanded.iter().flat_map(|start| values.iter().map(move |value| joined(start, value, is_path))).collect();
    }
    Ok(expanded)
}

/// Appends a value; an absolute path replaces the folder before it.
fn joined(start: &str, value: &str, is_path: bool) -> String {
    let is_whole = is_path && start.ends_with('/') && value.starts_with('/');
    if is_whole { value.to_owned() } else { format!("{start}{value}") }
}

/// A text with a `\` before each of these characters.
fn escaped(text: &str, letters: &[char]) -> String {
    text.chars().flat_map(|letter| letters.contains(&letter).then_some('\\').into_iter().chain([letter])).collect()
}

fn values_of(name: &str, template: &str, need: Need, params: &Params) -> Result<Vec<String>> {
    let cannot = format!("cannot expand `{template}`");
    match params.get(name) {
        None => Err(Error::new(Kind::Recipe, cannot)
            .because_text(format!("there is no param `{name}`"))
            .hint(suggest::hint(name, params.iter().map(|(known, _)| known)))),
        Some(ParamValue::Secret(_)) => Err(Error::new(Kind::Recipe, cannot)
            .because_text(format!("`{name}` is a secret, and what a recipe needs is shown"))
            .hint("name no secret in `needs`")),
        Some(ParamValue::Absent) => Ok(Vec::new()),
        Some(ParamValue::Path(path)) if need == Need::Path => {
            Ok(vec![escaped(&path.to_string_lossy(), &['\\', '*', '?', '['])])
        }
        Some(ParamValue::List(items)) if need == Need::Path => {
            Ok(items.iter().map(|item| escaped(item, &['\\'])).collect())
        }
        Some(ParamValue::List(items)) => Ok(items.clone()),
        Some(ParamValue::Commands(commands)) => match need {
            Need::Run => Ok(commands.iter().filter_map(|words| words.first().cloned()).collect()),
            Need::Path | Need::Connect | Need::Objects | Need::Name => Ok(Vec::new()),
        },
        Some(ParamValue::Address(address)) => match need {
            Need::Connect => Ok(vec![address.origin()]),
            Need::Run | Need::Path | Need::Objects | Need::Name => Ok(Vec::new()),
        },
        Some(value) => Ok(vec![value.to_string()]),
    }
}
