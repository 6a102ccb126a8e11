//! Encrypts a stream with `gpg`, with a throwaway key in addition to the recipients, which is used to prove the stored bytes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::keyring::Keyring;
use super::listing::Key;
use super::{Home, PROGRAM, ask, status};
use crate::backup::decrypting::by_gpg::decrypting;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::stream::deferred::Deferred;
use crate::stream::encrypting::{Encryption, Failing, Sealer, encrypted};
use crate::stream::{SharedFacts, Source};
use crate::world::program::Through;
use crate::world::{Caller, Command, Exit, SecretOrText};

/// The encryption settings of a stream.
#[derive(Clone)]
pub struct GpgLock {
    pub recipients: Vec<String>,
    /// Used instead of recipients.
    pub passphrase: Option<Secret>,
    pub sign: Option<String>,
    /// The keyring of the recipients, if it is not the user's own.
    pub keyring: Option<PathBuf>,
}

/// A short-lived key, protected only by its folder. It certifies nothing and is never sent.
const THROWAWAY: &str = "%no-protection\n%transient-key\nKey-Type: EDDSA\nKey-Curve: ed25519\nKey-Usage: sign\n\
    Subkey-Type: ECDH\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt\nName-Real: hikae throwaway\nExpire-Date: 2d\n%commit\n";

/// Holds the private home while the stream is encrypted and proved.
type Place = Arc<Mutex<Option<Home>>>;

/// The encrypted source. gpg starts when the first byte is requested; its exit 0 is the end.
pub fn gpg(source: Box<dyn Source>, caller: Caller, lock: GpgLock, facts: &SharedFacts) -> Box<dyn Source> {
    let encryption = Encryption {
        kind: PROGRAM.to_owned(),
        recipients: lock.recipients.clone(),
        passphrase: lock.passphrase.is_some(),
        throwaway: None,
    };
    let place = Place::default();
    let (proving, of_proof) = (place.clone(), caller.clone());
    let back = Arc::new(move |stored: Box<dyn Source>| -> Box<dyn Source> {
        match home_of(&proving) {
            Some(home) => decrypting(stored, of_proof.clone(), home),
            None => Box::new(Failing(Some(Error::new(Kind::Other, "the private home of `gpg` was never made")))),
        }
    });
    let (of_beside, beside) = (caller.clone(), lock.clone());
    let sealer = Sealer(Arc::new(move |source, facts| gpg(source, of_beside.clone(), beside.clone(), facts)));
    let tallied = match encrypted(source, encryption, "gpg --decrypt", back, sealer, facts) {
        Ok(tallied) => tallied,
        Err(refused) => return refused,
    };
    let facts = facts.clone();
    Box::new(Deferred::new(async move {
        let (home, args) = prepare(&caller, &lock, &facts).await?;
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let command = Command { stdin: true, ..home.command(&args) };
        let child = caller.spawn(command).await?;
        *place.lock().unwrap_or_else(|broken| broken.into_inner()) = Some(home);
        let explained = |exit: &Exit| status::failed("cannot encrypt with `gpg`", exit);
        Ok(Box::new(Through::new(PROGRAM, tallied, child).explain(explained)) as _)
    }))
}

/// The home, if it exists yet.
fn home_of(place: &Place) -> Option<Home> {
    place.lock().unwrap_or_else(|broken| broken.into_inner()).clone()
}

/// Creates the home with all keys, and returns the gpg command.
async fn prepare(caller: &Caller, lock: &GpgLock, facts: &SharedFacts) -> Result<(Home, Vec<String>)> {
    let keyring = Keyring { folder: lock.keyring.clone() };
    let mut recipients: Vec<Key> = Vec::new();
    for name in &lock.recipients {
        recipients.push(keyring.recipient(caller, name).await?);
    }
    let signer = match &lock.sign {
        Some(name) => Some(keyring.signer(caller, name).await?),
        None => None,
    };
    let secrets = match &signer {
        Some(key) => keyring.secrets(caller, Some(key)).await?,
        None => Vec::new(),
    };
    let home = Home::make(caller, lock.passphrase.as_ref(), secrets).await?;
    for key in recipients.iter().chain(&signer) {
        keyring.copy(caller, key, &home).await?;
    }
    let mut args: Vec<String> =
        "--trust-model always --compress-algo none --output -".split(' ').map(str::to_owned).collect();
    if let Some(key) = &signer {
        args.extend(["--local-user".to_owned(), key.fingerprint.clone(), "--sign".to_owned()]);
    }
    if lock.passphrase.is_some() {
        let strong = "--cipher-algo AES256 --s2k-digest-algo SHA512 --s2k-count 65011712 --symmetric";
        args.extend(strong.split(' ').map(str::to_owned));
        return Ok((home, args));
    }
    let throwaway = make_throwaway(caller, &home).await?;
    let names: Vec<String> = recipients.iter().map(|key| key.fingerprint.clone()).collect();
    for name in names.iter().chain([&throwaway]) {
        args.extend(["--recipient".to_owned(), name.clone()]);
    }
    args.push("--encrypt".to_owned());
    if let Some(encryption) = &mut facts.lock().encryption {
        (encryption.recipients, encryption.throwaway) = (names, Some(throwaway));
    }
    Ok((home, args))
}

/// Generates the key of this stream alone; its secret part is in memory, and is removed with the home.
async fn make_throwaway(caller: &Caller, home: &Home) -> Result<String> {
    let command = home.command(&["--gen-key"]);
    let (_, exit) = ask(caller, command, Some(&SecretOrText::Plain(THROWAWAY.to_owned()))).await?;
    let made = status::words(&exit, "KEY_CREATED").next().and_then(|words| words.split(' ').nth(1));
    match (exit.success(), made) {
        (true, Some(fingerprint)) => Ok(fingerprint.to_owned()),
        _ => Err(status::failed("cannot make a throwaway key with `gpg`", &exit).hint("it takes GnuPG 2.1 or later")),
    }
}
