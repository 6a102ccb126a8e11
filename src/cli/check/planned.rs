//! Defines a scheduled command: a crontab line or a timer, and its recipe.

use crate::cli::schedule::calendar;
use crate::recipe::schedule::{self, Schedule};

/// Flags of `hikae` and of `hikae run` that a value follows.
const WITH_VALUE: [&str; 3] = ["--set", "--type", "--config-dir"];

/// A line of a crontab, or a timer, that runs a recipe.
pub struct Plan {
    pub recipe: String,
    pub origin: String,
    /// Its five fields, or the events of a timer, where they can be compared.
    pub times: Option<String>,
    pub is_cron: bool,
}

impl Plan {
    /// Whether it runs at the times of a schedule, as far as it says when.
    pub fn keeps(&self, schedule: &Schedule) -> bool {
        match &self.times {
            None => true,
            Some(fields) if self.is_cron => schedule::read(fields).is_ok_and(|own| own == *schedule),
            Some(events) => *events == calendar::events(schedule).join("; "),
        }
    }
}

/// The recipe of a command line `… hikae … run … RECIPE …`, also within the line of a crontab or of a script.
pub fn recipe_of(line: &str) -> Option<String> {
    let line = line.replace([';', '|', '&', '>', '<', '(', ')', '{', '}'], " ; ");
    let bare = |word: &str| word.trim_matches(['\'', '"', '`']).to_owned();
    let words: Vec<String> = line.split_whitespace().map(bare).collect();
    let program = words.iter().position(|word| word.rsplit('/').next() == Some("hikae"))?;
    let call: Vec<&String> = words[program + 1..].iter().take_while(|word| *word != ";").collect();
    let mut arguments = call.iter().enumerate().filter(|(at, word)| {
        let is_value = *at > 0 && WITH_VALUE.contains(&call[at - 1].as_str());
        !word.starts_with('-') && !is_value
    });
    let (_, command) = arguments.next()?;
    let (_, recipe) = arguments.next().filter(|_| *command == "run")?;
    let name = recipe.rsplit('/').next().unwrap_or(recipe);
    Some(name.trim_end_matches(".lua").to_owned())
}
