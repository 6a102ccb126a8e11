//! Recipients and identities of `age`, and passphrases, from recipes and their params.

use std::str::FromStr;
use std::sync::Arc;

use ::age::secrecy::SecretString;
use ::age::{scrypt, x25519};

use super::trouble;
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;

/// The cost of one passphrase guess for an attacker: 128 MiB of memory, and a good part of a second.
const WORK_FACTOR: u8 = 17;
/// A larger work factor would take gigabytes.
const MOST_WORK: u8 = 22;

/// The recipients or the passphrase that encrypt a stream.
#[derive(Clone)]
pub enum Lock {
    Recipients(Vec<x25519::Recipient>),
    Passphrase(Secret),
}

/// The identities or the passphrase that decrypt a stream.
#[derive(Clone)]
pub enum Key {
    Identities(Arc<Vec<x25519::Identity>>),
    Passphrase(Secret),
}

/// A lock with the throwaway recipient of one stream.
pub struct Locking {
    lock: Lock,
    throwaway: Option<x25519::Recipient>,
}

impl Lock {
    /// Encrypts to these recipients; a secret key passed by mistake is not shown.
    pub fn to(recipients: &[String]) -> Result<Lock> {
        let mut parsed: Vec<x25519::Recipient> = Vec::new();
        for text in recipients {
            let recipient = recipient(text.trim())?;
            if !parsed.contains(&recipient) {
                parsed.push(recipient);
            }
        }
        match parsed.is_empty() {
            true => Err(Error::new(Kind::Recipe, "cannot encrypt with `age` to no recipient").hint(HOW_TO)),
            false => Ok(Lock::Recipients(parsed)),
        }
    }

    pub fn by(passphrase: Secret) -> Result<Lock> {
        match passphrase.is_empty() {
            true => Err(Error::new(Kind::Recipe, "cannot encrypt with an empty passphrase")
                .hint("is the variable set that it comes from?")),
            false => Ok(Lock::Passphrase(passphrase)),
        }
    }

    /// For one stream: adds a throwaway recipient and returns its key. A passphrase allows no other recipient.
    pub fn for_one_stream(self) -> (Locking, Key) {
        match &self {
            Lock::Passphrase(passphrase) => {
                let key = Key::Passphrase(passphrase.clone());
                (Locking { lock: self, throwaway: None }, key)
            }
            Lock::Recipients(_) => {
                let identity = x25519::Identity::generate();
                let throwaway = Some(identity.to_public());
                (Locking { lock: self, throwaway }, Key::Identities(Arc::new(vec![identity])))
            }
        }
    }
}

impl Locking {
    /// The requested recipients; empty with a passphrase.
    pub fn names(&self) -> Vec<String> {
        match &self.lock {
            Lock::Recipients(recipients) => recipients.iter().map(ToString::to_string).collect(),
            Lock::Passphrase(_) => Vec::new(),
        }
    }

    pub fn throwaway_name(&self) -> Option<String> {
        self.throwaway.as_ref().map(ToString::to_string)
    }

    pub(super) fn recipients(&self) -> Vec<Box<dyn ::age::Recipient>> {
        match &self.lock {
            Lock::Recipients(recipients) => {
                let all = recipients.iter().chain(&self.throwaway);
                all.map(|one| Box::new(one.clone()) as Box<dyn ::age::Recipient>).collect()
            }
            Lock::Passphrase(passphrase) => {
                let mut recipient = scrypt::Recipient::new(SecretString::from(passphrase.expose().to_owned()));
                recipient.set_work_factor(WORK_FACTOR);
                vec![Box::new(recipient)]
            }
        }
    }
}

impl Key {
    /// The identities in a text, as `age-keygen` writes it: one a line, and comments. `shown` is the name of the text in messages.
    pub fn identities_in(text: &str, shown: &str) -> Result<Key> {
        let lines =
            text.lines().map(str::trim).enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
        let mut identities = Vec::new();
        for (number, line) in lines {
            identities.push(x25519::Identity::from_str(line).map_err(|_| no_identity(line, number + 1, shown))?);
        }
        match identities.is_empty() {
            true => Err(Error::new(Kind::Recipe, format!("there is no identity in {shown}"))
                .hint("an identity is a line that begins with `AGE-SECRET-KEY-1`: `age-keygen` makes one")),
            false => Ok(Key::Identities(Arc::new(identities))),
        }
    }

    /// Whether this kind of key can open this kind of file.
    pub(super) fn fits(&self, by_passphrase: bool) -> Result<()> {
        match (self, by_passphrase) {
            (Key::Identities(_), true) => Err(trouble::by_passphrase()),
            (Key::Passphrase(_), false) => Err(trouble::no_passphrase()),
            _ => Ok(()),
        }
    }

    pub(super) fn identities(&self) -> Vec<Box<dyn ::age::Identity>> {
        match self {
            Key::Identities(identities) => {
                identities.iter().map(|one| Box::new(one.clone()) as Box<dyn ::age::Identity>).collect()
            }
            Key::Passphrase(passphrase) => {
                let mut identity = scrypt::Identity::new(SecretString::from(passphrase.expose().to_owned()));
                identity.set_max_work_factor(MOST_WORK);
                vec![Box::new(identity)]
            }
        }
    }
}

const HOW_TO: &str = "a recipient begins with `age1`: `age-keygen -y identity.txt` shows that of an identity";

fn recipient(text: &str) -> Result<x25519::Recipient> {
    let refused = |what: String| Error::new(Kind::Recipe, what);
    if text.to_ascii_uppercase().starts_with("AGE-SECRET-KEY-") {
        return Err(refused("cannot encrypt to an `age` identity, which is a secret".to_owned()).hint(
            "give its recipient, which `age-keygen -y identity.txt` shows; make a new identity if this one was shown",
        ));
    }
    x25519::Recipient::from_str(text).map_err(|_| {
        let error = refused(format!("`{text}` is no recipient of `age`"));
        match text {
            _ if text.starts_with("ssh-") => error.hint("ssh keys are not supported: `age-keygen` makes an identity"),
            _ if text.starts_with("age1pq1") || text.starts_with("age1tag") || text.starts_with("age1yubikey") => {
                error.hint("only X25519 recipients are supported: `age-keygen` makes an identity")
            }
            _ => error.hint(HOW_TO),
        }
    })
}

/// The text of an invalid identity is never shown.
fn no_identity(line: &str, number: usize, shown: &str) -> Error {
    let error = Error::new(Kind::Recipe, format!("line {number} of {shown} is no identity of `age`"));
    match line {
        _ if line.starts_with("age-encryption.org/") || line.starts_with("-----BEGIN AGE") => {
            error.hint("it is encrypted itself: decrypt it with `age`, or give an identity that is not")
        }
        _ if line.starts_with("age1") => error.hint("that is a recipient: give the secret identity that belongs to it"),
        _ => error.hint("an identity begins with `AGE-SECRET-KEY-1`, one a line; lines with `#` are comments"),
    }
}
