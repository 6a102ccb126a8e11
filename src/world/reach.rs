//! Reads from a program's own arguments which servers it connects to, so that it can reach no others.

use super::Command;
use super::http::address::Address;

/// The network access of a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// TCP ports that it connects to.
    pub ports: Vec<u16>,
    /// Whether it uses Unix sockets.
    pub sockets: bool,
}

/// The clients of PostgreSQL.
pub const LIBPQ: [&str; 13] = [
    "pg_dump",
    "pg_dumpall",
    "pg_restore",
    "pg_isready",
    "psql",
    "createdb",
    "dropdb",
    "createuser",
    "dropuser",
    "vacuumdb",
    "reindexdb",
    "pg_basebackup",
    "pg_amcheck",
];
const MYSQL: [&str; 5] = ["mysql", "mysqldump", "mysqladmin", "mariadb", "mariadb-dump"];
/// Remote shells, and what runs over them.
const SSH: [&str; 5] = ["ssh", "scp", "sftp", "rsync", "ssh-keyscan"];
/// Programs whose arguments are the addresses that they fetch.
const FETCH: [&str; 3] = ["curl", "wget", "render"];
/// Programs that talk to their own agent.
const AGENTS: [&str; 4] = ["gpg", "gpg2", "gpgsm", "gpg-connect-agent"];
/// The git commands that talk to another repository, and the ports of all transports.
const GIT_REMOTE: [&str; 8] = ["clone", "fetch", "pull", "push", "ls-remote", "remote", "submodule", "archive"];
const GIT_PORTS: [u16; 4] = [22, 80, 443, 9418];

/// The network access that the arguments and variables of `command` imply.
pub fn named_by(command: &Command) -> Reach {
    let name = command.program.rsplit('/').next().unwrap_or_default();
    let args: Vec<&str> = command.args.iter().map(String::as_str).collect();
    match name {
        _ if LIBPQ.contains(&name) => libpq(command, &args),
        _ if MYSQL.contains(&name) => mysql(&args),
        _ if SSH.contains(&name) => remote_shell(&args),
        _ if FETCH.contains(&name) => Reach { ports: ports_of_addresses(&args), sockets: false },
        _ if AGENTS.contains(&name) => Reach { ports: Vec::new(), sockets: true },
        "aws" => Reach { ports: with(443, ports_of_addresses(&args)), sockets: false },
        "git" if args.iter().any(|arg| GIT_REMOTE.contains(arg)) => git(command, &args),
        _ => Reach::default(),
    }
}

/// Handles git, whose addresses may also be in variables, so that no token is among its arguments.
fn git(command: &Command, args: &[&str]) -> Reach {
    let variables =
        command.env.iter().filter(|(name, _)| name.starts_with("GIT_CONFIG_VALUE_") || name == "GIT_SSH_COMMAND");
    let variables: Vec<&str> = variables.map(|(_, value)| value.expose()).collect();
    let ssh = variables.iter().filter_map(|value| value.rsplit_once("-p")?.1.split_whitespace().next()?.parse().ok());
    let said = ports_of_addresses(args).into_iter().chain(ports_of_addresses(&variables)).chain(ssh);
    Reach { ports: GIT_PORTS.into_iter().chain(said).collect(), sockets: false }
}

fn with(port: u16, mut ports: Vec<u16>) -> Vec<u16> {
    if !ports.contains(&port) {
        ports.push(port);
    }
    ports
}

/// Handles a client of PostgreSQL: a folder as host, or no host, means a Unix socket. `pg_restore` and `pg_dumpall` get no access
/// when they only read a file.
fn libpq(command: &Command, args: &[&str]) -> Reach {
    let variable = |name: &str| command.env.iter().find(|(known, _)| known == name).map(|(_, value)| value.expose());
    let database = option(args, "-d", "--dbname").or_else(|| args.iter().copied().find(|arg| uri(arg).is_some()));
    let mut hosts = option(args, "-h", "--host").or_else(|| variable("PGHOST")).unwrap_or_default().to_owned();
    let mut port = option(args, "-p", "--port").or_else(|| variable("PGPORT")).unwrap_or_default().to_owned();
    if let Some(connection) = database.filter(|database| database.contains('=') || uri(database).is_some()) {
        let said = in_connection(connection, "hostaddr").or_else(|| in_connection(connection, "host"));
        hosts = said.unwrap_or(hosts);
        port = in_connection(connection, "port").unwrap_or(port);
    }
    let mut reach = Reach::default();
    for host in hosts.split(',') {
        if host.is_empty() || host.starts_with(['/', '@']) {
            reach.sockets = true;
        } else {
            reach.ports.extend(port.split(',').map(|port| port.parse().unwrap_or(5432)));
        }
    }
    reach.ports.sort_unstable();
    reach.ports.dedup();
    reach
}

/// The value of a key in a libpq connection string, written as a URI or as `key=value`.
fn in_connection(connection: &str, key: &str) -> Option<String> {
    if let Some(rest) = uri(connection) {
        let authority = rest.split(['/', '?']).next().unwrap_or_default();
        let hosts = authority.rsplit('@').next().unwrap_or_default();
        let pairs = hosts.split(',').map(|host| match host.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, port),
            _ => (host, ""),
        });
        let (names, ports): (Vec<&str>, Vec<&str>) = pairs.unzip();
        let said = match key {
            "host" => names.join(","),
            "port" => ports.join(","),
            _ => String::new(),
        };
        return Some(said).filter(|said| !said.trim_matches(',').is_empty());
    }
    let (mut found, mut rest) = (None, connection);
    while let Some((name, after)) = rest.split_once('=') {
        let (value, left) = connection_value(after.trim_start());
        if name.trim() == key {
            found = Some(value);
        }
        rest = left;
    }
    found
}

/// The part after the scheme of a connection URI; libpq treats everything else as `key=value` or as a name.
fn uri(connection: &str) -> Option<&str> {
    connection.strip_prefix("postgresql://").or_else(|| connection.strip_prefix("postgres://"))
}

/// The first value of `value key=value …`, and the rest. A quoted value is one value, even if it contains something like a key.
fn connection_value(text: &str) -> (String, &str) {
    let (quoted, text) = text.strip_prefix('\'').map_or((false, text), |inner| (true, inner));
    let (mut value, mut escaped) = (String::new(), false);
    for (at, letter) in text.char_indices() {
        let ends = if quoted { letter == '\'' } else { letter.is_ascii_whitespace() };
        match letter {
            _ if escaped => {
                value.push(letter);
                escaped = false;
            }
            '\\' => escaped = true,
            _ if ends => return (value, &text[at + 1..]),
            _ => value.push(letter),
        }
    }
    (value, "")
}

fn mysql(args: &[&str]) -> Reach {
    let port = option(args, "-P", "--port").and_then(|port| port.parse().ok()).unwrap_or(3306);
    match option(args, "-h", "--host") {
        None | Some("localhost") => Reach { ports: Vec::new(), sockets: true },
        Some(_) => Reach { ports: vec![port], sockets: false },
    }
}

fn remote_shell(args: &[&str]) -> Reach {
    let said = option(args, "-p", "--port").or_else(|| option(args, "-P", "--port"));
    let inner = args.iter().filter_map(|arg| arg.rsplit_once("-p ")?.1.split(' ').next()); // rsync -e 'ssh -p 2222'
    let mut ports: Vec<u16> = said.into_iter().chain(inner).filter_map(|port| port.parse().ok()).collect();
    ports.extend([22, 873].iter().filter(|_| said.is_none()));
    ports.extend(ports_of_addresses(args));
    Reach { ports, sockets: false }
}

/// The ports of the addresses in the arguments.
fn ports_of_addresses(args: &[&str]) -> Vec<u16> {
    let values =
        args.iter().map(|arg| arg.split_once('=').map_or(*arg, |(_, value)| value)).chain(args.iter().copied());
    let mut ports: Vec<u16> = values.filter_map(port_of).collect();
    ports.sort_unstable();
    ports.dedup();
    ports
}

fn port_of(text: &str) -> Option<u16> {
    if let Some((scheme @ ("ssh" | "git" | "rsync" | "sftp" | "ftp"), rest)) = text.split_once("://") {
        let authority = rest.split('/').next()?;
        let said = authority.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        let usual = match scheme {
            "git" => 9418,
            "rsync" => 873,
            "ftp" => 21,
            _ => 22,
        };
        return Some(said.unwrap_or(usual));
    }
    text.contains("://").then(|| Address::parse(text).ok().map(|address| address.port()))?
}

/// The value of an option in any form: `-h x`, `-hx`, `--host x`, `--host=x`. The last one counts.
fn option<'a>(args: &[&'a str], short: &str, long: &str) -> Option<&'a str> {
    let mut found = None;
    for (place, arg) in args.iter().enumerate() {
        let next = args.get(place + 1).copied();
        found = match arg.strip_prefix(long) {
            Some("") => next,
            Some(value) if value.starts_with('=') => value.strip_prefix('='),
            _ => match arg.strip_prefix(short) {
                Some("") => next,
                Some(value) if !value.is_empty() && !arg.starts_with("--") => Some(value),
                _ => found,
            },
        };
    }
    found
}
