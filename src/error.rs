//! Says what failed, on what, and what to try: the one error type of hikae.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::secret::redact;

/// The longest text that is kept: a recipe can raise megabytes of it, which nobody would read.
const LONGEST: usize = 8 << 10;

/// The kinds of errors, one for each case that a recipe might handle differently; Lua uses the same names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    NotFound,
    AlreadyExists,
    Denied,
    Command,
    Network,
    Timeout,
    Space,
    Integrity,
    Recipe,
    Cancelled,
    Locked,
    Other,
}

impl Kind {
    /// Every kind, in the order of the documentation.
    pub const ALL: [Kind; 12] = [
        Kind::NotFound,
        Kind::AlreadyExists,
        Kind::Denied,
        Kind::Command,
        Kind::Network,
        Kind::Timeout,
        Kind::Space,
        Kind::Integrity,
        Kind::Recipe,
        Kind::Cancelled,
        Kind::Locked,
        Kind::Other,
    ];

    /// The word for this kind in Lua, JSON and the catalog.
    pub fn word(self) -> &'static str {
        match self {
            Kind::NotFound => "not_found",
            Kind::AlreadyExists => "already_exists",
            Kind::Denied => "denied",
            Kind::Command => "command",
            Kind::Network => "network",
            Kind::Timeout => "timeout",
            Kind::Space => "space",
            Kind::Integrity => "integrity",
            Kind::Recipe => "recipe",
            Kind::Cancelled => "cancelled",
            Kind::Locked => "locked",
            Kind::Other => "other",
        }
    }

    /// The kind of an operating system error.
    pub fn of_io(error: &io::Error) -> Kind {
        match error.kind() {
            io::ErrorKind::NotFound => Kind::NotFound,
            io::ErrorKind::AlreadyExists => Kind::AlreadyExists,
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Kind::Denied,
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => Kind::Space,
            io::ErrorKind::TimedOut => Kind::Timeout,
            io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::NetworkUnreachable => Kind::Network,
            _ => Kind::Other,
        }
    }
}

/// A place in a recipe: the file as the user named it, and the line.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Site {
    pub file: String,
    pub line: u32,
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What failed: the act and its object, what to try, the causes, and where in the recipe.
///
/// `what` names the act and its object in backticks, without a period. Causes come by
/// `source()` and are never pasted into `what`. The hint belongs to the error.
#[derive(Clone)]
pub struct Error {
    inner: Box<Inner>,
}

#[derive(Clone)]
struct Inner {
    kind: Kind,
    what: String,
    hint: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
    sites: Vec<Site>,
}

/// The result type of everything in hikae that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of `kind`: the act and its object.
    pub fn new(kind: Kind, what: impl Into<String>) -> Error {
        let inner = Inner { kind, what: brief(what.into()), hint: None, source: None, sites: Vec::new() };
        Error { inner: Box::new(inner) }
    }

    /// An operating system error while doing `what`; its kind is derived from the error.
    pub fn io(what: impl Into<String>, cause: io::Error) -> Error {
        Error::new(Kind::of_io(&cause), what).because(cause)
    }

    /// Adds what to try.
    pub fn hint(mut self, hint: impl Into<String>) -> Error {
        self.inner.hint = Some(brief(hint.into()));
        self
    }

    /// Adds what to try, unless a hint from nearer the cause exists.
    pub fn or_hint(mut self, hint: impl Into<String>) -> Error {
        self.inner.hint.get_or_insert_with(|| brief(hint.into()));
        self
    }

    /// Adds the cause.
    pub fn because(mut self, cause: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.inner.source = Some(Arc::new(cause));
        self
    }

    /// Adds a cause that is known only as text, such as a program's standard error.
    pub fn because_text(self, cause: impl Into<String>) -> Error {
        self.because(Said(cause.into()))
    }

    /// Adds a cause that is known as text and as a value that recipes can read, such as the checks of a comparison.
    pub fn because_details(self, cause: impl Into<String>, details: serde_json::Value) -> Error {
        self.because(Detailed { text: cause.into(), details })
    }

    /// Adds the places in the recipe, the innermost first, unless they are known already.
    pub fn at(mut self, sites: impl IntoIterator<Item = Site>) -> Error {
        if self.inner.sites.is_empty() {
            self.inner.sites.extend(sites);
        }
        self
    }

    /// Replaces the places.
    pub fn at_all(mut self, sites: Vec<Site>) -> Error {
        self.inner.sites = sites;
        self
    }

    /// Wraps the error in outer context: the old `what` becomes the cause of the new one; kind, hint and places stay.
    pub fn within(self, what: impl Into<String>) -> Error {
        let outer = Inner {
            kind: self.inner.kind,
            what: brief(what.into()),
            hint: self.inner.hint.clone(),
            sites: self.inner.sites.clone(),
            source: Some(Arc::new(self)),
        };
        Error { inner: Box::new(outer) }
    }

    pub fn kind(&self) -> Kind {
        self.inner.kind
    }

    /// The act and its object, without causes.
    pub fn what(&self) -> &str {
        &self.inner.what
    }

    pub fn hint_text(&self) -> Option<&str> {
        self.inner.hint.as_deref()
    }

    /// Where in the recipe, the innermost place first.
    pub fn sites(&self) -> &[Site] {
        &self.inner.sites
    }

    /// The causes, the nearest first.
    pub fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            causes.push(words(cause));
            next = cause.source();
        }
        causes
    }

    /// The value of the nearest cause that has one.
    pub fn details(&self) -> Option<&serde_json::Value> {
        let mut next = std::error::Error::source(self);
        while let Some(cause) = next {
            if let Some(found) = cause.downcast_ref::<Detailed>() {
                return Some(&found.details);
            }
            next = cause.source();
        }
        None
    }

    /// The act, its object and its causes on one line, for logs and records.
    pub fn one_line(&self) -> String {
        let mut line = self.inner.what.clone();
        for cause in self.causes() {
            line.push_str(": ");
            line.push_str(cause.trim_end().replace('\n', "; ").as_str());
        }
        line
    }
}

/// Shortens `text` for keeping: a long text keeps its beginning and its end, and never half of a secret.
pub fn brief(mut text: String) -> String {
    if text.len() > LONGEST {
        let (tail, window) = (LONGEST / 3, text.len().min(2 * LONGEST));
        let mut start = redact(&text[..text.floor_char_boundary(window)]);
        let end = redact(&text[text.ceil_char_boundary(text.len() - window)..]);
        start.truncate(start.floor_char_boundary(LONGEST - tail));
        text = format!("{start}…{}", &end[end.ceil_char_boundary(end.len().saturating_sub(tail))..]);
    }
    text
}

/// The text of a cause, without the error number that Rust appends.
fn words(cause: &dyn std::error::Error) -> String {
    let text = cause.to_string();
    let number = |rest: &str| rest.strip_suffix(')').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
    match text.rsplit_once(" (os error ") {
        Some((said, rest)) if number(rest) => said.to_owned(),
        _ => text,
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.inner.what)
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.inner.kind.word(), self.one_line())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.inner.source.as_deref().map(|cause| cause as _)
    }
}

/// A cause that came as text.
#[derive(Debug)]
struct Said(String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Said {}

/// A cause that came as text, with a value that recipes can read.
#[derive(Debug)]
struct Detailed {
    text: String,
    details: serde_json::Value,
}

impl fmt::Display for Detailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Detailed {}
