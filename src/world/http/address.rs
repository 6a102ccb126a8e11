//! Holds the address of a request, and shows it without its secrets.

use std::fmt;

use reqwest::Url;

use crate::error::{Error, Kind, Result};
use crate::secret::{MASK, Secret, redact};
use crate::world::SecretOrText;

/// Words in the name of a query value that mark the value as secret.
const TELLTALE: [&str; 9] = ["token", "key", "secret", "pass", "pwd", "sig", "auth", "credential", "code"];

/// The path and the query of a webhook are its password, unless they are as short as `/api/backup`.
const SHORTEST_OF_HOOK: usize = 12;

/// The address of a request. It is displayed without user, password, and secret query values.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    url: Url,
    /// Whether everything except the host is secret: the address of a webhook is its password.
    secret: bool,
    /// Names of query values that are secrets.
    masked: Vec<String>,
    shown: String,
}

impl Address {
    /// Parses an address from a recipe, with query values added.
    pub fn new(text: &SecretOrText, query: &[(String, SecretOrText)]) -> Result<Address> {
        let secret = matches!(text, SecretOrText::Secret(_));
        let mut url = read(text.expose(), secret)?;
        let mut masked = Vec::new();
        for (name, value) in query {
            url.query_pairs_mut().append_pair(name, value.expose());
            if matches!(value, SecretOrText::Secret(_)) {
                masked.push(name.clone());
            }
        }
        Ok(Address::of(url, secret, masked))
    }

    pub fn parse(text: &str) -> Result<Address> {
        Address::new(&SecretOrText::Plain(text.to_owned()), &[])
    }

    /// Parses the address of a webhook: from here on, nothing shows its path and query.
    pub fn hook(text: &str) -> Result<Address> {
        // Registered as secrets, they are redacted in all output.
        drop(Address::parse(text)?.hook_secrets());
        Address::parse(text)
    }

    /// The secret parts of the address of a webhook.
    pub fn hook_secrets(&self) -> Vec<Secret> {
        let pieces = [Some(self.url.path()), self.url.query()].into_iter().flatten();
        let pieces = pieces.map(|piece| piece.trim_start_matches('/'));
        pieces.filter(|piece| piece.len() >= SHORTEST_OF_HOOK).map(Secret::new).collect()
    }

    /// The target of a `Location` header, relative to this address.
    pub fn join(&self, location: &str) -> Result<Address> {
        let wrong = || Error::new(Kind::Network, format!("`{self}` redirects to an address that cannot be read"));
        if location.chars().any(char::is_control) {
            return Err(wrong());
        }
        let url = self.url.join(location).map_err(|cause| wrong().because(cause))?;
        let url = plausible(url).map_err(|why| wrong().because_text(why))?;
        Ok(Address::of(url, self.secret, self.masked.clone()))
    }

    /// A secret URL extended by this path, such as `fail` for the check of a monitor: it stays secret.
    pub fn below(url: &Secret, path: &str) -> Result<Secret> {
        let mut url = read(url.expose(), true)?;
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
        if path.is_empty() || !path.chars().all(plain) || path.split('/').any(|part| part == "..") {
            return Err(Error::new(Kind::Recipe, format!("`{}` cannot be part of a url", path.escape_debug())));
        }
        if let Ok(mut parts) = url.path_segments_mut() {
            parts.pop_if_empty().extend(path.split('/').filter(|part| !part.is_empty()));
        }
        Ok(Secret::new(url.as_str()))
    }

    fn of(mut url: Url, secret: bool, masked: Vec<String>) -> Address {
        url.set_fragment(None);
        if let Some(password) = url.password() {
            // Registered as a secret, so that it is redacted in all output.
            Secret::new(password);
        }
        let shown = if secret { format!("{}/{MASK}", origin(&url)) } else { shown(&url, &masked) };
        Address { url, secret, masked, shown }
    }

    pub fn url(&self) -> &Url {
        &self.url
    }

    pub fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default().trim_end_matches('.')
    }

    pub fn port(&self) -> u16 {
        self.url.port_or_known_default().unwrap_or_default()
    }

    /// The host, with its port if that is not the default.
    pub fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host()),
            None => self.host().to_owned(),
        }
    }

    /// The server alone, as the needs of a recipe name it: the rest of an address may be secret.
    pub fn origin(&self) -> String {
        origin(&self.url)
    }

    pub fn is_https(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Whether both are on the same server, so that one may see the secrets of the other.
    pub fn same_origin(&self, other: &Address) -> bool {
        self.url.origin() == other.url.origin()
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

/// `name=value&…`, encoded as in forms and queries.
pub fn encoded<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let Ok(mut url) = Url::parse("http://x/") else { return String::new() }; // it always can
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

fn read(text: &str, secret: bool) -> Result<Url> {
    let named = if secret { "the url, which is a secret,".to_owned() } else { format!("`{}`", without_user(text)) };
    let wrong = |why: &str| {
        let error = Error::new(Kind::Recipe, format!("{named} cannot be used as a url")).because_text(why);
        error.hint("write it as `https://host/path`")
    };
    // `Url` silently removes line breaks.
    if text.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(wrong("it holds a blank, a line break or a control character"));
    }
    let url = Url::parse(text).map_err(|cause| wrong(&cause.to_string()))?;
    plausible(url).map_err(wrong)
}

fn plausible(url: Url) -> Result<Url, &'static str> {
    match url.scheme() {
        "http" | "https" if url.host_str().is_some_and(|host| !host.is_empty()) => Ok(url),
        "http" | "https" => Err("it names no host"),
        _ => Err("only `http` and `https` are spoken"),
    }
}

/// A text that is not parsed as a URL yet, for a message.
fn without_user(text: &str) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect();
    let clean = clean.rsplit_once('@').map_or(clean.clone(), |(_, rest)| format!("{MASK}@{rest}"));
    redact(clean.split('?').next().unwrap_or_default())
}

fn origin(url: &Url) -> String {
    let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
    format!("{}://{}{port}", url.scheme(), url.host_str().unwrap_or_default())
}

fn shown(url: &Url, masked: &[String]) -> String {
    let mut shown = format!("{}://", url.scheme());
    if !url.username().is_empty() || url.password().is_some() {
        shown.push_str(MASK);
        shown.push('@');
    }
    shown.push_str(&origin(url)[url.scheme().len() + 3..]);
    shown.push_str(url.path());
    for (number, (name, value)) in url.query_pairs().enumerate() {
        let low = name.to_lowercase();
        let hidden = masked.iter().any(|known| *known == name) || TELLTALE.iter().any(|word| low.contains(word));
        shown.push(if number == 0 { '?' } else { '&' });
        match hidden {
            true => shown.push_str(&format!("{}={MASK}", name.escape_debug())),
            false => shown.push_str(&encoded([(&*name, &*value)])),
        }
    }
    redact(&shown)
}
