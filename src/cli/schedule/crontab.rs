//! Writes schedules as crontab lines, between two marker lines that identify them later.

use super::entries::Entry;
use super::place::Place;
use crate::error::{Error, Kind, Result};

const BEGIN: &str = "# hikae: begin. Made by `hikae schedule`; what is changed here is lost.";
const END: &str = "# hikae: end";

/// The lines of all entries with the marks around them.
pub fn text(entries: &[Entry], place: &Place) -> String {
    let line = |entry: &Entry| {
        let command = place.shell_line(&entry.recipe);
        // For cron, a `%` ends the command.
        format!("# {}: {}\n{} {}\n", entry.recipe, one_line(entry.summary()), entry.cron, command.replace('%', "\\%"))
    };
    let lines: String = entries.iter().map(line).collect();
    format!("{BEGIN}\n{lines}{END}\n")
}

/// A crontab with this block in the place of the one that it has; an empty one takes it out.
pub fn with_block(crontab: &str, block: &str) -> Result<String> {
    let mut before = String::new();
    let mut after = String::new();
    let mut place = &mut before;
    let mut inside = false;
    for line in crontab.lines() {
        match line {
            _ if line.starts_with("# hikae: begin") => inside = true,
            _ if inside && line.starts_with(END) => {
                inside = false;
                place = &mut after;
            }
            _ if inside => {}
            _ => {
                place.push_str(line);
                place.push('\n');
            }
        }
    }
    if inside {
        // The end of the block is unknown: everything below could belong to somebody else.
        let error =
            Error::new(Kind::Recipe, format!("the crontab has a line `# hikae: begin`, and no `{END}` below it"));
        return Err(error.hint("put that line back with `crontab -e`, or remove the lines of hikae"));
    }
    Ok(format!("{before}{block}{after}"))
}

fn one_line(text: &str) -> String {
    text.replace(['\n', '\r'], " ")
}
