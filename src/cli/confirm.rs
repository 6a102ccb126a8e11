//! Asks before a restore: it puts a backup into the place of what people work with.

use std::io::{IsTerminal, stdin};

use super::context::Context;
use crate::config::Language;
use crate::error::{Error, Kind, Result};
use crate::recipe::declaration::RecipeKind;
use crate::recipe::job::Job;
use crate::report::table::print_text;

/// What was found about the person's will.
#[derive(Debug, PartialEq, Eq)]
pub enum Will {
    Yes,
    No,
}

/// The will of who started `job`: nothing but a restore asks, and only `yes` lets it go on. Where nobody can answer, it is misuse.
pub fn ask(context: &Context, job: &Job, yes: bool) -> Result<Will> {
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
    print_text(&mut std::io::stderr().lock(), &question(job, japanese))?;
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

/// What will be done, with every value that it is done with.
fn question(job: &Job, japanese: bool) -> String {
    let summary = job.declaration.summary.as_deref().unwrap_or_default();
    let mut text = format!("{}: {summary}\n", job.source.name);
    let values = job.params.iter().map(|(name, value)| (name, value.to_string()));
    for (name, value) in values.filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("  {name} = {value}\n"));
    }
    text.push_str(if japanese {
        "本当に復旧を実行しますか？ (yes/no): "
    } else {
        "Really restore? (yes/no): "
    });
    text
}
