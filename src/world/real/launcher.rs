//! Runs other recipes in processes of their own: by a helper that is started before this process is walled in, since a wall is inherited.
//!
//! The helper is hikae itself. It reads lines from its standard input (`{"run": [arguments]}` or `"cancel"`), runs one recipe at a
//! time, and answers each with a line. When its input ends, it cancels what runs, and ends with it.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, MutexGuard, mpsc};
use std::thread;

use rustix::process::{Pid, Signal, kill_process};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::blocking::blocking;
use crate::error::{Error, Kind, Result};
use crate::world::recipes::{RecipeCall, RunOutcome};

/// The hidden command that a helper is.
pub const COMMAND: &str = "launch-recipes";

/// How much of what a refused run says on its standard error is kept.
const MAX_STDERR_BYTES: u64 = 64 << 10;

static LAUNCHER: Mutex<Option<Launcher>> = Mutex::new(None);

struct Launcher {
    /// Ends with this process, and so does its input.
    _process: Child,
    input: ChildStdin,
    output: Option<BufReader<ChildStdout>>,
    /// What comes before every command line: the configuration folder.
    first: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Order {
    Run(Vec<String>),
    Cancel,
}

/// How a run ended; without an outcome, it never began.
#[derive(Serialize, Deserialize)]
struct Ended {
    outcome: Option<Value>,
    stderr: String,
}

/// Starts the helper; to be called before the process is walled in.
pub fn start(config_dir: &std::path::Path) -> Result<()> {
    let cannot = |cause| Error::io("cannot start the helper that runs other recipes", cause);
    let program = std::env::current_exe().map_err(cannot)?;
    let mut command = Command::new(program);
    command.arg(COMMAND).stdin(Stdio::piped()).stdout(Stdio::piped()).process_group(0);
    let mut process = command.spawn().map_err(cannot)?;
    let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
        return Err(Error::new(Kind::Other, "the helper that runs other recipes has no pipes"));
    };
    let first = vec!["--config-dir".to_owned(), config_dir.display().to_string()];
    *lock() = Some(Launcher { _process: process, input, output: Some(BufReader::new(output)), first });
    Ok(())
}

fn lock() -> MutexGuard<'static, Option<Launcher>> {
    LAUNCHER.lock().unwrap_or_else(|broken| broken.into_inner())
}

/// Cancels the run when nobody waits for it any more.
struct CancelOnDrop;

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        if let Some(launcher) = lock().as_mut() {
            // A helper that is gone has nothing to cancel.
            launcher.send(&Order::Cancel).unwrap_or_default();
        }
    }
}

impl Launcher {
    fn send(&mut self, order: &Order) -> std::io::Result<()> {
        let line = serde_json::to_string(order)?;
        self.input.write_all(line.as_bytes())?;
        self.input.write_all(b"\n")
    }
}

/// Runs a recipe and gives its outcome, whatever that is. A run that never began is an error.
pub async fn run(call: &RecipeCall) -> Result<RunOutcome> {
    let recipe = call.recipe.clone();
    let gone = || Error::new(Kind::Other, "the helper that runs other recipes is gone");
    let mut output = {
        let mut held = lock();
        let launcher = held.as_mut().ok_or_else(gone)?;
        let output = launcher.output.take().ok_or_else(|| {
            Error::new(Kind::Recipe, "another recipe runs already").hint("run one recipe after the other")
        })?;
        let args = launcher.first.iter().cloned().chain(call.args()).collect();
        launcher.send(&Order::Run(args)).map_err(|cause| gone().because(cause))?;
        output
    };
    let cancel = CancelOnDrop;
    let line = blocking(move || {
        let mut line = String::new();
        let read = output.read_line(&mut line);
        if let Some(launcher) = lock().as_mut() {
            launcher.output = Some(output);
        }
        read.map(|_| line).map_err(|cause| Error::io("cannot read what became of the recipe", cause))
    })
    .await?;
    std::mem::forget(cancel);
    let ended: Ended = serde_json::from_str(&line).map_err(|cause| gone().because(cause))?;
    ended.outcome.ok_or_else(|| never_began(&recipe, &ended.stderr))
}

fn never_began(recipe: &str, stderr: &str) -> Error {
    let mut lines = stderr.lines().map(str::trim).filter(|line| !line.is_empty());
    let why = lines.next().unwrap_or("it said nothing").trim_start_matches("error: ").to_owned();
    Error::new(Kind::Recipe, format!("the recipe `{recipe}` could not be run"))
        .because_text(why)
        .hint(format!("`hikae check {recipe}` shows what is wrong"))
}

/// What the helper hears of.
enum Event {
    Order(Order),
    Ended(Ended),
    /// Nobody is there any more who could give an order.
    Alone,
}

/// Is the helper, until its input ends.
pub fn serve() {
    let (tell, events) = mpsc::channel();
    let teller = tell.clone();
    thread::spawn(move || {
        for line in std::io::stdin().lines().map_while(std::result::Result::ok) {
            if let Ok(order) = serde_json::from_str(&line) {
                teller.send(Event::Order(order)).unwrap_or_default();
            }
        }
        teller.send(Event::Alone).unwrap_or_default();
    });
    let (mut running, mut alone) = (None, false);
    for event in events {
        match event {
            Event::Order(Order::Run(args)) => running = begin(&args, &tell),
            Event::Order(Order::Cancel) => cancel(running),
            Event::Ended(ended) => {
                running = None;
                reply(&ended);
            }
            Event::Alone => {
                cancel(running);
                alone = true;
            }
        }
        if alone && running.is_none() {
            return;
        }
    }
}

/// Starts hikae with these arguments; its end is told.
fn begin(args: &[String], tell: &mpsc::Sender<Event>) -> Option<Pid> {
    let spawned = std::env::current_exe().and_then(|program| {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).spawn()
    });
    let tell = tell.clone();
    match spawned {
        Ok(child) => {
            let id = Pid::from_raw(child.id().cast_signed());
            thread::spawn(move || tell.send(Event::Ended(wait(child))).unwrap_or_default());
            id
        }
        Err(cause) => {
            tell.send(Event::Ended(Ended { outcome: None, stderr: cause.to_string() })).unwrap_or_default();
            None
        }
    }
}

/// Reads what a run says to its end. Its last line is the outcome, when it has one.
fn wait(mut child: Child) -> Ended {
    let stderr = child.stderr.take();
    let errors = thread::spawn(move || {
        let mut text = Vec::new();
        if let Some(mut stderr) = stderr {
            stderr.by_ref().take(MAX_STDERR_BYTES).read_to_end(&mut text).unwrap_or_default();
            std::io::copy(&mut stderr, &mut std::io::sink()).unwrap_or_default();
        }
        String::from_utf8_lossy(&text).into_owned()
    });
    let mut outcome = None;
    for line in child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).lines()) {
        let value = line.ok().and_then(|line| serde_json::from_str::<Value>(&line).ok());
        outcome = value.filter(|value| value.get("steps").is_some() && value.get("status").is_some()).or(outcome);
    }
    // Its end closes both pipes, and its exit code says no more than its outcome.
    child.wait().map(drop).unwrap_or_default();
    Ended { outcome, stderr: errors.join().unwrap_or_default() }
}

fn cancel(running: Option<Pid>) {
    if let Some(id) = running {
        // One that has just ended is not there to be told.
        kill_process(id, Signal::TERM).unwrap_or_default();
    }
}

fn reply(ended: &Ended) {
    let mut line = serde_json::to_string(ended).unwrap_or_default();
    line.push('\n');
    let mut out = std::io::stdout();
    // Nobody reads it who is gone.
    out.write_all(line.as_bytes()).and_then(|()| out.flush()).unwrap_or_default();
}
