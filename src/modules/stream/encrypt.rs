//! `:age` and `:unage`: what recipes say of encryption, and the stages that do it.

use serde::Deserialize;

use super::method::StageFn;
use crate::backup::decrypting::{Identity, age_key};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::secret::Secret;
use crate::stream::age::{self, Lock};
use crate::stream::deferred::Deferred;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgeOptions {
    recipients: Option<Vec<String>>,
    passphrase: Option<Secret>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnageOptions {
    identity: Option<Identity>,
    passphrase: Option<Secret>,
}

pub fn age(_call: &Call, options: AgeOptions) -> Result<StageFn> {
    let lock = match (options.recipients, options.passphrase) {
        (Some(recipients), None) => Lock::to(&recipients)?,
        (None, Some(passphrase)) => Lock::by(passphrase)?,
        (None, None) => return Err(one_of("age", "recipients", "gives nobody the key")),
        (Some(_), Some(_)) => return Err(one_of("age", "recipients", "takes recipients or a passphrase, not both")),
    };
    Ok(Box::new(move |source, facts| age::age(source, lock, facts)))
}

pub fn unage(call: &Call, options: UnageOptions) -> Result<StageFn> {
    let given = match (options.identity, options.passphrase) {
        (Some(identity), None) => identity,
        (None, Some(passphrase)) => Identity::Passphrase(passphrase),
        (None, None) => return Err(one_of("unage", "identity", "needs a key")),
        (Some(_), Some(_)) => return Err(one_of("unage", "identity", "takes an identity or a passphrase, not both")),
    };
    let caller = call.world()?;
    Ok(Box::new(move |source, _| {
        Box::new(Deferred::new(async move { Ok(age::unage(source, age_key(&caller, &given).await?)) }))
    }))
}

fn one_of(method: &str, first: &str, wrong: &str) -> Error {
    Error::new(Kind::Recipe, format!("`:{method}` {wrong}"))
        .hint(format!("write `:{method} {{ {first} = … }}` or `:{method} {{ passphrase = … }}`"))
}
