//! Decrypts a stream with `gpg`: with a given key, a keyring, or a passphrase, and never by a prompt.

use std::path::PathBuf;

use crate::backup::decrypting::{Identity, identity_text};
use crate::backup::gpg::keyring::Keyring;
use crate::backup::gpg::{Home, PROGRAM, status};
use crate::error::{Error, Kind, Result};
use crate::stream::Source;
use crate::stream::deferred::Deferred;
use crate::world::program::Through;
use crate::world::{Caller, Command, Exit};

/// The key material for a stream encrypted by `gpg`.
#[derive(Clone)]
pub struct GpgKey {
    pub identity: Identity,
    /// The keyring of the secret key, if no key is given.
    pub keyring: Option<PathBuf>,
}

/// The decrypted source. Output before gpg's end is not proved yet: gpg writes almost everything before it reports damage.
pub fn ungpg(source: Box<dyn Source>, caller: Caller, key: GpgKey) -> Box<dyn Source> {
    Box::new(Deferred::new(async move {
        let home = home_for(&caller, &key).await?;
        Ok(decrypting(source, caller, home))
    }))
}

async fn home_for(caller: &Caller, key: &GpgKey) -> Result<Home> {
    let Identity { key: given, passphrase } = &key.identity;
    if let Some(given) = given {
        let (text, shown) = identity_text(caller, given).await?;
        let home = Home::make(caller, passphrase.as_ref(), Vec::new()).await?;
        home.import(caller, &text, &shown).await?;
        return Ok(home);
    }
    if passphrase.is_some() && key.keyring.is_none() {
        return Home::make(caller, passphrase.as_ref(), Vec::new()).await;
    }
    let keyring = Keyring { folder: key.keyring.clone() };
    let secrets = keyring.secrets(caller, None).await?;
    let home = Home::make(caller, passphrase.as_ref(), secrets).await?;
    keyring.copy_all(caller, &home).await?;
    Ok(home)
}

/// Decrypts with the keys of the home, which is kept as long as the source.
pub fn decrypting(source: Box<dyn Source>, caller: Caller, home: Home) -> Box<dyn Source> {
    Box::new(Deferred::new(async move {
        let command = Command { stdin: true, ..home.command(&["--output", "-", "--decrypt"]) };
        let child = caller.spawn(command).await?;
        let through =
            Through::new(PROGRAM, source, child).explain(status::cannot_decrypt).expecting(proved).holding(home);
        Ok(Box::new(through) as _)
    }))
}

/// gpg also exits 0 for data that was never encrypted, which anyone could have planted.
fn proved(exit: &Exit) -> Result<()> {
    match status::has(exit, "DECRYPTION_OKAY") && status::has(exit, "GOODMDC") {
        true => Ok(()),
        false => Err(Error::new(Kind::Integrity, "cannot decrypt the `gpg` data")
            .because_text("it is not encrypted, or nothing protects it against changes")
            .hint("encrypt it again with a present `gpg`; decrypt this one by hand if you trust it")),
    }
}
