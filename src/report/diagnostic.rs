//! Shows an error to people: with the recipe's line on a terminal, plainly in a log.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode, ThemeCharacters,
    ThemeStyles,
};

use super::translate::translated;
use super::{outgoing, span};
use crate::error::{Error, Site};

/// The prefix that miette writes before each line of a text.
const MARGIN: usize = 8;

/// The style of a report, from `Facts::diagnostic_style`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    Graphical { width: usize, colour: bool, unicode: bool },
}

/// The whole report of `error`, with a final newline. `sources` returns the text of a recipe file by its name in a `Site`.
pub fn render(error: &Error, sources: &dyn Fn(&str) -> Option<String>, style: Style) -> String {
    match style {
        Style::Plain => plain(error),
        Style::Graphical { width, colour, unicode } => {
            let snippet =
                error.sites().first().and_then(|site| Snippet::take(site, sources(&site.file)?, error.what()));
            let report = Report::of(error, snippet, width);
            let mut shown = String::new();
            match handler(error, colour, unicode, report.snippet.is_some()).render_report(&mut shown, &report) {
                // Miette has its own label for a hint.
                Ok(()) => shown.replacen("  help: ", &format!("  {}: ", translated("help")), 1),
                // A report that cannot be drawn must still be readable.
                Err(fmt::Error) => plain(error),
            }
        }
    }
}

fn plain(error: &Error) -> String {
    let mut text = format!("{}: {}\n", translated("error"), outgoing::indented(&translated(error.what()), "  "));
    for cause in causes(error) {
        text += &format!("  {}: {}\n", translated("caused by"), cause.replace('\n', "\n             "));
    }
    for place in places(error) {
        text += &format!("  {place}\n");
    }
    if let Some(hint) = error.hint_text() {
        text += &format!("\n{}: {}\n", translated("hint"), outgoing::indented(&translated(hint), "      "));
    }
    text
}

/// The causes to show: printable, and without those that the previous one already quotes.
fn causes(error: &Error) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    for cause in error.causes() {
        let cause = outgoing::printable(&translated(cause.trim_end()));
        let quoted = shown.last().is_some_and(|before| before.ends_with(&cause));
        if !quoted {
            shown.push(cause);
        }
    }
    shown
}

/// The places in the recipe, the innermost first; consecutive repeats (recursion) are shown once.
fn places(error: &Error) -> Vec<String> {
    let mut sites = error.sites().to_vec();
    sites.dedup();
    let shown = |(n, site): (usize, &Site)| {
        let site = outgoing::one_line(&site.to_string());
        translated(&if n == 0 { format!("at {site}") } else { format!("called from {site}") }).into_owned()
    };
    sites.iter().enumerate().map(shown).collect()
}

fn handler(error: &Error, colour: bool, unicode: bool, sees_line: bool) -> GraphicalReportHandler {
    let theme = GraphicalTheme {
        characters: if unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() },
        styles: if colour { ThemeStyles::ansi() } else { ThemeStyles::none() },
    };
    // Miette wraps at hyphens and slashes too; `folded` does not.
    let handler = GraphicalReportHandler::new_themed(theme).with_links(false).with_wrap_lines(false);
    let called: Vec<String> = places(error).into_iter().skip(usize::from(sees_line)).collect();
    if called.is_empty() { handler } else { handler.with_footer(called.join("\n")) }
}

/// The line of a recipe that an error is about.
struct Snippet {
    source: NamedSource<String>,
    label: LabeledSpan,
}

impl Snippet {
    fn take(site: &Site, source: String, what: &str) -> Option<Snippet> {
        // Cleaned before the search, because cleaning moves the positions.
        let source = outgoing::printable(&source);
        let words: Vec<&str> = what.split('`').skip(1).step_by(2).collect();
        let spot = span::find(&source, site.line, &words)?;
        let says = if spot.exact { "here" } else { "in this call" };
        let label = LabeledSpan::new_primary_with_span(Some(says.to_owned()), spot.bytes);
        Some(Snippet { source: NamedSource::new(outgoing::one_line(&site.file), source), label })
    }
}

/// Wraps `text` to `width`, at spaces only: paths and commands are copied from reports, and must not be split.
fn folded(text: &str, width: usize) -> String {
    let room = width.saturating_sub(MARGIN).max(20);
    let mut lines = String::with_capacity(text.len() + 8);
    let mut used = 0;
    for (n, word) in text.split(' ').enumerate() {
        let first = word.split('\n').next().map_or(0, |part| part.chars().count());
        let fits = used + 1 + first <= room;
        match (n, fits) {
            (0, _) => {}
            (_, true) => lines.push(' '),
            (_, false) => lines.push('\n'),
        }
        lines.push_str(word);
        used = match word.rsplit_once('\n') {
            Some((_, last)) => last.chars().count(),
            None if fits && n > 0 => used + 1 + first,
            None => first,
        };
    }
    lines
}

/// An error as a miette diagnostic.
struct Report {
    what: String,
    cause: Option<Box<Cause>>,
    hint: Option<String>,
    snippet: Option<Snippet>,
}

impl Report {
    fn of(error: &Error, snippet: Option<Snippet>, width: usize) -> Report {
        let shown = |text: &str| folded(&outgoing::printable(&translated(text)), width);
        let chain = |next, cause: String| Some(Box::new(Cause { says: folded(&cause, width), next }));
        Report {
            what: shown(error.what()),
            cause: causes(error).into_iter().rev().fold(None, chain),
            hint: error.hint_text().map(shown),
            snippet,
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for Report {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl Diagnostic for Report {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.hint.as_ref().map(|hint| Box::new(hint) as _)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.as_ref().map(|snippet| &snippet.source as _)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.snippet.as_ref().map(|snippet| Box::new(std::iter::once(snippet.label.clone())) as _)
    }
}

/// One cause, with its own cause.
#[derive(Debug)]
struct Cause {
    says: String,
    next: Option<Box<Cause>>,
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.says)
    }
}

impl std::error::Error for Cause {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.next.as_deref().map(|cause| cause as _)
    }
}
