//! Checks the requirements of libpq's settings on a server or its login: unsupported ones are rejected, never ignored.

use super::{Values, wrong};
use crate::error::{Error, Kind, Result};

/// The login methods that `require_auth` knows.
const METHODS: [&str; 6] = ["gss", "md5", "none", "password", "scram-sha-256", "sspi"];

/// Settings that would change which server hikae connects to or how, their variables, and the values that have no effect here.
const SETTINGS: [(&str, &str, &[&str]); 10] = [
    ("gssencmode", "PGGSSENCMODE", &["disable", "prefer"]),
    ("target_session_attrs", "PGTARGETSESSIONATTRS", &["any"]),
    ("load_balance_hosts", "PGLOADBALANCEHOSTS", &["disable"]),
    ("sslnegotiation", "PGSSLNEGOTIATION", &["postgres"]),
    ("sslcrl", "PGSSLCRL", &[]),
    ("sslcrldir", "PGSSLCRLDIR", &[]),
    ("sslcertmode", "PGSSLCERTMODE", &["allow"]),
    ("ssl_min_protocol_version", "PGSSLMINPROTOCOLVERSION", &["TLSv1", "TLSv1.1", "TLSv1.2"]),
    ("requiressl", "PGREQUIRESSL", &["0"]),
    ("requirepeer", "PGREQUIREPEER", &[]),
];

pub(super) fn refuse_unsupported(values: &Values) -> Result<()> {
    for (key, variable, understood) in SETTINGS {
        if let Some(value) = values.get(key, variable).filter(|value| !understood.contains(value)) {
            let error =
                Error::new(Kind::Recipe, format!("hikae does not support the connection setting `{key}={value}`"));
            return Err(error.hint(format!("unset `{variable}`, or take it out of the service file")));
        }
    }
    Ok(())
}

/// The login methods that `require_auth` allows the server to request.
#[derive(Clone, Debug)]
pub struct Logins {
    listed: Vec<String>,
    /// Whether the listed methods are rejected, and all others allowed.
    refused: bool,
}

impl Logins {
    pub(super) fn of(values: &Values) -> Result<Logins> {
        let Some(text) = values.get("require_auth", "PGREQUIREAUTH") else {
            return Ok(Logins { listed: Vec::new(), refused: true });
        };
        let refused = text.trim_start().starts_with('!');
        let name = |item: &str| {
            let item = item.trim();
            let name = if refused { item.strip_prefix('!') } else { Some(item) };
            let known = name.filter(|name| METHODS.contains(name)).map(str::to_owned);
            known.ok_or_else(|| {
                let valid =
                    "a list of `scram-sha-256`, `md5`, `password`, `gss`, `sspi` and `none`, all with `!` or none";
                wrong("require_auth", text, valid)
            })
        };
        Ok(Logins { listed: text.split(',').map(name).collect::<Result<_>>()?, refused })
    }

    pub fn allow(&self, method: &str) -> bool {
        self.listed.iter().any(|listed| listed == method) != self.refused
    }
}
