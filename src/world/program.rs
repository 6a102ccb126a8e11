//! Joins a program's output to its exit: the output has ended well only if the program has too.

use std::collections::BTreeMap;

use bytes::Bytes;
use futures_util::future::BoxFuture;

pub use through::Through;

use super::{Caller, Child, Command, Exit, SecretOrText, reply::Process};
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Sink, Source, pump::collect};

mod through;

/// The `PATH` that cron leaves out and every program needs.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// Variables that every child inherits unchanged.
const PASSED_ON: [&str; 5] = ["PATH", "HOME", "USER", "LOGNAME", "TZ"];

/// How many lines of a program's standard error are shown.
const TOLD_LINES: usize = 20;

/// Turns the failure of a known program into an error.
pub type Explain = Box<dyn Fn(&Exit) -> Error + Send>;

/// Reads warnings from the successful exit of a known program.
type Heed = Box<dyn FnOnce(&Exit) + Send>;

/// The output of a program; its `End` means that the program exited with an accepted code: 0, by default.
pub struct ProgramSource {
    program: String,
    stdout: Box<dyn Source>,
    process: Box<dyn Process>,
    explain: Option<Explain>,
    ok_codes: Vec<i32>,
    heed: Option<Heed>,
}

impl ProgramSource {
    /// Closes the program's standard input, unless the caller took it before.
    pub fn new(program: impl Into<String>, child: Child) -> ProgramSource {
        let Child { stdin, stdout, process } = child;
        drop(stdin);
        ProgramSource { program: program.into(), stdout, process, explain: None, ok_codes: vec![0], heed: None }
    }

    /// Sets a function that explains the failure of a known program.
    pub fn explain(self, explain: impl Fn(&Exit) -> Error + Send + 'static) -> ProgramSource {
        ProgramSource { explain: Some(Box::new(explain)), ..self }
    }

    /// Sets a function that sees the successful exit of a known program: its warnings are on its standard error.
    pub fn heeding(self, heed: impl FnOnce(&Exit) + Send + 'static) -> ProgramSource {
        ProgramSource { heed: Some(Box::new(heed)), ..self }
    }

    /// Accepts these exit codes as success.
    pub fn accepting(self, ok_codes: Vec<i32>) -> ProgramSource {
        ProgramSource { ok_codes, ..self }
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = self.stdout.next().await?;
        if piece == Piece::End {
            let exit = self.process.wait().await?;
            if !exit.code.is_some_and(|code| self.ok_codes.contains(&code)) {
                return Err(match &self.explain {
                    Some(explain) => explain(&exit),
                    None => failure(&self.program, &exit),
                });
            }
            if let Some(heed) = self.heed.take() {
                heed(&exit);
            }
        }
        Ok(piece)
    }
}

impl Source for ProgramSource {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// Runs a program to its end, successful or not, and returns its output, at most `max_stdout` bytes.
pub async fn run_to_end(program: &str, child: Child, max_stdout: usize) -> Result<(Bytes, Exit)> {
    let Child { stdin, mut stdout, mut process } = child;
    drop(stdin);
    let too_large = || {
        Error::new(Kind::Other, format!("`{program}` wrote more than {max_stdout} bytes"))
            .hint("take its output as a stream")
    };
    let output = collect(stdout.as_mut(), max_stdout, too_large).await?;
    Ok((output, process.wait().await?))
}

/// Starts a program, feeds it `input`, and returns its output, at most `max_stdout` bytes, however it ended.
pub async fn ask(
    caller: &Caller,
    command: Command,
    input: Option<&SecretOrText>,
    max_stdout: usize,
) -> Result<(Bytes, Exit)> {
    let program = command.program.clone();
    let mut child = caller.spawn(command).await?;
    let feed = feed(child.stdin.take(), input);
    let (fed, answer) = futures_util::future::join(feed, run_to_end(&program, child, max_stdout)).await;
    let (output, exit) = answer?;
    // A failing program may not have read all of its input: its exit says more than the broken pipe.
    if exit.success() {
        fed?;
    }
    Ok((output, exit))
}

async fn feed(stdin: Option<Box<dyn Sink>>, input: Option<&SecretOrText>) -> Result<()> {
    let (Some(mut stdin), Some(input)) = (stdin, input) else { return Ok(()) };
    stdin.write(Bytes::copy_from_slice(input.expose().as_bytes())).await?;
    // Not sealed: a program may answer without reading all of its input.
    stdin.commit().await
}

/// Messages of programs when the sandbox or the system denies access to a path.
const DENIED: [&str; 3] = ["Permission denied", "Operation not permitted", "Read-only file system"];

/// The error of a program that did not exit with code 0; the end of its standard error is the cause.
pub fn failure(program: &str, exit: &Exit) -> Error {
    let what = match exit.signal {
        Some(signal) => format!("`{program}` was ended by signal {signal}"),
        None => format!("`{program}` failed"),
    };
    let lines: Vec<&str> = exit.stderr.trim().lines().collect();
    let last = lines[lines.len().saturating_sub(TOLD_LINES)..].join("\n");
    let error = Error::new(Kind::Command, what);
    let error = match (last.is_empty(), exit.signal) {
        (true, Some(_)) => error,
        (true, None) => error.because_text(exit.words()),
        (false, _) => error.because_text(last),
    };
    match exit.signal {
        Some(9) => error.hint("the kernel does this when memory runs out: look at `dmesg`"),
        _ => match exit.stderr.lines().find(|line| DENIED.iter().any(|words| line.contains(words))) {
            Some(line) if is_of_network(line) => error.hint(
                "a program reaches only what its recipe declares: add the server to `needs.connect`, or its socket to `needs.sockets`",
            ),
            Some(_) => error.hint(
                "a program reaches only what its recipe declares: if the path is right, add it to `needs.read` or `needs.write`",
            ),
            None => error,
        },
    }
}

/// Whether the program could not reach a server, as opposed to a path.
fn is_of_network(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    ["socket", "connect", "resolve", "network", " port "].iter().any(|word| line.contains(word))
}

/// The inherited part of a child's environment: enough to work, with output in one language so that it can be parsed.
pub fn passed_on(ours: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let passed = PASSED_ON.iter().filter_map(|name| Some((name.to_string(), ours.get(*name)?.clone())));
    let mut child: BTreeMap<String, String> = passed.collect();
    child.entry("PATH".into()).or_insert_with(|| DEFAULT_PATH.into());
    child.insert("LANG".into(), "C.UTF-8".into());
    child.insert("LC_MESSAGES".into(), "C".into());
    child
}

/// The whole environment of a child: the inherited part, plus what the command adds.
pub fn environment_of_child(command: &Command, ours: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut env = passed_on(ours);
    env.extend(command.env.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())));
    env
}
