//! Builds the HTTP clients: which certificates they trust, and which proxy they use.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{Client, NoProxy, Proxy, Url};
use rustls::pki_types::CertificateDer;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::http::{HttpRequest, USER_AGENT};
use crate::world::real::blocking::blocking;
use crate::world::real::tls::{Trusted, certificates};

/// The variables with network settings.
pub const VARIABLES: [&str; 9] = [
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
];

/// Longer than a responding host needs; a firewall that drops every packet never responds.
const CONNECT: Duration = Duration::from_secs(20);

/// The clients built so far, by what they trust.
#[derive(Default)]
pub struct Clients(Mutex<Vec<(Trust, Arc<Ready>)>>);

/// Which authorities to trust.
#[derive(Clone, PartialEq, Eq)]
enum Trust {
    /// No authority is needed: plain HTTP.
    Nobody,
    System(Option<Bytes>),
}

/// A client and its proxies.
pub struct Ready {
    pub client: Client,
    http: Option<Url>,
    https: Option<Url>,
    /// Matches every host except those in `NO_PROXY`.
    unspared: Matcher,
}

impl Ready {
    /// The proxy for a request, or `None` if its host needs none.
    pub fn proxy_of(&self, request: &HttpRequest) -> Option<&Url> {
        self.unspared.intercept(&request.url.url().as_str().parse().ok()?)?;
        if request.url.is_https() { self.https.as_ref() } else { self.http.as_ref() }
    }
}

impl Clients {
    pub async fn fit(&self, request: &HttpRequest, environment: &Arc<BTreeMap<String, String>>) -> Result<Arc<Ready>> {
        let secure_proxy = proxy_url(environment, &["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])?
            .is_some_and(|url| url.scheme() == "https");
        let trust = match request.url.is_https() || secure_proxy {
            true => Trust::System(request.roots.clone()),
            false => Trust::Nobody,
        };
        if let Some(ready) = self.known(&trust) {
            return Ok(ready);
        }
        let (owned, environment) = (trust.clone(), environment.clone());
        // Reads the system's certificates from disk.
        let ready = Arc::new(blocking(move || build(owned, &environment)).await?);
        self.lock().push((trust, ready.clone()));
        Ok(ready)
    }

    fn known(&self, trust: &Trust) -> Option<Arc<Ready>> {
        self.lock().iter().find(|(known, _)| known == trust).map(|(_, ready)| ready.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<(Trust, Arc<Ready>)>> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

fn build(trust: Trust, environment: &BTreeMap<String, String>) -> Result<Ready> {
    // It fails if a provider is already installed, which works just as well.
    drop(rustls::crypto::ring::default_provider().install_default());
    let spared = first(environment, &["NO_PROXY", "no_proxy"]).map_or("", |(_, hosts)| hosts);
    // `*` exempts every host; the library does not know this.
    let all_spared = spared.split(',').any(|host| host.trim() == "*");
    let proxy = |names: &[&str]| if all_spared { Ok(None) } else { proxy_url(environment, names) };
    let http = proxy(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"])?;
    let https = proxy(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"])?;
    let cannot = |cause: reqwest::Error| Error::new(Kind::Other, "cannot prepare for the network").because(cause);
    let mut builder = Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .tls_info(true)
        .no_proxy()
        .connect_timeout(CONNECT)
        .http1_only()
        // A reused connection may be dead, and then it is unknown what was sent.
        .pool_max_idle_per_host(0);
    for (proxy, of) in [(&http, Proxy::http::<Url> as fn(Url) -> _), (&https, Proxy::https::<Url>)] {
        if let Some(url) = proxy {
            builder = builder.proxy(of(url.clone()).map_err(cannot)?.no_proxy(NoProxy::from_string(spared)));
        }
    }
    builder = match trust {
        Trust::Nobody => builder.tls_certs_only([]),
        Trust::System(roots) => {
            let config = trusted(roots, environment)?.client_config().map_err(|cause| {
                let error = Error::new(Kind::Other, "cannot prepare for TLS").because(cause);
                error.hint("is the package `ca-certificates` installed?")
            })?;
            builder.tls_backend_preconfigured(config)
        }
    };
    let client = builder.build().map_err(cannot)?;
    // Matches hosts in the same way as reqwest.
    let unspared = Matcher::builder().all("http://any").no(spared).build();
    Ok(Ready { client, http, https, unspared })
}

fn trusted(roots: Option<Bytes>, environment: &BTreeMap<String, String>) -> Result<Trusted> {
    let named = roots.map_or(Ok(Vec::new()), |pem| read(&pem, "the `ca_file`"))?;
    match first(environment, &["SSL_CERT_FILE"]) {
        Some((_, path)) => {
            let file = from_file(Path::new(path))?;
            Ok(Trusted { named: file.into_iter().chain(named).collect(), system: false })
        }
        None => Ok(Trusted { named, system: true }),
    }
}

/// The certificates to trust instead of the system's.
fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = std::fs::read(path).map_err(|cause| {
        Error::io(format!("cannot read `{}`", path.display()), cause).hint("the variable `SSL_CERT_FILE` names it")
    })?;
    read(&pem, &format!("`{}`", path.display()))
}

fn read(pem: &[u8], named: &str) -> Result<Vec<CertificateDer<'static>>> {
    let none = || {
        Error::new(Kind::Other, format!("{named} holds no certificate"))
            .hint("it must be PEM, with the lines `-----BEGIN CERTIFICATE-----`")
    };
    let found = certificates(pem).map_err(|cause| none().because(cause))?;
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

/// The proxy from the first of these variables that is set.
fn proxy_url(environment: &BTreeMap<String, String>, names: &[&str]) -> Result<Option<Url>> {
    let Some((name, text)) = first(environment, names) else { return Ok(None) };
    let full = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
    let wrong =
        || Error::new(Kind::Other, format!("the variable `{name}` names no proxy")).hint("write `http://host:port`");
    let url = Url::parse(&full).map_err(|_| wrong())?; // the cause could show a password
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(wrong());
    }
    if let Some(password) = url.password() {
        // Registered as a secret, so that it is redacted everywhere.
        Secret::new(password);
    }
    Ok(Some(url))
}

fn first<'a>(environment: &'a BTreeMap<String, String>, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    names.iter().find_map(|name| {
        Some((*name, environment.get(*name).map(|text| text.trim())?)).filter(|(_, text)| !text.is_empty())
    })
}
