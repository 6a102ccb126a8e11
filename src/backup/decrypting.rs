//! Decrypts data that is read back, if it is encrypted and a key is given.

pub mod by_gpg;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::de::{self, Deserialize, Deserializer, Visitor};

use crate::backup::decrypting::by_gpg::{GpgKey, ungpg};
use crate::backup::gpg;
use crate::error::{Error, Kind, Result};
use crate::secret::{SECRET_NEWTYPE, Secret};
use crate::stream::Source;
use crate::stream::age::{Key, unage};
use crate::stream::decompress::Peeked;
use crate::world::Caller;

/// The size limit of an identity file, which has a few lines.
const MAX_IDENTITY_BYTES: u64 = 1 << 20;

/// How many first bytes of a file show whether it is encrypted.
pub const HEAD_BYTES: usize = 32;

/// The first bytes of every file in the format `age`.
const AGE: &[u8] = b"age-encryption.org/v1\n";

/// The key or passphrase for a backup, from a recipe.
#[derive(Clone, Default)]
pub struct Identity {
    pub key: Option<SecretKey>,
    /// The passphrase of the file or of the key.
    pub passphrase: Option<Secret>,
}

/// A secret key.
#[derive(Clone)]
pub enum SecretKey {
    File(PathBuf),
    /// The key itself.
    Text(Secret),
}

impl<'de> Deserialize<'de> for SecretKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretKey, D::Error> {
        struct SecretKeyVisitor;
        impl<'de> Visitor<'de> for SecretKeyVisitor {
            type Value = SecretKey;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of an identity, or a secret that is one")
            }

            fn visit_str<E: de::Error>(self, path: &str) -> Result<SecretKey, E> {
                Ok(SecretKey::File(path.into()))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<SecretKey, D::Error> {
                Ok(SecretKey::Text(Secret::new(String::deserialize(inner)?)))
            }
        }
        deserializer.deserialize_newtype_struct(SECRET_NEWTYPE, SecretKeyVisitor)
    }
}

impl Identity {
    /// The identity from a recipe, if any.
    pub fn of(key: Option<SecretKey>, passphrase: Option<Secret>) -> Option<Identity> {
        (key.is_some() || passphrase.is_some()).then_some(Identity { key, passphrase })
    }
}

/// The `age` key of an identity.
pub async fn age_key(caller: &Caller, identity: &Identity) -> Result<Key> {
    match identity {
        Identity { key: Some(_), passphrase: Some(_) } => {
            Err(Error::new(Kind::Recipe, "`age` takes an identity or a passphrase, not both")
                .hint("give the one that the backup is encrypted with"))
        }
        Identity { key: None, passphrase } => {
            Ok(Key::Passphrase(passphrase.clone().unwrap_or_else(|| Secret::new(""))))
        }
        Identity { key: Some(key), passphrase: None } => {
            let (text, shown) = identity_text(caller, key).await?;
            Key::identities_in(text.expose(), &shown)
        }
    }
}

/// The text of a secret key, and its name for messages.
pub async fn identity_text(caller: &Caller, key: &SecretKey) -> Result<(Secret, String)> {
    match key {
        SecretKey::Text(text) => Ok((text.clone(), "the given identity".to_owned())),
        SecretKey::File(path) => {
            let text = caller.read(path, MAX_IDENTITY_BYTES).await?;
            Ok((Secret::new(String::from_utf8_lossy(&text).into_owned()), format!("`{}`", path.display())))
        }
    }
}

/// The name of a file without its encryption ending.
pub fn decrypted_name(name: &str) -> &str {
    [".age", ".gpg", ".pgp"].iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

/// The encryption of a stream with these first bytes.
pub fn encryption_of(head: &[u8]) -> Option<&'static str> {
    match head {
        _ if head.starts_with(AGE) => Some("age"),
        _ if is_openpgp(head) => Some("gpg"),
        _ => None,
    }
}

/// Whether it begins with a session key packet: for a recipient (version 3 or 6), or for a passphrase.
fn is_openpgp(head: &[u8]) -> bool {
    let version = match head {
        [0x84 | 0x8c, _, version, ..] | [0x85, _, _, version, ..] => *version,
        [0xc1 | 0xc3, 0..=191, version, ..] | [0xc1 | 0xc3, 192..=223, _, version, ..] => *version,
        _ => return false,
    };
    matches!((head[0], version), (0x84 | 0x85 | 0xc1, 3 | 6) | (0x8c | 0xc3, 4..=6))
}

/// The decrypted content of `file`; unencrypted content passes unchanged. `path` is for messages.
pub async fn decrypted(
    caller: &Caller,
    file: Box<dyn Source>,
    identity: Option<&Identity>,
    path: &Path,
) -> Result<Box<dyn Source>> {
    let mut file = Peeked::new(file);
    match (encryption_of(file.peek(HEAD_BYTES).await?), identity) {
        (None, _) => Ok(Box::new(file)),
        (Some(gpg::PROGRAM), Some(identity)) => {
            let key = GpgKey { identity: identity.clone(), keyring: None };
            Ok(ungpg(Box::new(file), caller.clone(), key))
        }
        (Some(_), Some(identity)) => Ok(unage(Box::new(file), age_key(caller, identity).await?)),
        (Some(kind), None) => Err(sealed(path, kind)),
    }
}

/// The error of a file that cannot be read without its key.
pub fn sealed(path: &Path, kind: &str) -> Error {
    Error::new(Kind::Denied, format!("cannot read `{}`", path.display()))
        .because_text(format!("it is encrypted with `{kind}`"))
        .hint("give the key: `identity = \"PATH\"`, or `passphrase`; without it only `manifest.verify` can say whether it is whole")
}
