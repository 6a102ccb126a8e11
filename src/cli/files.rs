//! Writes the text files of a command, and asks before a file is changed.

use std::io::{IsTerminal, stdin};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::alerting::block_on;
use super::context::Context;
use crate::error::{Error, Kind, Result};
use crate::report::table::print_said;
use crate::report::translated;
use crate::world::limited::Limited;
use crate::world::program::ask;
use crate::world::real::{Real, this_process};
use crate::world::{Caller, Command, Exit, Limits, SecretOrText};

/// The longest that one step of a command may take.
const LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };

/// The longest that a plan may take, and the most that it prints.
const PLAN_LIMITS: Limits = Limits { total: Duration::from_secs(600), idle: Duration::from_secs(600) };
const MAX_BYTES: usize = 4 << 20;

/// A text file that is to be written.
pub struct TextFile {
    /// Its path below the folder that it goes into.
    pub name: String,
    pub text: String,
    pub mode: u32,
}

impl TextFile {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> TextFile {
        TextFile { name: name.into(), text: text.into(), mode: 0o644 }
    }
}

/// The world as a command sees it that a person has typed.
pub fn caller() -> Caller {
    Caller::new(Arc::new(Limited::new(Real::ambient())), LIMITS)
}

/// Writes the files below a folder, which is made where it is not there; a file of the same name is replaced.
pub fn write_all(dir: &Path, files: &[TextFile]) -> Result<()> {
    let caller = caller();
    block_on(async |_stop| {
        for file in files {
            let path = dir.join(&file.name);
            if let Some(folder) = path.parent() {
                caller.mkdir(folder, 0o755).await?;
            }
            caller.write(&path, file.text.clone().into_bytes(), file.mode, true).await?;
        }
        Ok(())
    })?
}

/// The lines that say what was written.
pub fn written(dir: &Path, files: &[TextFile]) -> String {
    files.iter().map(|file| format!("{}\n", dir.join(&file.name).display())).collect()
}

/// Asks a yes or no question; where nobody can answer it, it is misuse.
pub fn agreed(context: &Context, question: &str, yes: bool) -> Result<bool> {
    if yes {
        return Ok(true);
    }
    if !stdin().is_terminal() {
        let error = Error::new(Kind::Recipe, "nobody is there to confirm it");
        return Err(error.hint("look at what is shown, and then add `--yes`"));
    }
    let answer = answer(&format!("{} (yes/no): ", translated(question)))?;
    let agreed = ["yes", "y", "はい"].contains(&answer.as_str());
    if !agreed {
        context.print_line("not confirmed: nothing was changed");
    }
    Ok(agreed)
}

/// The line that a person types after a prompt, which is shown as it is.
pub fn answer(prompt: &str) -> Result<String> {
    crate::report::table::print_prompt(prompt)?;
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer).map_err(|cause| Error::io("cannot read the answer", cause))?;
    if read == 0 {
        return Err(Error::new(Kind::Cancelled, "the input ended before the answer"));
    }
    Ok(answer.trim().to_owned())
}

/// What this program prints when it is called with these words, and its exit.
pub fn run_self(context: &Context, words: Vec<String>) -> Result<(String, Exit)> {
    let mut command = Command::new(this_process::own_program()?.display().to_string());
    command.args = words;
    let plain = |(name, value): (&String, &String)| (name.clone(), SecretOrText::Plain(value.clone()));
    command.env = context.environment.iter().map(plain).collect();
    let caller = Caller::new(Arc::new(Limited::new(Real::ambient())), PLAN_LIMITS);
    let (out, exit) = block_on(async |_stop| ask(&caller, command, None, MAX_BYTES).await)??;
    Ok((String::from_utf8_lossy(&out).into_owned(), exit))
}

/// What a program prints, and its exit.
pub fn called(command: Command, input: Option<String>) -> Result<(String, Exit)> {
    let caller = caller();
    let input = input.map(SecretOrText::Plain);
    let (out, exit) = block_on(async |_stop| ask(&caller, command, input.as_ref(), MAX_BYTES).await)??;
    Ok((String::from_utf8_lossy(&out).into_owned(), exit))
}

/// Shows how one text becomes another.
pub fn print_diff(context: &Context, name: &str, old: &str, new: &str) -> Result<()> {
    print_said(&mut context.out(), &diff(name, name, old, new))
}

/// The difference of two texts in the unified format; nothing where there is none.
pub fn diff(old_name: &str, new_name: &str, old: &str, new: &str) -> String {
    similar::TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(old_name, new_name).to_string()
}
