//! Asks before a restore, which replaces live data.

use std::io::{IsTerminal, stdin};
use std::sync::Arc;

use super::args::RunArgs;
use super::context::Context;
use crate::config::Language;
use crate::error::{Error, Kind, Result};
use crate::recipe::declaration::RecipeKind;
use crate::recipe::job::Job;
use crate::recipe::previewing;
use crate::report::table::print_text;
use crate::report::{self, Level, translated};

/// What was found about the person's will.
#[derive(Debug, PartialEq, Eq)]
pub enum Will {
    Yes,
    No,
}

/// Asks the person who started `job`: only a restore asks, and only `yes` continues. Without a terminal it is misuse.
pub fn ask(context: &Context, job: &Arc<Job>, yes: bool) -> Result<Will> {
    if yes || job.declaration.kind != RecipeKind::Restore {
        return Ok(Will::Yes);
    }
    let name = &job.source.name;
    if !stdin().is_terminal() {
        let what = format!("`{name}` replaces what people work with, and nobody is there to confirm it");
        return Err(Error::new(Kind::Recipe, what)
            .hint(format!("look at the plan, `hikae run {name} --dry-run`, and then add `--yes`")));
    }
    let japanese = context.config.language() == Language::Ja;
    print_text(&mut std::io::stderr().lock(), &question(job, &preview(job), japanese))?;
    let mut answer = String::new();
    stdin().read_line(&mut answer).map_err(|cause| Error::io("cannot read the answer", cause))?;
    if answer.trim() == "yes" {
        return Ok(Will::Yes);
    }
    let said = if japanese {
        "復旧をキャンセルしました。何も変更していません\n"
    } else {
        "not confirmed: nothing was changed\n"
    };
    print_text(&mut std::io::stderr().lock(), said)?;
    Ok(Will::No)
}

/// What the recipe says that it will do. A preview that fails does not prevent the agreement.
fn preview(job: &Arc<Job>) -> Vec<String> {
    previewing::preview(job).unwrap_or_else(|error| {
        vec![translated(&format!("cannot say what will be restored: {}", error.one_line())).into_owned()]
    })
}

/// Lets the recipe ask the person who started it. `--yes` says that nobody is to be asked.
pub fn let_ask(context: &Context, job: &Job, args: &RunArgs) {
    let silent = args.yes || args.quiet || args.json || args.given;
    if silent || !stdin().is_terminal() || !context.facts.stderr_is_terminal {
        return;
    }
    let ask = |question: &str| {
        report::log(Level::Warn, question, None);
        let mut answer = String::new();
        stdin().read_line(&mut answer).is_ok() && answer.trim() == "yes"
    };
    // It is set only once.
    drop(job.ask.set(Arc::new(ask)));
}

/// What will be done, with every value that it is done with.
fn question(job: &Job, preview: &[String], japanese: bool) -> String {
    let summary = job.declaration.summary.as_deref().unwrap_or_default();
    let mut text = format!("{}: {summary}\n", job.source.name);
    let values = job.params.iter().map(|(name, value)| (name, value.to_string()));
    for (name, value) in values.filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("  {name} = {value}\n"));
    }
    preview.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text.push_str(if japanese {
        "本当に復旧を実行しますか？ (yes/no): "
    } else {
        "Really restore? (yes/no): "
    });
    text
}
