//! Builds the clients that connect: which certificates they trust, and which proxy they use.

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

/// The variables that say how the network is reached.
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

/// As long as a host that answers takes at most; one behind a firewall that drops everything never does.
const CONNECT: Duration = Duration::from_secs(20);

/// Those that were built so far, by what they trust.
#[derive(Default)]
pub struct Clients(Mutex<Vec<(Trust, Arc<Ready>)>>);

/// Which authorities to trust.
#[derive(Clone, PartialEq, Eq)]
enum Trust {
    /// Nobody has to be: plain http.
    Nobody,
    System(Option<Bytes>),
}

/// A client, with the proxies that it goes through.
pub struct Ready {
    pub client: Client,
    http: Option<Url>,
    https: Option<Url>,
    /// Gives a proxy for every host but those that are spared.
    unspared: Matcher,
}

impl Ready {
    /// The proxy of a request, unless the host is one that needs none.
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
        // The system's certificates are read from the disk.
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
    // It is an error when one is there already, which is then as good.
    drop(rustls::crypto::ring::default_provider().install_default());
    let spared = first(environment, &["NO_PROXY", "no_proxy"]).map_or("", |(_, hosts)| hosts);
    // `*` spares every host, which the library does not know.
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
        // A connection that is used again may be gone, and then nobody knows what was sent.
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
    // As reqwest makes it of the same words.
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

/// The certificates that are trusted instead of the system's.
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

/// The proxy that the first of these variables names.
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
        // Registered, so that it is struck out of whatever repeats it.
        Secret::new(password);
    }
    Ok(Some(url))
}

fn first<'a>(environment: &'a BTreeMap<String, String>, names: &[&'a str]) -> Option<(&'a str, &'a str)> {
    names.iter().find_map(|name| {
        Some((*name, environment.get(*name).map(|text| text.trim())?)).filter(|(_, text)| !text.is_empty())
    })
}
