//! Says what the standard outputs can show: whether they are terminals, how wide, in colour, beyond ASCII.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use super::diagnostic::Style;

/// The width where none is known: lines of a log are wrapped by the reader, reports at this.
const USUAL_WIDTH: usize = 80;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    /// Standard error can be drawn on: its cursor moves.
    pub draws: bool,
    pub width: usize,
    /// Standard error takes colours.
    pub colour: bool,
    /// Standard output takes colours.
    pub stdout_colour: bool,
    /// The locale's characters go beyond ASCII.
    pub unicode: bool,
}

impl Facts {
    /// The facts of this process; `environment` is its environment as the world gives it.
    pub fn read(environment: &BTreeMap<String, String>) -> Facts {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let terminals = (stdout.is_terminal(), stderr.is_terminal());
        // An output that is no terminal has no size: that is the answer, not a failure.
        let size = rustix::termios::tcgetwinsize(&stderr).or_else(|_| rustix::termios::tcgetwinsize(&stdout));
        Facts::of(environment, terminals.0, terminals.1, size.ok().map(|size| size.ws_col))
    }

    /// The facts for given outputs.
    pub fn of(
        environment: &BTreeMap<String, String>,
        stdout_is_terminal: bool,
        stderr_is_terminal: bool,
        columns: Option<u16>,
    ) -> Facts {
        let set = |name: &str| environment.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let from_environment = || set("COLUMNS").and_then(|columns| columns.parse::<usize>().ok());
        let width =
            columns.map(usize::from).filter(|columns| *columns > 0).or_else(from_environment).unwrap_or(USUAL_WIDTH);
        let locale = set("LC_ALL").or_else(|| set("LC_CTYPE")).or_else(|| set("LANG")).unwrap_or("C");
        let locale = locale.to_ascii_lowercase();
        let (dumb, colourless) = (set("TERM") == Some("dumb"), set("NO_COLOR").is_some());
        let draws = stderr_is_terminal && !dumb;
        Facts {
            stdout_is_terminal,
            stderr_is_terminal,
            draws,
            // A report needs some room to say anything at all.
            width: width.max(40),
            colour: draws && !colourless,
            stdout_colour: stdout_is_terminal && !dumb && !colourless,
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    /// How to show an error on standard error: as a picture to someone who sits there, plainly to everyone else.
    pub fn diagnostic_style(&self) -> Style {
        if self.colour {
            Style::Graphical { width: self.width, colour: true, unicode: self.unicode }
        } else {
            Style::Plain
        }
    }
}
