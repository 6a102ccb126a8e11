//! Determines the capabilities of the standard outputs: whether they are terminals, their width, colour, and Unicode.

use std::collections::BTreeMap;
use std::io::IsTerminal;

use super::diagnostic::Style;

/// The width of reports if none is known; log lines are not wrapped.
const USUAL_WIDTH: usize = 80;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    pub stdout_is_terminal: bool,
    pub stderr_is_terminal: bool,
    /// Whether standard error supports drawing by cursor movement.
    pub draws: bool,
    pub width: usize,
    /// Whether standard error supports colours.
    pub colour: bool,
    /// Whether standard output supports colours.
    pub stdout_colour: bool,
    /// Whether the locale supports characters beyond ASCII.
    pub unicode: bool,
}

impl Facts {
    /// The facts of this process; `environment` is its environment from the world.
    pub fn read(environment: &BTreeMap<String, String>) -> Facts {
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let terminals = (stdout.is_terminal(), stderr.is_terminal());
        // An output that is not a terminal has no size, which is not an error.
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
            // A report needs a minimum width to be readable.
            width: width.max(40),
            colour: draws && !colourless,
            stdout_colour: stdout_is_terminal && !dumb && !colourless,
            unicode: locale.contains("utf-8") || locale.contains("utf8"),
        }
    }

    /// The style of errors on standard error: graphical on a terminal, plain elsewhere.
    pub fn diagnostic_style(&self) -> Style {
        if self.colour {
            Style::Graphical { width: self.width, colour: true, unicode: self.unicode }
        } else {
            Style::Plain
        }
    }
}
