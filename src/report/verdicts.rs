//! Prints the results of specs: each line begins with its verdict, which a terminal shows in colour.

use std::io::Write;

use super::{outgoing, table};
use crate::error::Result;

const GREEN: &str = "\x1b[32m";
const YELLOW: &str = "\x1b[33m";
const RED: &str = "\x1b[31m";
const BOLD_RED: &str = "\x1b[1;31m";
const PLAIN: &str = "\x1b[0m";

/// The prefixes of coloured lines, including the expected and actual lines of a difference.
const VERDICTS: [(&str, &str); 4] = [("ok ", GREEN), ("pending ", YELLOW), ("FAILED ", BOLD_RED), ("ERROR ", BOLD_RED)];
const DIFFERENCES: [(&str, &str); 2] = [("          - ", GREEN), ("          + ", RED)];

/// Prints lines; names and values come from specs, and are not trusted to be safe for the terminal.
pub fn print_verdicts(out: &mut dyn Write, colours: bool, text: &str) -> Result<()> {
    let clean = outgoing::printable(text);
    let mut print = || {
        for line in clean.lines() {
            match colours {
                true => writeln!(out, "{}", coloured(line))?,
                false => writeln!(out, "{line}")?,
            }
        }
        out.flush()
    };
    table::written(print())
}

fn coloured(line: &str) -> String {
    let verdict = VERDICTS.iter().find(|(word, _)| line.starts_with(word));
    if let Some((word, colour)) = verdict {
        return format!("{colour}{}{PLAIN}{}", word.trim_end(), &line[word.len() - 1..]);
    }
    match DIFFERENCES.iter().find(|(mark, _)| line.starts_with(mark)) {
        Some((_, colour)) => format!("{colour}{line}{PLAIN}"),
        None => line.to_owned(),
    }
}
