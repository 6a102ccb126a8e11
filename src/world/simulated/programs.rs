//! Starts the programs of a simulated world: the output and the exit of each come from the setup, or from a function.

pub(crate) mod process;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::clock::Pace;
use super::seen::Ran;
use super::setup_values::{self, table_or_text};
use super::state::Shared;
use crate::error::{Error, Kind, Result};
use crate::suggest::{listed, nearest};
use crate::world::program::environment_of_child;
use crate::world::refusals::{no_such_cwd, not_on_path};
use crate::world::simulated::programs::process::Play;
use crate::world::{Child, Command, Exit};

/// The folder of this world's programs.
const FOLDER: &str = "/usr/bin";

/// A program of this world.
#[derive(Clone)]
pub enum Program {
    Canned(Canned),
    /// Reads all of its input, and then returns what it does.
    Function(Function),
    /// May answer while its input is still open, as psql does: with no answer it reads on.
    Talking(Function),
}

pub type Function = Arc<dyn Fn(Call) -> BoxFuture<'static, Result<Option<Canned>>> + Send + Sync>;

/// The arguments of a function: the call that it answers.
#[derive(Clone, Debug)]
pub struct Call {
    pub program: String,
    pub args: Vec<String>,
    /// The child's whole environment, with its secrets.
    pub env: BTreeMap<String, String>,
    pub cwd: Option<PathBuf>,
    pub stdin: Bytes,
    /// Whether more input may follow.
    pub open: bool,
}

/// A program's output, its duration, and its exit.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Canned {
    #[serde(deserialize_with = "setup_values::bytes")]
    pub stdout: Bytes,
    #[serde(deserialize_with = "setup_values::bytes")]
    pub stderr: Bytes,
    /// The exit code.
    #[serde(rename = "exit")]
    pub code: i32,
    /// The signal that ends it, instead of an exit code.
    pub signal: Option<i32>,
    /// Its duration, spread over its output.
    #[serde(deserialize_with = "setup_values::duration")]
    pub takes: Duration,
    /// It dies after this many bytes: by its `signal`, with its `code` unless that is 0, or else by signal 9.
    #[serde(deserialize_with = "setup_values::size")]
    pub dies_after: Option<u64>,
    /// It writes this many bytes, or all of them, and then hangs.
    #[serde(deserialize_with = "setup_values::size")]
    pub hangs_after: Option<u64>,
    /// It reads this much of its input and no more.
    #[serde(deserialize_with = "setup_values::size")]
    pub reads_at_most: Option<u64>,
    /// The files that it has written when it ends successfully.
    pub writes: BTreeMap<PathBuf, Written>,
    /// It is not installed.
    pub missing: bool,
}

/// The content of a file that a program writes.
#[derive(Clone, Debug, Deserialize)]
pub struct Written(#[serde(deserialize_with = "setup_values::bytes")] pub Bytes);

impl Canned {
    pub fn says(stdout: impl Into<Bytes>) -> Canned {
        Canned { stdout: stdout.into(), ..Canned::default() }
    }

    /// How it ends, unless it hangs.
    pub fn exit(&self) -> Exit {
        let stderr = crate::secret::redact(&String::from_utf8_lossy(&self.stderr));
        let (code, signal) = match (self.dies_after, self.code, self.signal) {
            (_, _, Some(signal)) => (None, Some(signal)),
            (Some(_), 0, None) => (None, Some(9)),
            (_, code, None) => (Some(code), None),
        };
        Exit { code, signal, stderr }
    }
}

impl Program {
    pub fn says(stdout: impl Into<Bytes>) -> Program {
        Program::Canned(Canned::says(stdout))
    }

    /// A program implemented as a Rust function.
    pub fn function(answer: impl Fn(Call) -> Result<Canned> + Send + Sync + 'static) -> Program {
        Program::Function(Arc::new(move |call| Box::pin(std::future::ready(answer(call).map(Some)))))
    }

    fn missing(&self) -> bool {
        matches!(self, Program::Canned(Canned { missing: true, .. }))
    }
}

impl From<Canned> for Program {
    fn from(canned: Canned) -> Program {
        Program::Canned(canned)
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Program::Canned(canned) => canned.fmt(f),
            Program::Function(_) => f.write_str("Function"),
            Program::Talking(_) => f.write_str("Talking"),
        }
    }
}

table_or_text!(Program via Canned, "what it writes, or a table such as { stdout = \"…\", exit = 1 }", Program::says);

/// The programs of a world, by name.
pub type Programs = BTreeMap<String, Program>;

/// Starts `command`; `ours` is hikae's own environment.
pub fn start(
    command: Command,
    programs: &Programs,
    ours: &BTreeMap<String, String>,
    pace: Pace,
    shared: &Shared,
) -> Result<Child> {
    let env = environment_of_child(&command, ours);
    let program = match find(&command.program, programs) {
        Some(program) if program.missing() => {
            return Err(not_on_path(&command.program, env.get("PATH").map_or("", String::as_str)));
        }
        Some(program) => program.clone(),
        None => {
            shared.lock().undeclared.push(command.program.clone());
            return Err(undeclared(&command.program, programs));
        }
    };
    if let Some(cwd) = &command.cwd
        && let Err(cause) = shared.lock().whole().folder(cwd)
    {
        return Err(no_such_cwd(Error::io(format!("cannot start `{}`", command.program), cause), cwd));
    }
    let number = note(&command, shared);
    let (name, cwd, with_input) = (command.program.clone(), command.cwd, command.stdin);
    let call = Call { program: command.program, args: command.args, env, cwd, stdin: Bytes::new(), open: false };
    Ok(process::child(Play { name, program, call, number, pace, shared: shared.clone() }, with_input))
}

/// Records that a program was started; returns its index.
fn note(command: &Command, shared: &Shared) -> usize {
    let mut state = shared.lock();
    state.ran.push(Ran::of(command));
    state.ran.len() - 1
}

/// The path of a program.
pub fn which(program: &str, programs: &Programs) -> Option<PathBuf> {
    let found = find(program, programs).filter(|found| !found.missing());
    found.map(|_| if program.contains('/') { PathBuf::from(program) } else { Path::new(FOLDER).join(program) })
}

fn find<'a>(program: &str, programs: &'a Programs) -> Option<&'a Program> {
    let name = Path::new(program).strip_prefix(FOLDER).ok().and_then(Path::to_str).unwrap_or(program);
    programs.get(program).or_else(|| programs.get(name))
}

/// The error for a call of a program that the spec does not declare; it says what to declare.
fn undeclared(program: &str, programs: &Programs) -> Error {
    let error = Error::new(Kind::NotFound, format!("no program `{program}` in this world"));
    if programs.is_empty() {
        return error
            .because_text("no program is declared")
            .hint(format!("declare it: `programs = {{ {program} = … }}`"));
    }
    let names = || programs.keys().map(String::as_str);
    let error = error.because_text(format!("declared: {}", listed(names())));
    match nearest(program, names()) {
        Some(near) => error.hint(format!("did you mean `{near}`? else add it to the `programs` of the spec's world")),
        None => error.hint("add it to the `programs` of the spec's world"),
    }
}
