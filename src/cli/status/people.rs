//! Shows the status to people: as a table if it fits, or a few lines per recipe on a narrow terminal.

use std::time::Duration;

use super::super::context::Context;
use super::words::{EN, JA, Words};
use super::{Status, rto_secs};
use crate::catalog::{Moment, Overdue, Run, Wrong};
use crate::config::Language;
use crate::error::Result;
use crate::recipe::overview::Overview;
use crate::report::table::{Column, print_table, print_text};
use crate::units::{show_age, show_duration, show_size};

/// The narrowest terminal on which the table can be read.
const ROOM: usize = 110;

pub fn print(context: &Context, status: &Status) -> Result<()> {
    let words = match context.config.language() {
        Language::Ja => &JA,
        Language::En => &EN,
    };
    let out = &mut context.out();
    let used = status.recipes.iter().filter(|recipe| !recipe.unused);
    let rows: Vec<[String; 6]> = used.map(|recipe| row(words, status, recipe)).collect();
    let narrow = context.facts.stdout_is_terminal && context.facts.width < ROOM;
    match rows.is_empty() {
        true => {}
        false if narrow => print_text(out, &blocks(words, &rows))?,
        false => print_table(out, &context.facts, &words.columns.map(Column::text), rows.into_iter().map(Vec::from))?,
    }
    print_text(out, &rest(words, status))
}

/// A target in the order of the columns.
fn row(words: &Words, status: &Status, recipe: &Overview) -> [String; 6] {
    let wrong: Vec<String> = recipe.wrong.iter().map(|wrong| words.wrong(wrong)).collect();
    let verdict = if wrong.is_empty() { words.ok.to_owned() } else { wrong.join(words.comma) };
    let last = recipe.history.as_ref().map(|history| run(&history.last));
    let good = recipe.good.as_ref().map(|backup| {
        let age = (status.now - backup.created_at).to_std().unwrap_or_default();
        format!("{}, {}", (words.old)(&show_age(age)), show_size(backup.size_bytes))
    });
    let text = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    [
        recipe.shown.clone(),
        verdict,
        text(last),
        text(good),
        text(recipe.objective.map(show_age)),
        text(recipe.next_due.map(minute)),
    ]
}

fn run(run: &Run) -> String {
    format!("{} {}", minute(run.started_at), run.status)
}

fn minute(at: Moment) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}

fn blocks(words: &Words, rows: &[[String; 6]]) -> String {
    let block = |[recipe, verdict, rest @ ..]: &[String; 6]| {
        let lines = words.columns[2..].iter().zip(rest).filter(|(_, value)| *value != "-");
        let lines: String = lines.map(|(title, value)| format!("  {}: {value}\n", title.to_lowercase())).collect();
        format!("{recipe}: {verdict}\n{lines}")
    };
    rows.iter().map(block).collect()
}

/// What belongs to no recipe, and the sum of all.
fn rest(words: &Words, status: &Status) -> String {
    let unused: Vec<&str> = status.recipes.iter().filter(|one| one.unused).map(|one| one.recipe.as_str()).collect();
    let mut lines = vec![if status.is_idle() { words.idle.to_owned() } else { String::new() }];
    lines.extend(status.spaces.iter().map(|(folder, space)| {
        (words.space)(&folder.display().to_string(), &show_size(space.free_bytes), &show_size(space.total_bytes))
    }));
    lines.push(match &status.drill {
        Some(drill) => {
            let took = rto_secs(drill).map_or_else(String::new, |secs| show_duration(Duration::from_secs_f64(secs)));
            (words.drill)(&drill.recipe, &run(drill), &took)
        }
        None => words.no_drill.to_owned(),
    });
    if !unused.is_empty() {
        lines.push(format!("{}: {}", words.unused, unused.join(", ")));
    }
    if status.waiting > 0 {
        lines.push((words.waiting)(status.waiting));
    }
    lines.extend([String::new(), (words.sum)(status.wrong())]);
    lines.join("\n") + "\n"
}

impl Words {
    /// What is wrong, with its figures.
    fn wrong(&self, wrong: &Overdue) -> String {
        let word = self.verdicts[Wrong::ALL.iter().position(|one| *one == wrong.verdict).unwrap_or_default()];
        let time = |secs: Option<u64>| show_age(Duration::from_secs(secs.unwrap_or_default()));
        let detail = match wrong.verdict {
            Wrong::Broken => wrong.why.clone(),
            Wrong::Stuck => wrong.since.map(|since| (self.since)(&minute(since))),
            Wrong::Failing => wrong.failures.map(|failures| (self.in_a_row)(failures)),
            Wrong::Stale if wrong.age_secs.is_none() => Some(self.no_good.to_owned()),
            Wrong::Stale => Some((self.at_most)(&time(wrong.age_secs), &time(wrong.objective_secs))),
            Wrong::Late | Wrong::NeverRan => wrong.due.map(|due| (self.due)(&minute(due))),
        };
        detail.map_or_else(|| word.to_owned(), |detail| format!("{word} ({detail})"))
    }
}
