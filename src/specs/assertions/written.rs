//! One file that a run wrote, or object that it put: its content, its mode, and its manifest.

use std::path::PathBuf;

use bytes::Bytes;
use mlua::Value;

use crate::catalog::manifest;
use crate::catalog::manifest::Manifest;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::specs::assertions::search::{gunzipped, unzstded};
use crate::specs::excluded::Lie;
use crate::specs::handle::{Method, Subject, give, one_text};
use crate::specs::trial::run_handle::Run;
use crate::specs::{diff, shown};
use crate::stream::sha256::Sha256;
use crate::units::show_size;

/// A file that a run wrote.
#[derive(Clone)]
pub struct Written {
    pub run: Run,
    pub path: PathBuf,
}

impl Subject for Written {
    const NAME: &'static str = "run:wrote(...)";
    const FIELDS: &'static [&'static str] = &["path", "size_bytes"];

    fn methods() -> Vec<Method<Written>> {
        vec![
            ("wrote:gunzips_to", |call, file, args| {
                let plain = gunzipped(&file.content(call)?);
                file.holds(call, args, plain, "to gunzip to")
            }),
            ("wrote:unzstds_to", |call, file, args| {
                let plain = unzstded(&file.content(call)?);
                file.holds(call, args, plain, "to unzstd to")
            }),
            ("wrote:equals", |call, file, args| {
                let content = file.content(call)?;
                file.holds(call, args, Ok(content), "to equal")
            }),
            ("wrote:contains", contains),
            ("wrote:has_mode", has_mode),
            ("wrote:has_manifest", |call, file, _| match file.manifest_flaw() {
                None => give(call, file.clone()),
                Some(flaw) => file.fail(call, "to have a manifest that describes it", flaw, Vec::new()),
            }),
        ]
    }

    fn field(&self, call: &Call, name: &str) -> Result<Value> {
        let text =
            |text: &str| call.lua.create_string(text).map(Value::String).map_err(crate::lua::traceback::from_lua);
        match name {
            "path" => text(&self.path.display().to_string()),
            _ => Ok(self
                .run
                .rehearsed
                .after
                .size_of(&self.path)
                .map_or(Value::Nil, |size_bytes| Value::Integer(size_bytes as i64))),
        }
    }
}

impl Written {
    fn content(&self, call: &Call) -> Result<Bytes> {
        let content = self.run.rehearsed.after.content(&self.path);
        content.ok_or_else(|| {
            Error::new(
                Kind::Recipe,
                format!("`{}` cannot look into `{}`: it is no plain file", call.name, self.path.display()),
            )
        })
    }

    fn holds(&self, call: &Call, args: &[Value], found: Result<Bytes>, words: &str) -> Result<Value> {
        let expected = one_bytes(call, args)?;
        self.run.trial.excludes(&self.run.rehearsed, &[Lie::OtherContent]);
        let shown = |bytes: &[u8]| shown::cut(&format!("{:?}", String::from_utf8_lossy(bytes)));
        let asked = format!("{words} {}", shown(&expected));
        match found {
            Err(error) => self.fail(call, &asked, error.one_line(), Vec::new()),
            Ok(found) if found == expected => give(call, self.clone()),
            Ok(found) => {
                let lines =
                    |bytes: &[u8]| String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect::<Vec<_>>();
                let diff = diff::lines(&lines(&expected), &lines(&found));
                self.fail(call, &asked, format!("{} ({})", shown(&found), show_size(found.len() as u64)), diff)
            }
        }
    }

    fn fail(&self, call: &Call, words: &str, found: impl Into<String>, diff: Vec<String>) -> Result<Value> {
        self.run.fail(call, format!("`{}` {words}", self.path.display()), found, diff)
    }

    /// Why the manifest beside the file does not prove it.
    fn manifest_flaw(&self) -> Option<String> {
        let after = &self.run.rehearsed.after;
        let beside = manifest::path_beside(&self.path);
        let Some(text) = after.content(&beside) else {
            return Some(format!("there is no `{}`", beside.display()));
        };
        let manifest: Manifest = match serde_json::from_slice(&text) {
            Ok(manifest) => manifest,
            Err(cause) => return Some(format!("`{}` is no manifest: {cause}", beside.display())),
        };
        let size_bytes = after.size_of(&self.path)?;
        if self.path.file_name().and_then(|name| name.to_str()) != Some(&manifest.name) {
            return Some(format!("it describes `{}`", manifest.name));
        }
        if manifest.size_bytes != size_bytes {
            return Some(format!("it says {}, and the file has {size_bytes}", manifest.size_bytes));
        }
        let sha256 = hash(&after.content(&self.path)?);
        (sha256 != manifest.sha256).then(|| format!("its sha256 is of another file than this one: {sha256}"))
    }
}

fn hash(content: &[u8]) -> String {
    let mut hash = Sha256::default();
    hash.update(content);
    hash.hex()
}

fn contains(call: &Call, file: &Written, args: &[Value]) -> Result<Value> {
    let part = one_text(call, args)?;
    file.run.trial.excludes(&file.run.rehearsed, &[Lie::OtherContent]);
    let content = file.content(call)?;
    match String::from_utf8_lossy(&content).contains(&part) {
        true => give(call, file.clone()),
        false => {
            file.fail(call, &format!("to contain `{part}`"), shown::cut(&String::from_utf8_lossy(&content)), Vec::new())
        }
    }
}

fn has_mode(call: &Call, file: &Written, args: &[Value]) -> Result<Value> {
    let text = one_text(call, args)?;
    let asked = u32::from_str_radix(&text, 8).ok().filter(|mode| *mode <= 0o7777);
    let asked = asked.ok_or_else(|| {
        Error::new(Kind::Recipe, format!("`{text}` is not a mode"))
            .hint("write it as `chmod` takes it, such as \"0600\"")
    })?;
    match file.run.rehearsed.after.at(&file.path) {
        Some(seen) if seen.stat.mode == asked => give(call, file.clone()),
        seen => {
            let found = seen.map_or("it is gone".to_owned(), |seen| format!("mode {:04o}", seen.stat.mode));
            file.fail(call, &format!("to have mode {asked:04o}"), found, Vec::new())
        }
    }
}

/// The one text that a method takes, to the byte.
fn one_bytes(call: &Call, args: &[Value]) -> Result<Bytes> {
    match args {
        [Value::String(text)] => Ok(Bytes::copy_from_slice(&text.as_bytes())),
        _ => Err(Error::new(Kind::Recipe, format!("`{}` takes one text", call.name))),
    }
}
