//! A small process outside the walls that starts declared recipes, each as a separate run, and nothing else.
//!
//! Walls are inherited, so a run with different walls must be started from outside. The process is forked before the walls close, knows the
//! names of the allowed recipes, and runs no Lua. It ends with the run that uses it.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, set_parent_process_death_signal, setsid};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::error::{Error, Kind, Result};
use crate::world::recipe_run::RecipeRun;

/// The command-line option that says that the values of params come from standard input.
pub const GIVEN: &str = "--given";

/// What the run sends to the launcher, one line each.
#[derive(Deserialize, Serialize)]
enum Order {
    Start { number: u64, recipe: String, given: StdinParams },
    Cancel { number: u64 },
}

/// What a run receives on standard input, so that no secret is on a command line.
#[derive(Default, Deserialize, Serialize)]
pub struct StdinParams {
    pub parent: String,
    pub set: Vec<(String, String)>,
}

/// How a run ended.
#[derive(Deserialize, Serialize)]
struct Ended {
    number: u64,
    /// The last line of its output.
    last: String,
    code: i32,
}

/// The launcher connection, on the side of the run.
pub struct Launcher {
    pid: Pid,
    orders: Mutex<UnixStream>,
    waiting: Arc<Mutex<Waiting>>,
}

#[derive(Default)]
struct Waiting {
    next: u64,
    answers: BTreeMap<u64, oneshot::Sender<Ended>>,
}

impl Launcher {
    /// Forks the launcher, which may start `allowed` with `program` and the arguments `global`. Call this before any thread exists.
    pub fn fork(program: PathBuf, global: Vec<String>, allowed: Vec<String>) -> Result<Launcher> {
        let cannot = |cause| Error::io("cannot start the process that starts other recipes", cause);
        let (ours, theirs) = UnixStream::pair().map_err(cannot)?;
        // SAFETY: the process has no other thread yet, so no lock is held in the child.
        match unsafe { libc::fork() } {
            -1 => Err(cannot(std::io::Error::last_os_error())),
            0 => {
                drop(ours);
                serve(theirs, &program, &global, &allowed);
                // Unflushed output belongs to the run, not to the launcher.
                // SAFETY: the call takes a number and does not return.
                unsafe { libc::_exit(0) }
            }
            pid => {
                let pid = Pid::from_raw(pid).ok_or_else(|| cannot(std::io::ErrorKind::NotFound.into()))?;
                let waiting = Arc::new(Mutex::new(Waiting::default()));
                Ok(Launcher { pid, orders: Mutex::new(ours), waiting })
            }
        }
    }

    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Reads the launcher's answers. Threads may exist from here on.
    pub fn listen(&self) -> Result<()> {
        let heard = lock(&self.orders).try_clone().map_err(gone)?;
        let waiting = self.waiting.clone();
        let listen = move || {
            for line in BufReader::new(heard).lines().map_while(std::result::Result::ok) {
                let Ok(ended) = serde_json::from_str::<Ended>(&line) else { continue };
                let answer = lock(&waiting).answers.remove(&ended.number);
                if let Some(answer) = answer {
                    // After a cancelled call, there is no receiver.
                    drop(answer.send(ended));
                }
            }
            lock(&waiting).answers.clear();
        };
        std::thread::Builder::new().name("hikae-launch".into()).spawn(listen).map_err(gone)?;
        Ok(())
    }

    /// Runs a recipe to its end and returns its outcome. Dropping the future ends the run.
    pub async fn run(&self, run: RecipeRun) -> Result<serde_json::Value> {
        let (answer, answered) = oneshot::channel();
        let number = {
            let mut waiting = lock(&self.waiting);
            waiting.next += 1;
            let number = waiting.next;
            waiting.answers.insert(number, answer);
            number
        };
        let set = run.set.iter().map(|(name, value)| (name.clone(), value.expose().to_owned())).collect();
        let given = StdinParams { parent: run.parent.clone(), set };
        self.order(&Order::Start { number, recipe: run.recipe.clone(), given })?;
        let _cancel = Cancel { launcher: self, number };
        let ended = answered
            .await
            .map_err(|_| Error::new(Kind::Other, format!("the process that ran `{}` is gone", run.recipe)))?;
        serde_json::from_str(&ended.last).map_err(|_| {
            // It reported the problem on standard error before the run began.
            Error::new(Kind::Recipe, format!("the recipe `{}` could not begin", run.recipe))
                .because_text(format!("it ended with exit code {}", ended.code))
                .hint(format!("its own message is above; `hikae check {}` shows what is wrong", run.recipe))
        })
    }

    fn order(&self, order: &Order) -> Result<()> {
        let mut line = serde_json::to_string(order)
            .map_err(|cause| Error::new(Kind::Other, "cannot ask for another recipe").because(cause))?;
        line.push('\n');
        lock(&self.orders).write_all(line.as_bytes()).map_err(gone)
    }
}

/// Ends a run whose result is no longer needed; a finished run is no longer in the list.
struct Cancel<'a> {
    launcher: &'a Launcher,
    number: u64,
}

impl Drop for Cancel<'_> {
    fn drop(&mut self) {
        let waits = lock(&self.launcher.waiting).answers.remove(&self.number).is_some();
        if waits && let Err(error) = self.launcher.order(&Order::Cancel { number: self.number }) {
            tracing::debug!("{}", error.one_line());
        }
    }
}

fn gone(cause: std::io::Error) -> Error {
    Error::io("cannot reach the process that starts other recipes", cause)
}

fn lock<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The active runs, by number.
type Running = Arc<Mutex<BTreeMap<u64, Pid>>>;

/// The main loop of the launcher: takes orders until the run that uses it is gone, then ends the remaining runs.
fn serve(orders: UnixStream, program: &std::path::Path, global: &[String], allowed: &[String]) {
    // Terminal signals are for the run, which then cancels what it has started.
    let _leader = setsid(); // where it leads a group already, it goes on in that
    let running = Running::default();
    let Ok(answers) = orders.try_clone() else { return };
    let answers = Arc::new(Mutex::new(answers));
    let mut threads = Vec::new();
    for line in BufReader::new(orders).lines().map_while(std::result::Result::ok) {
        match serde_json::from_str(&line) {
            Ok(Order::Start { number, recipe, given }) if allowed.contains(&recipe) => {
                let mut command = Command::new(program);
                command.arg("run").arg(&recipe).args(["--json", GIVEN]).args(global);
                let (running, answers) = (running.clone(), answers.clone());
                threads.push(std::thread::spawn(move || start(number, command, &given, &running, &answers)));
            }
            Ok(Order::Cancel { number }) => end_in_time(number, &running),
            // The run already refuses recipes that are not allowed, so this does not happen in normal use.
            Ok(Order::Start { number, .. }) => answer(&answers, &Ended { number, last: String::new(), code: 64 }),
            Err(_) => {}
        }
    }
    lock(&running).values().for_each(|pid| end(*pid));
    threads.into_iter().for_each(|thread| drop(thread.join()));
}

/// How long a run that must end has to clean up.
const GRACE: Duration = Duration::from_secs(60);

fn end(pid: Pid) {
    let _gone = kill_process(pid, Signal::TERM); // it may have ended by itself
}

/// Ends a run, and kills it if it does not end in time.
fn end_in_time(number: u64, running: &Running) {
    let Some(pid) = lock(running).get(&number).copied() else { return };
    end(pid);
    let running = running.clone();
    std::thread::spawn(move || {
        std::thread::sleep(GRACE);
        // Under the lock, so that the process number cannot be reused in between.
        if let Some(pid) = lock(&running).get(&number) {
            let _gone = kill_process(*pid, Signal::KILL);
        }
    });
}

fn answer(answers: &Mutex<UnixStream>, ended: &Ended) {
    if let Ok(mut line) = serde_json::to_string(ended) {
        line.push('\n');
        drop(lock(answers).write_all(line.as_bytes())); // the run may be gone
    }
}

/// Runs one recipe to its end.
fn start(number: u64, mut command: Command, given: &StdinParams, running: &Running, answers: &Mutex<UnixStream>) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    // SAFETY: the closure only makes one system call.
    unsafe { command.pre_exec(|| Ok(set_parent_process_death_signal(Some(Signal::TERM))?)) };
    let mut ended = Ended { number, last: String::new(), code: 1 };
    if let Ok(mut child) = command.spawn() {
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
        pid.map(|pid| lock(running).insert(number, pid));
        if let (Some(mut stdin), Ok(text)) = (child.stdin.take(), serde_json::to_string(given)) {
            drop(stdin.write_all(text.as_bytes())); // it says itself what it lacks
        }
        let lines = child.stdout.take().into_iter().flat_map(|out| BufReader::new(out).lines());
        if let Some(last) = lines.map_while(std::result::Result::ok).last() {
            ended.last = last;
        }
        ended.code = child.wait().ok().and_then(|status| status.code()).unwrap_or(1);
        lock(running).remove(&number);
    }
    answer(answers, &ended);
}

/// What the launcher that started this run sent on standard input.
pub fn stdin_params() -> Result<StdinParams> {
    let mut text = String::new();
    let cannot = |cause| Error::io("cannot read what the other recipe gave", cause);
    std::io::Read::read_to_string(&mut std::io::stdin(), &mut text).map_err(cannot)?;
    serde_json::from_str(&text).map_err(|_| {
        Error::new(Kind::Other, format!("`{GIVEN}` is for runs that a recipe has started"))
            .hint("use `--set name=value`")
    })
}
