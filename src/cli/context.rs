//! Defines the context of every command: the configuration, and the capabilities of the outputs.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use super::args::Global;
use crate::config::{Config, Distrust, Folders, Language, TrustedFiles};
use crate::error::{Error, Kind, Result};
use crate::report::{self, Facts, diagnostic};
use crate::world::real::{shared_owner, this_process};

/// What every command starts from.
#[derive(Clone)]
pub struct Context {
    pub config: Arc<Config>,
    pub facts: Facts,
    pub environment: BTreeMap<String, String>,
    files: Arc<TrustedFiles>,
}

impl Context {
    pub fn load(global: &Global, distrust: Distrust) -> Result<Context> {
        let environment = this_process::environment();
        let folders = Folders {
            config_dir: global.config_dir.clone(),
            current: this_process::current_dir()?,
            uid: this_process::user_id(),
        };
        let files = Arc::new(TrustedFiles::new(distrust, trusted_owner(&environment)?));
        let config = Config::load(&folders, &environment, files.clone())?;
        let facts = Facts::read(&environment);
        shared_owner::serve_owner_of(&config.state_dir);
        if config.language() == Language::Ja {
            report::translate::speak_japanese();
        }
        Ok(Context { config: Arc::new(config), facts, environment, files })
    }

    /// What was read although others can change it.
    pub fn objections(&self) -> Vec<Error> {
        self.files.objections()
    }

    /// Warns of what was read although others can change it.
    pub fn print_objections(&self) {
        for objection in self.objections() {
            let hint = objection.hint_text().map(|hint| format!("; {hint}")).unwrap_or_default();
            let text = format!("warning: {}{hint}\n", objection.one_line());
            // If standard error is closed, only the exit code can report the failure.
            let _gone = report::table::print_text(&mut std::io::stderr().lock(), &text);
        }
    }

    /// Standard output, for what a command was asked to print.
    pub fn out(&self) -> impl Write {
        std::io::stdout().lock()
    }

    /// Prints an error for people on standard error, with the recipe's line where one is known.
    pub fn print_error(&self, error: &Error) {
        print_error(error, &self.facts, &|file| self.source_text(file));
    }

    /// Prints one line on standard error.
    pub fn print_line(&self, line: &str) {
        // If standard error is closed, only the exit code can report the failure.
        drop(report::table::print_said(&mut std::io::stderr().lock(), &format!("{line}\n")));
    }

    /// The text of a file that a message names: a recipe or a library module, as it was shown.
    fn source_text(&self, file: &str) -> Option<String> {
        self.config.text_shown_as(file)
    }
}

/// One more user whose files are trusted, such as who checks out in CI. Only the environment can say so: a file that others can
/// change could name them.
fn trusted_owner(environment: &BTreeMap<String, String>) -> Result<Option<u32>> {
    const NAME: &str = "HIKAE_TRUST_OWNER";
    let Some(said) = environment.get(NAME).filter(|said| !said.is_empty()) else { return Ok(None) };
    said.parse().map(Some).map_err(|_| {
        Error::new(Kind::Other, format!("`{NAME}` must be the number of a user, but is `{}`", said.escape_debug()))
            .hint("`id -u NAME` shows it")
    })
}

/// Prints an error for people on standard error.
pub fn print_error(error: &Error, facts: &Facts, sources: &dyn Fn(&str) -> Option<String>) {
    let text = diagnostic::render(error, sources, facts.diagnostic_style());
    // If standard error is closed, only the exit code can report the failure.
    let _gone = report::table::print_text(&mut std::io::stderr().lock(), &text);
}
