//! `hikae test`: runs the specs of recipes, and reports whether they pass.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use super::args::{Global, TestArgs};
use super::context::Context;
use super::exit;
use crate::catalog::Status;
use crate::config::{Distrust, Look, SpecRoot};
use crate::error::{Error, Kind, Result};
use crate::lua::coverage::Coverage;
use crate::recipe::cut::Signals;
use crate::report::table::{print_json_lines, print_text};
use crate::specs::excluded::ByRecipe;
use crate::specs::tested_nothing;
use crate::world::limited::Limited;
use crate::world::real::{Real, path_checks};
use crate::world::{Caller, Limits};

mod json;
mod junit;
mod lines;
mod people;
mod running;
mod tally;
mod tap;

use running::{FileResults, Wishes};
use tally::Tally;

/// How often `--watch` looks at the files.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Empties a terminal, with what has scrolled away.
const CLEAR: &str = "\x1b[2J\x1b[3J\x1b[H";
/// For what hikae itself does here: it writes one file, and waits a second.
const LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };
/// A CI server often runs as somebody else.
const JUNIT_MODE: u32 = 0o644;

pub fn main(context: Context, global: &Global, args: TestArgs) -> ExitCode {
    let failed = |error: Error, code: u8| {
        context.print_error(&error);
        ExitCode::from(code)
    };
    let suite = match Suite::new(&context, global, args) {
        Ok(suite) => suite,
        Err(error) => return failed(error, exit::MISUSE),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return failed(Error::io("cannot start the threads of the specs", cause), exit::FAILED),
    };
    let ended = runtime.block_on(async {
        let mut signals = Signals::listen();
        tokio::select! {
            biased;
            number = signals.caught() => Ok(exit::code(Status::Interrupted, Some(number))),
            ended = suite.test() => ended.map(ExitCode::from),
        }
    });
    // A spec that is still running ends with the process: it has no outside effects that could be left unfinished.
    runtime.shutdown_background();
    ended.unwrap_or_else(|error| failed(error, exit::FAILED))
}

/// The specs that were asked for, and how to report the results.
struct Suite {
    context: Context,
    args: TestArgs,
    roots: Vec<SpecRoot>,
    junit: Option<PathBuf>,
    own: Caller,
}

impl Suite {
    /// Everything that can be wrong before the first spec runs is misuse.
    fn new(context: &Context, global: &Global, args: TestArgs) -> Result<Suite> {
        let (context, paths) = at_home(context, global, &args.paths)?;
        let roots = context.config.spec_roots(&paths)?;
        let junit = match &args.junit {
            Some(file) => Some(path_checks::from_here(file)?),
            None => None,
        };
        // Better to fail now than after the last spec.
        junit.as_deref().and_then(Path::parent).map_or(Ok(()), path_checks::writable_folder)?;
        let own = Caller::new(Arc::new(Limited::new(Real::ambient())), LIMITS);
        Ok(Suite { context, args, roots, junit, own })
    }

    /// Runs the specs, once or after each change; the exit code.
    async fn test(&self) -> Result<u8> {
        loop {
            // Taken before the files are read, so that a change while the specs run makes them run again.
            let looks = self.looks();
            let ended = self.once().await;
            self.context.print_objections();
            if !self.args.watch {
                return ended;
            }
            if let Err(error) = ended {
                self.context.print_error(&error);
            }
            self.change_of(&looks).await?;
            if self.context.facts.stdout_is_terminal {
                print_text(&mut self.context.out(), CLEAR)?;
            }
        }
    }

    async fn once(&self) -> Result<u8> {
        let (found, missing) = match self.context.config.spec_files(&self.roots) {
            Ok(found) => (found, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        if self.args.tap {
            print_text(&mut self.context.out(), tap::HEAD)?;
        }
        let coverage = self.args.coverage.then(Coverage::new);
        let wishes = Wishes { filter: self.args.filter.clone(), coverage: coverage.clone() };
        let mut running = running::start(&self.context.config, found, &wishes, &Handle::current())?;
        let (mut files, mut done) = (Vec::new(), 0);
        while let Some(file) = running.next().await {
            self.print_file(done + 1, &file)?;
            done += file.results.len();
            files.push(file);
        }
        if let Some(coverage) = coverage {
            lines::print(&self.context, &self.args, &coverage)?;
        }
        let nothing = missing.or_else(|| self.nothing(&files));
        self.end(&files, nothing).await
    }

    fn print_file(&self, first: usize, file: &FileResults) -> Result<()> {
        match &self.args {
            TestArgs { json: true, .. } => print_json_lines(&mut self.context.out(), json::file(file)),
            TestArgs { tap: true, .. } => print_text(&mut self.context.out(), &tap::file(first, file)),
            args => people::file(&self.context, args.quiet, file),
        }
    }

    /// Why this run of specs proves nothing.
    fn nothing(&self, files: &[FileResults]) -> Option<Error> {
        let results: Vec<_> = files.iter().flat_map(|file| file.results.clone()).collect();
        match &self.args.filter {
            Some(filter) if results.is_empty() => {
                let what = format!("no spec has `{filter}` in its name");
                let hint = "a name begins with those of the `describe` around it; upper and lower case count";
                Some(Error::new(Kind::NotFound, what).hint(hint))
            }
            _ => tested_nothing(&results),
        }
    }

    /// Prints the sum, in every requested format.
    async fn end(&self, files: &[FileResults], nothing: Option<Error>) -> Result<u8> {
        let tally = Tally::of(files.iter().flat_map(|file| &file.results));
        match &self.args {
            TestArgs { json: true, .. } => {
                print_json_lines(&mut self.context.out(), [json::end(&tally, &excluded(files), nothing.as_ref())])?;
            }
            TestArgs { tap: true, .. } => {
                print_text(&mut self.context.out(), &tap::end(&tally, nothing.as_ref()))?;
            }
            args => people::end(&self.context, args.quiet, &tally, &excluded(files))?,
        }
        if let Some(error) = &nothing {
            self.context.print_error(error);
        }
        if let Some(path) = &self.junit {
            self.own.write(path, junit::document(files).into_bytes(), JUNIT_MODE, true).await?;
        }
        Ok(if tally.is_bad() || nothing.is_some() { exit::FAILED } else { exit::DONE })
    }

    fn looks(&self) -> BTreeMap<PathBuf, Option<Look>> {
        // An unreadable file cannot be run either, and the run has reported why.
        self.context.config.lua_looks(&self.roots).unwrap_or_default()
    }

    async fn change_of(&self, looks: &BTreeMap<PathBuf, Option<Look>>) -> Result<()> {
        loop {
            self.own.sleep(LOOK_EVERY).await?;
            if self.looks() != *looks {
                return Ok(());
            }
        }
    }
}

/// What all specs together exclude, recipe by recipe.
fn excluded(files: &[FileResults]) -> ByRecipe {
    let mut all = ByRecipe::new();
    for (recipe, one) in files.iter().flat_map(|file| &file.results).flat_map(|result| &result.excluded) {
        all.entry(recipe.clone()).or_default().add(one);
    }
    all
}

/// The configuration that the specs mean, and where to look for them: a folder with recipes needs no `hikae.toml`.
fn at_home(context: &Context, global: &Global, paths: &[PathBuf]) -> Result<(Context, Vec<PathBuf>)> {
    let named = |name: &str| context.environment.get(name).is_some_and(|value| !value.is_empty());
    let home = match global.config_dir.is_some() || named("HIKAE_CONFIG_DIR") {
        true => None,
        false => context.config.spec_home(paths)?,
    };
    let Some(home) = home else { return Ok((context.clone(), paths.to_vec())) };
    let paths = if paths.is_empty() { vec![PathBuf::from("recipes")] } else { paths.to_vec() };
    Ok((Context::load(&Global { config_dir: Some(home) }, Distrust::Warn)?, paths))
}
