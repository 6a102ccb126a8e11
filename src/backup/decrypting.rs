//! Decrypts what is read back, where it is encrypted and a key is given.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::error::{Error, Kind, Result};
use crate::secret::{SECRET_NEWTYPE, Secret};
use crate::stream::Source;
use crate::stream::age::{Key, unage};
use crate::stream::decompress::Peeked;
use crate::world::Caller;

/// A file of identities is a few lines.
const MAX_IDENTITY_BYTES: u64 = 1 << 20;

/// Enough of a file to tell whether it is encrypted.
pub const HEAD_BYTES: usize = 32;

/// What every file of the format `age` begins with.
const AGE: &[u8] = b"age-encryption.org/v1\n";

/// What decrypts a backup, as recipes give it.
#[derive(Clone)]
pub enum Identity {
    /// A file with the secret key.
    File(PathBuf),
    /// The secret key itself.
    Text(Secret),
    Passphrase(Secret),
}

impl<'de> Deserialize<'de> for Identity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Identity, D::Error> {
        struct Given;
        impl<'de> Visitor<'de> for Given {
            type Value = Identity;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of an identity, or a secret that is one")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<Identity, E> {
                Ok(Identity::File(path.into()))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<Identity, D::Error> {
                Ok(Identity::Text(Secret::new(String::deserialize(inner)?)))
            }
        }
        deserializer.deserialize_newtype_struct(SECRET_NEWTYPE, Given)
    }
}

impl Identity {
    /// Of the two ways in which recipes give a key, the one that was used.
    pub fn of(identity: Option<Identity>, passphrase: Option<Secret>) -> Result<Option<Identity>> {
        match (identity, passphrase) {
            (Some(_), Some(_)) => Err(Error::new(Kind::Recipe, "both `identity` and `passphrase` are given")
                .hint("a backup is encrypted to recipients or by a passphrase: give the one that fits")),
            (Some(identity), None) => Ok(Some(identity)),
            (None, passphrase) => Ok(passphrase.map(Identity::Passphrase)),
        }
    }
}

/// The key that an identity means, for the format `age`.
pub async fn age_key(caller: &Caller, identity: &Identity) -> Result<Key> {
    match identity {
        Identity::Passphrase(passphrase) => Ok(Key::Passphrase(passphrase.clone())),
        Identity::Text(text) => Key::identities_in(text.expose(), "the given identity"),
        Identity::File(path) => {
            let text = caller.read(path, MAX_IDENTITY_BYTES).await?;
            let shown = format!("`{}`", path.display());
            let text = Secret::new(String::from_utf8_lossy(&text).into_owned());
            Key::identities_in(text.expose(), &shown)
        }
    }
}

/// The name of a file without the ending that says how it is encrypted.
pub fn decrypted_name(name: &str) -> &str {
    name.strip_suffix(".age").unwrap_or(name)
}

/// How a stream that begins so is encrypted.
pub fn encryption_of(head: &[u8]) -> Option<&'static str> {
    head.starts_with(AGE).then_some("age")
}

/// The decrypted content of `file`; what is not encrypted passes as it is. `path` is shown.
pub async fn decrypted(
    caller: &Caller,
    file: Box<dyn Source>,
    identity: Option<&Identity>,
    path: &Path,
) -> Result<Box<dyn Source>> {
    let mut file = Peeked::new(file);
    match (encryption_of(file.peek(HEAD_BYTES).await?), identity) {
        (None, _) => Ok(Box::new(file)),
        (Some(_), Some(identity)) => Ok(unage(Box::new(file), age_key(caller, identity).await?)),
        (Some(kind), None) => Err(sealed(path, kind)),
    }
}

/// A file that cannot be read without its key.
pub fn sealed(path: &Path, kind: &str) -> Error {
    Error::new(Kind::Denied, format!("cannot read `{}`", path.display()))
        .because_text(format!("it is encrypted with `{kind}`"))
        .hint("give the key: `identity = \"PATH\"`, or `passphrase`; without it only `manifest.verify` can say whether it is whole")
}
