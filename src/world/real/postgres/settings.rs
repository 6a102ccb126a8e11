//! Decides where and how to connect, in libpq's order: the caller's settings, the service file, the variables, the defaults.

mod demands;
mod passfile;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

pub use self::demands::Logins;
use super::service;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::postgres::{DEFAULT_PORT, Login};
use crate::world::real::account::Account;
use crate::world::real::environment;

/// The supported variables of libpq; the paths among them must be readable.
pub const VARIABLES: [&str; 29] = [
    "PGHOST",
    "PGHOSTADDR",
    "PGPORT",
    "PGUSER",
    "PGPASSWORD",
    "PGPASSFILE",
    "PGSERVICE",
    "PGSERVICEFILE",
    "PGSYSCONFDIR",
    "PGSSLMODE",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLNEGOTIATION",
    "PGSSLCRL",
    "PGSSLCRLDIR",
    "PGSSLCERTMODE",
    "PGSSLMINPROTOCOLVERSION",
    "PGREQUIRESSL",
    "PGREQUIREPEER",
    "PGLOADBALANCEHOSTS",
    "PGCHANNELBINDING",
    "PGCONNECT_TIMEOUT",
    "PGREQUIREAUTH",
    "PGGSSENCMODE",
    "PGTARGETSESSIONATTRS",
    "PGOPTIONS",
    "PGKRBSRVNAME",
    "PGREALM",
];

/// The default socket folders; the second is that of PostgreSQL builds other than Debian's.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// A server that does not answer must not block a run for minutes.
const CONNECT: Duration = Duration::from_secs(15);

/// The required level of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl SslMode {
    pub fn word(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }
}

/// Whether the login is bound to the TLS connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Binding {
    Disable,
    Prefer,
    Require,
}

/// One place to try.
#[derive(Clone, Debug)]
pub struct Place {
    /// The name of the host, or the folder of the socket.
    pub host: String,
    /// The address to connect to, if it is not that of the name.
    pub address: Option<String>,
    pub port: u16,
    pub password: Option<Secret>,
    /// A password file that was ignored because others may read it.
    pub open_passfile: Option<PathBuf>,
}

impl Place {
    pub fn is_socket(&self) -> bool {
        self.address.is_none() && (self.host.starts_with('/') || self.host.starts_with('@'))
    }

    pub fn title(&self) -> String {
        match self.is_socket() {
            true => format!("{}/.s.PGSQL.{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// The settings of a connection.
#[derive(Clone, Debug)]
pub struct Settings {
    pub places: Vec<Place>,
    pub user: String,
    /// The account that connects to a Unix socket, if not the current one.
    pub account: Option<Arc<Account>>,
    pub database: String,
    pub options: Option<String>,
    pub ssl: SslMode,
    pub binding: Binding,
    pub logins: Logins,
    pub root_cert: Option<PathBuf>,
    /// `sslrootcert=system`.
    pub system_roots: bool,
    pub client_cert: Option<(PathBuf, PathBuf)>,
    pub within: Duration,
}

/// Values by libpq's names, in libpq's order of precedence.
struct Values<'a> {
    given: BTreeMap<&'static str, String>,
    service: BTreeMap<String, String>,
    environment: &'a BTreeMap<String, String>,
}

impl Values<'_> {
    fn get(&self, key: &str, variable: &str) -> Option<&str> {
        let found = self.given.get(key).or_else(|| self.service.get(key)).or_else(|| self.environment.get(variable));
        found.map(String::as_str).filter(|value| !value.is_empty())
    }
}

impl Settings {
    pub fn of(
        login: &Login,
        environment: &BTreeMap<String, String>,
        account: Option<Arc<Account>>,
    ) -> Result<Settings> {
        let given = [("host", login.host.clone()), ("port", login.port.map(|port| port.to_string()))];
        let given = given.into_iter().chain([("user", login.user.clone())]);
        let given = given.filter_map(|(key, value)| Some((key, value?))).collect();
        let values = Values { given, service: service::read(environment)?, environment };
        demands::refuse_unsupported(&values)?;
        let user = values.get("user", "PGUSER").map_or_else(
            || account.as_ref().map_or_else(environment::user, |account| account.name.clone()),
            str::to_owned,
        );
        let home = environment.get("HOME").map(PathBuf::from);
        let (root_cert, system_roots) = roots(&values, home.as_deref());
        let mut settings = Settings {
            places: places(&values)?,
            user,
            account,
            database: login.database.clone(),
            options: options(&values, login.read_only),
            ssl: ssl_mode(&values, system_roots)?,
            binding: binding(&values)?,
            logins: Logins::of(&values)?,
            root_cert,
            system_roots,
            client_cert: client_cert(&values, home.as_deref()),
            within: connect_timeout(&values)?,
        };
        let password = login.password.clone().filter(|password| !password.is_empty());
        let password = password.or_else(|| values.get("password", "PGPASSWORD").map(Secret::new));
        for place in &mut settings.places {
            match &password {
                Some(password) => place.password = Some(password.clone()),
                None => passfile::look_up(environment, place, &settings.database, &settings.user)?,
            }
        }
        Ok(settings)
    }
}

/// Hosts and ports may be lists, as in libpq.
fn places(values: &Values) -> Result<Vec<Place>> {
    let list = |text: Option<&str>| -> Vec<String> {
        text.map(|text| text.split(',').map(|part| part.trim().to_owned()).collect()).unwrap_or_default()
    };
    let hosts = list(values.get("host", "PGHOST"));
    let addresses = list(values.get("hostaddr", "PGHOSTADDR"));
    let ports = list(values.get("port", "PGPORT"));
    let count = hosts.len().max(addresses.len()).max(1);
    let at = |list: &[String], at: usize| list.get(at).cloned().filter(|part| !part.is_empty());
    (0..count)
        .map(|number| {
            let port = if ports.len() == 1 { at(&ports, 0) } else { at(&ports, number) };
            let port = match port {
                None => DEFAULT_PORT,
                Some(text) => text.parse().map_err(|_| wrong("port", &text, "a number from 1 to 65535"))?,
            };
            let address = at(&addresses, number);
            let host = at(&hosts, number).or_else(|| address.clone()).unwrap_or_else(|| socket_folder(port));
            Ok(Place { host, address, port, password: None, open_passfile: None })
        })
        .collect()
}

fn socket_folder(port: u16) -> String {
    let there = |folder: &&&str| Path::new(folder).join(format!(".s.PGSQL.{port}")).exists();
    (*SOCKETS.iter().find(there).unwrap_or(&SOCKETS[0])).to_owned()
}

/// Options of the session; later ones take precedence.
fn options(values: &Values, read_only: bool) -> Option<String> {
    let known = values.get("options", "PGOPTIONS").map(str::to_owned);
    let read_only = read_only.then(|| "-c default_transaction_read_only=on".to_owned());
    let options: Vec<String> = known.into_iter().chain(read_only).collect();
    (!options.is_empty()).then(|| options.join(" "))
}

fn ssl_mode(values: &Values, system_roots: bool) -> Result<SslMode> {
    let default = if system_roots { "verify-full" } else { "prefer" };
    match values.get("sslmode", "PGSSLMODE").unwrap_or(default) {
        // With the system's roots, a weaker mode would trust anyone with a certificate.
        "verify-full" => Ok(SslMode::VerifyFull),
        mode if system_roots => Err(wrong("sslmode", mode, "`verify-full`, which `sslrootcert=system` needs")),
        "disable" => Ok(SslMode::Disable),
        "allow" => Ok(SslMode::Allow),
        "prefer" => Ok(SslMode::Prefer),
        "require" => Ok(SslMode::Require),
        "verify-ca" => Ok(SslMode::VerifyCa),
        mode => Err(wrong("sslmode", mode, "`disable`, `allow`, `prefer`, `require`, `verify-ca` or `verify-full`")),
    }
}

fn binding(values: &Values) -> Result<Binding> {
    match values.get("channel_binding", "PGCHANNELBINDING").unwrap_or("prefer") {
        "disable" => Ok(Binding::Disable),
        "prefer" => Ok(Binding::Prefer),
        "require" => Ok(Binding::Require),
        other => Err(wrong("channel_binding", other, "`disable`, `prefer` or `require`")),
    }
}

fn roots(values: &Values, home: Option<&Path>) -> (Option<PathBuf>, bool) {
    match values.get("sslrootcert", "PGSSLROOTCERT") {
        Some("system") => (None, true),
        Some(path) => (Some(PathBuf::from(path)), false),
        None => (home.map(|home| home.join(".postgresql/root.crt")).filter(|path| path.exists()), false),
    }
}

fn client_cert(values: &Values, home: Option<&Path>) -> Option<(PathBuf, PathBuf)> {
    let file = |key: &str, variable: &str, name: &str| {
        values.get(key, variable).map(PathBuf::from).or_else(|| Some(home?.join(".postgresql").join(name)))
    };
    let cert = file("sslcert", "PGSSLCERT", "postgresql.crt")?;
    let key = file("sslkey", "PGSSLKEY", "postgresql.key")?;
    cert.exists().then_some((cert, key))
}

fn connect_timeout(values: &Values) -> Result<Duration> {
    match values.get("connect_timeout", "PGCONNECT_TIMEOUT") {
        None => Ok(CONNECT),
        Some(text) => match text.parse::<u64>() {
            Ok(0) => Ok(CONNECT),
            Ok(seconds) => Ok(Duration::from_secs(seconds)),
            Err(_) => Err(wrong("connect_timeout", text, "a number of seconds")),
        },
    }
}

fn wrong(key: &str, value: &str, valid: &str) -> Error {
    Error::new(Kind::Recipe, format!("`{value}` is no value of the connection setting `{key}`"))
        .hint(format!("it must be {valid}"))
}
