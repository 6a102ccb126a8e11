//! Picks the name for the greeting of a mail server: the configured one, the full name of the machine, or its address.

use std::net::{IpAddr, SocketAddr};

use crate::world::mail::Server;

/// Many servers refuse a name without a domain, or with an underscore; an address in brackets is always allowed (RFC 5321 §4.1.3).
pub fn own_name(server: &Server, host: &str, local: Option<SocketAddr>) -> String {
    if let Some(name) = &server.ehlo_name {
        return name.clone();
    }
    match local.map(|address| address.ip()) {
        _ if is_full_name(host) => host.to_owned(),
        Some(IpAddr::V4(address)) => format!("[{address}]"),
        Some(IpAddr::V6(address)) => match address.to_ipv4_mapped() {
            Some(address) => format!("[{address}]"),
            None => format!("[IPv6:{address}]"),
        },
        None => "[127.0.0.1]".to_owned(),
    }
}

/// Whether a server can look up the name: it has a domain, and only characters of a host name.
fn is_full_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253
        && name.contains('.')
        && name.split('.').all(label)
        && name.parse::<IpAddr>().is_err()
        && !name.ends_with(".localdomain")
        && !name.ends_with(".local")
}
