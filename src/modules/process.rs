//! The module `process`: runs declared programs with a list of arguments, never a shell.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::{AnyUserData, Lua, Value};
use serde::Deserialize;

use crate::backup::pipeline::Pipeline;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::lua::options::Text;
use crate::lua::traceback::from_lua;
use crate::lua::unknown::Unknown;
use crate::modules::stream::Stream;
use crate::postgres::dump::warnings::heed;
use crate::secret::{Secret, redact};
use crate::stream::SharedFacts;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::units::duration;
use crate::world::dry_run::is_withheld;
use crate::world::program::ProgramSource;
use crate::world::{Caller, Command, SecretOrText, program, shells};

/// The most output of a program that `process.run` keeps.
const MAX_OUTPUT_BYTES: usize = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Options {
    program: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, Text>,
    cwd: Option<PathBuf>,
    stdin: Option<Text>,
    /// The command line that loads the bytes again, for the restore line of a backup.
    load: Option<String>,
    /// Exit codes that count as success.
    ok_codes: Option<Vec<i32>>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .wait("process.run", |call, (options,): (Options,)| run(call, options))?
        .call("process.stream", |call, (options,): (Options,)| stream(call, options))?
        .wait("process.which", |call, (program,): (String,)| async move {
            Ok(call.world()?.which(&program).await?.map(|path| path.display().to_string()))
        })
}

impl Options {
    fn command(&self) -> Command {
        Command {
            args: self.args.clone(),
            env: self.env.iter().map(|(name, value)| (name.clone(), hidden(&value.0))).collect(),
            cwd: self.cwd.clone(),
            stdin: self.stdin.is_some(),
            ok_codes: self.ok_codes.clone().unwrap_or_else(|| vec![0]),
            ..Command::new(&self.program)
        }
    }

    fn limit(&self, caller: Caller) -> Caller {
        caller.limited(self.timeout, self.idle_timeout)
    }
}

async fn run(call: Rc<Call>, options: Options) -> Result<Value> {
    let caller = options.limit(call.world()?);
    let step = call.session.step(options.command().line(), call.site());
    let answer =
        program::ask(&caller, options.command(), options.stdin.as_ref().map(|text| &text.0), MAX_OUTPUT_BYTES).await;
    let answer = answer.and_then(|(stdout, exit)| match options.command().accepts(&exit) {
        true => Ok((stdout, exit)),
        false => Err(program::failure(&options.program, &exit)),
    });
    if let Some(unknown) = unknown(&call, Unknown::answer(&options.program), &answer)? {
        return Ok(unknown);
    }
    let bytes = answer.as_ref().map_or(0, |(stdout, _)| stdout.len() as u64);
    step.end(0, bytes, answer.as_ref().err());
    let (stdout, exit) = answer?;
    let table = call.lua.create_table().map_err(from_lua)?;
    table.raw_set("code", exit.code).map_err(from_lua)?;
    table.raw_set("stdout", call.lua.create_string(&stdout).map_err(from_lua)?).map_err(from_lua)?;
    table.raw_set("stderr", exit.stderr).map_err(from_lua)?;
    Ok(Value::Table(table))
}

/// The placeholder in a plan for an answer that is not fetched: a recipe that does not use it continues.
pub fn unknown<T>(call: &Call, known_later: Unknown, answer: &Result<T>) -> Result<Option<Value>> {
    match answer {
        Err(error) if is_withheld(error) => {
            known_later.handle(&call.lua).map(|handle| Some(Value::UserData(handle))).map_err(from_lua)
        }
        _ => Ok(None),
    }
}

/// A stream of a program's output; it succeeds only if the program exits with 0 or a code in `ok_codes`.
fn stream(call: &Call, options: Options) -> Result<AnyUserData> {
    if options.stdin.is_some() {
        return Err(Error::new(Kind::Recipe, "`process.stream` takes no `stdin`").hint("`process.run` takes it"));
    }
    let caller = options.limit(call.world()?);
    let facts = SharedFacts::default();
    facts.lock().load = options.load.clone();
    facts.lock().remarks.extend(shells::remark(&options.program));
    let (count, stage_facts) = (Count::new(&facts), facts.clone());
    let command = options.command();
    let pipeline = Pipeline::new(command.line(), caller.limits, facts, move || async move {
        let (name, ok_codes) = (command.program.clone(), command.ok_codes.clone());
        let child = caller.spawn(command).await?;
        let source = ProgramSource::new(&name, child).accepting(ok_codes);
        let source = match name.rsplit('/').next() {
            Some(program @ ("pg_dump" | "pg_dumpall")) => source.heeding(heed(program, None, &stage_facts)),
            _ => source,
        };
        Ok(Box::new(Staged::new(Box::new(source), count)) as _)
    });
    Stream::create(call, pipeline, Vec::new())
}

/// A variable for a program. A text that holds a secret, such as the address of a repository with its token, is a secret as well.
fn hidden(value: &SecretOrText) -> SecretOrText {
    match value {
        SecretOrText::Plain(text) if redact(text) != *text => SecretOrText::Secret(Secret::new(text.as_str())),
        _ => value.clone(),
    }
}
