//! Decides which hosts a recipe may connect to: those that it declares in `needs.connect`.

use reqwest::Url;

use crate::error::{Error, Kind, Result};

/// One declared host.
struct Host {
    name: String,
    /// Whether it means the hosts below it, and only those: `*.example.com`.
    below: bool,
    /// Any port when absent.
    port: Option<u16>,
}

/// Refuses a declared host that is invalid.
pub fn check(connect: &[String]) -> Result<()> {
    connect.iter().try_for_each(|text| Host::read(text).map(drop))
}

/// Whether this port of this host is declared. An empty entry matches nothing.
pub fn declared(connect: &[String], host: &str, port: u16) -> Result<bool> {
    for text in connect {
        if Host::read(text)?.is_some_and(|declared| declared.is(host, port)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The declared ports; `None` if a host is declared without a port, so that any port is allowed.
pub fn ports(connect: &[String]) -> Result<Option<Vec<u16>>> {
    let mut ports = Vec::new();
    for text in connect {
        match Host::read(text)? {
            None => {}
            Some(Host { port: Some(port), .. }) => ports.push(port),
            Some(Host { port: None, .. }) => return Ok(None),
        }
    }
    Ok(Some(ports))
}

impl Host {
    fn read(text: &str) -> Result<Option<Host>> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(None);
        }
        let wrong = || {
            Error::new(Kind::Recipe, format!("`{}` among the recipe's `connect` is not a host", text.escape_debug()))
                .hint("write `host`, `host:port`, `*.domain` or a url")
        };
        if text.contains("://") {
            let url = Url::parse(text).map_err(|_| wrong())?;
            let name = url.host_str().ok_or_else(wrong)?;
            return Ok(Some(Host { name: plain(name), below: false, port: url.port_or_known_default() }));
        }
        let (below, rest) = text.strip_prefix("*.").map_or((false, text), |rest| (true, rest));
        let (name, port) = split_port(rest).ok_or_else(wrong)?;
        // Parsed like the host of a URL, so that both are compared in the same form.
        let url = Url::parse(&format!("http://{name}/")).map_err(|_| wrong())?;
        let only_a_host = url.path() == "/" && url.username().is_empty() && url.port().is_none();
        match url.host_str() {
            Some(name) if only_a_host && !name.contains('*') && url.query().is_none() && url.fragment().is_none() => {
                Ok(Some(Host { name: plain(name), below, port }))
            }
            _ => Err(wrong()),
        }
    }

    fn is(&self, name: &str, port: u16) -> bool {
        let name = plain(name);
        let host = match self.below {
            true => name.strip_suffix(&self.name).is_some_and(|rest| rest.len() > 1 && rest.ends_with('.')),
            false => name == self.name,
        };
        host && self.port.is_none_or(|declared| declared == port)
    }
}

/// Splits `host:port`, `[::1]:port`, or either without the port; a bare `::1` gets brackets.
fn split_port(text: &str) -> Option<(String, Option<u16>)> {
    if !text.starts_with('[') && text.matches(':').count() > 1 {
        return Some((format!("[{text}]"), None));
    }
    match text.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => Some((name.to_owned(), Some(port.parse().ok()?))),
        _ => Some((text.to_owned(), None)),
    }
}

fn plain(name: &str) -> String {
    name.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.').to_lowercase()
}
