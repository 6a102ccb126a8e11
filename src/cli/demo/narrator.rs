//! Plays the demo: text in the reader's language, and commands that are typed, run and shown with their exit code.

use std::path::PathBuf;

use crate::cli::context::Context;
use crate::cli::scratch::MAX_SAID;
use crate::config::Language;
use crate::error::{Error, Kind, Result};
use crate::report::table::print_text;
use crate::secret::Secret;
use crate::world::program::ask;
use crate::world::{Caller, Command, SecretOrText, World};

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";

/// Who narrates, on this standard output, in this folder.
pub struct Narrator<'a> {
    context: &'a Context,
    pub own: Caller,
    /// Where everything of the demo is; commands are typed there.
    pub folder: PathBuf,
    /// The folder of the server's programs: its `pg_dump` is never too old for it.
    programs: PathBuf,
}

/// What the shell of the demo knows: little, like cron's, or where the server is as well.
#[derive(Clone, Copy)]
pub enum Shell<'a> {
    Cron,
    Client { port: u64, password: &'a Secret },
}

impl Shell<'_> {
    pub fn env(self) -> Vec<(String, SecretOrText)> {
        let Shell::Client { port, password } = self else { return Vec::new() };
        let plain = |name: &str, value: String| (name.to_owned(), SecretOrText::Plain(value));
        vec![
            plain("PGHOST", "127.0.0.1".to_owned()),
            plain("PGPORT", port.to_string()),
            plain("PGUSER", "postgres".to_owned()),
            ("PGPASSWORD".to_owned(), SecretOrText::Secret(password.clone())),
        ]
    }
}

impl<'a> Narrator<'a> {
    pub fn new(context: &'a Context, own: Caller, folder: PathBuf, programs: PathBuf) -> Narrator<'a> {
        Narrator { context, own, folder, programs }
    }

    pub fn language(&self) -> Language {
        self.context.config.language()
    }

    /// A chapter begins.
    pub fn title(&self, english: &str, japanese: &str) -> Result<()> {
        let line =
            format!("{} {}", if self.context.facts.unicode { "━━" } else { "==" }, self.worded(english, japanese));
        self.print(&format!("\n{}\n", self.painted(BOLD, &line)))
    }

    /// Some words between the commands.
    pub fn say(&self, english: &str, japanese: &str) -> Result<()> {
        self.print(&format!("\n{}\n", self.worded(english, japanese)))
    }

    /// Types a line into a shell, shows it with what it printed, and gives that. An end that the story
    /// does not expect ends the story: a demo that goes on would show what is not so.
    pub async fn types(&self, shell: Shell<'_>, line: &str, expected: i32) -> Result<String> {
        self.print(&format!("\n{}\n", self.painted(BOLD, &format!("$ {line}"))))?;
        let (output, exit) = ask(&self.own, self.shell(shell, line), None, MAX_SAID).await?;
        let text = String::from_utf8_lossy(&output).trim_end().to_owned();
        self.print(&text)?;
        // With a pipe, the exit code would be that of the last program.
        if line.contains("hikae ") && !line.contains('|') {
            let colour = if exit.success() { GREEN } else { RED };
            self.print(&self.painted(colour, &format!("[{}]", exit.words())))?;
        }
        if exit.code == Some(expected) {
            return Ok(text);
        }
        Err(Error::new(Kind::Other, format!("`{line}` ended with {}", exit.words()))
            .because_text(format!("the demo expected exit code {expected}"))
            .hint("what it printed says why; if hikae is to blame, please report it"))
    }

    /// The shell has two outputs as one, as `>> log 2>&1` in a crontab has, and an almost empty environment.
    fn shell(&self, shell: Shell<'_>, line: &str) -> Command {
        let path = self.own.world.environment().get("PATH").cloned().unwrap_or_default();
        let path = format!("{}:{}:{path}", self.folder.join("bin").display(), self.programs.display());
        let mut env = shell.env();
        env.push(("PATH".to_owned(), SecretOrText::Plain(path)));
        let args = vec!["-c".to_owned(), format!("exec 2>&1\n{line}")];
        Command { args, env, cwd: Some(self.folder.clone()), ..Command::new("sh") }
    }

    fn worded<'t>(&self, english: &'t str, japanese: &'t str) -> &'t str {
        match self.language() {
            Language::En => english,
            Language::Ja => japanese,
        }
    }

    fn painted(&self, code: &str, text: &str) -> String {
        let facts = &self.context.facts;
        if facts.stdout_is_terminal && facts.colour {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }

    fn print(&self, text: &str) -> Result<()> {
        print_text(&mut self.context.out(), text)
    }
}
