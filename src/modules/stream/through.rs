//! `:through`: a declared program as a stage of a stream.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::method::Stage;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options::Text;
use crate::stream::deferred::Deferred;
use crate::units::duration;
use crate::world::program::Through;
use crate::world::{Command, shells};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ThroughOptions {
    program: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: BTreeMap<String, Text>,
    cwd: Option<PathBuf>,
    /// The command line that undoes it, for the line that restores the backup.
    undo: Option<String>,
    max_bytes: Option<u64>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

/// The stage succeeds only if the program has read everything and exited with code 0.
pub fn through(call: &Call, options: ThroughOptions) -> Result<Stage> {
    if options.undo.as_ref().is_some_and(|undo| undo.trim().is_empty() || undo.contains('\n')) {
        return Err(Error::new(Kind::Recipe, "`undo` of `:through` is one command line")
            .hint("leave it out where nothing undoes the program: the backup is then what the program wrote"));
    }
    let mut caller = call.world()?;
    // While the other copies of a stream wait for a stalled one, its program gets no input either.
    let idle = options.idle_timeout.unwrap_or(caller.limits.idle * 2);
    caller = caller.limited(options.timeout, Some(idle));
    let command = Command {
        args: options.args,
        env: options.env.into_iter().map(|(name, value)| (name, value.0)).collect(),
        cwd: options.cwd,
        stdin: true,
        ..Command::new(&options.program)
    };
    Ok(Stage::holding(1 << 20, move |source, facts| {
        facts.lock().through(&command.line(), options.undo);
        facts.lock().remarks.extend(shells::remark(&command.program));
        let program = command.program.clone();
        Box::new(Deferred::new(async move {
            let child = caller.spawn(command).await?;
            Ok(Box::new(Through::new(program, source, child).at_most(options.max_bytes)) as _)
        }))
    }))
}
