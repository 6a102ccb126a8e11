//! `:age`, `:gpg` and their opposites: the options for encryption, and the stages that do it.

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use super::method::Stage;
use crate::backup::decrypting::by_gpg::{self, GpgKey};
use crate::backup::decrypting::{Identity, SecretKey, age_key};
use crate::backup::gpg::encrypt::{self, GpgLock};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::secret::Secret;
use crate::stream::age::{self, Lock};
use crate::stream::deferred::Deferred;
use crate::units::duration;
use crate::world::Caller;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeOptions {
    recipients: Option<Vec<String>>,
    passphrase: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnageOptions {
    identity: Option<SecretKey>,
    passphrase: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GpgOptions {
    recipients: Option<Vec<String>>,
    passphrase: Option<Secret>,
    sign: Option<String>,
    keyring: Option<PathBuf>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct UngpgOptions {
    identity: Option<SecretKey>,
    passphrase: Option<Secret>,
    keyring: Option<PathBuf>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

pub fn age(_call: &Call, options: AgeOptions) -> Result<Stage> {
    let lock = match (options.recipients, options.passphrase) {
        (Some(recipients), None) => Lock::to(&recipients)?,
        (None, Some(passphrase)) => Lock::by(passphrase)?,
        (None, None) => return Err(one_of("age", "recipients", "gives nobody the key")),
        (Some(_), Some(_)) => return Err(one_of("age", "recipients", "takes recipients or a passphrase, not both")),
    };
    Ok(Stage::holding(1 << 20, move |source, facts| age::age(source, lock, facts)))
}

pub fn unage(call: &Call, options: UnageOptions) -> Result<Stage> {
    let given = match (options.identity, options.passphrase) {
        (None, None) => return Err(one_of("unage", "identity", "needs a key")),
        (Some(_), Some(_)) => return Err(one_of("unage", "identity", "takes an identity or a passphrase, not both")),
        (key, passphrase) => Identity { key, passphrase },
    };
    let caller = call.world()?;
    Ok(Stage::holding(1 << 20, move |source, _| {
        Box::new(Deferred::new(async move { Ok(age::unage(source, age_key(&caller, &given).await?)) }))
    }))
}

pub fn gpg(call: &Call, options: GpgOptions) -> Result<Stage> {
    let GpgOptions { recipients, passphrase, sign, keyring, timeout, idle_timeout } = options;
    let recipients = match (recipients, &passphrase) {
        (None, None) => return Err(one_of("gpg", "recipients", "gives nobody the key")),
        (Some(_), Some(_)) => return Err(one_of("gpg", "recipients", "takes recipients or a passphrase, not both")),
        (None, Some(passphrase)) if passphrase.is_empty() => {
            return Err(Error::new(Kind::Recipe, "cannot encrypt with an empty passphrase")
                .hint("is the variable set that it comes from?"));
        }
        (recipients, _) => recipients.unwrap_or_default(),
    };
    if passphrase.is_none() && recipients.iter().all(|name| name.trim().is_empty()) {
        return Err(one_of("gpg", "recipients", "encrypts to no recipient"));
    }
    let caller = program(call, timeout, idle_timeout)?;
    let lock = GpgLock { recipients, passphrase, sign, keyring };
    Ok(Stage::holding(1 << 20, move |source, facts| encrypt::gpg(source, caller, lock, facts)))
}

pub fn ungpg(call: &Call, options: UngpgOptions) -> Result<Stage> {
    let UngpgOptions { identity, passphrase, keyring, timeout, idle_timeout } = options;
    let caller = program(call, timeout, idle_timeout)?;
    let key = GpgKey { identity: Identity { key: identity, passphrase }, keyring };
    Ok(Stage::holding(1 << 20, move |source, _| by_gpg::ungpg(source, caller, key)))
}

/// While other copies of a stream wait for a stalled one, a program gets no input either.
fn program(call: &Call, timeout: Option<Duration>, idle_timeout: Option<Duration>) -> Result<Caller> {
    let caller = call.world()?;
    let idle = idle_timeout.unwrap_or(caller.limits.idle * 2);
    Ok(caller.limited(timeout, Some(idle)))
}

fn one_of(method: &str, first: &str, wrong: &str) -> Error {
    Error::new(Kind::Recipe, format!("`:{method}` {wrong}"))
        .hint(format!("write `:{method} {{ {first} = … }}` or `:{method} {{ passphrase = … }}`"))
}
