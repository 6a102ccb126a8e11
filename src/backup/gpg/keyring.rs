//! Finds keys in a user's keyring: by name, refused if they are not trusted, and without a prompt.

use std::path::{Path, PathBuf};

use super::listing::{Key, keys};
use super::{Home, MOST_KEY_BYTES, ask, own_home, quiet, status};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::{Caller, Hidden, ListQuery};

/// The folder in which gpg keeps secret keys, one file each.
const SECRETS: &str = "private-keys-v1.d";

/// The keyring of a user; their own if no folder is given.
#[derive(Clone)]
pub struct Keyring {
    pub folder: Option<PathBuf>,
}

impl Keyring {
    fn shown(&self) -> String {
        self.folder.as_ref().map_or("the keyring".to_owned(), |folder| format!("the keyring `{}`", folder.display()))
    }

    /// Its folder, even if it is the user's own.
    fn place(&self, caller: &Caller) -> Result<PathBuf> {
        let own = || own_home(&caller.world.environment());
        self.folder.clone().or_else(own).ok_or_else(|| {
            Error::new(Kind::NotFound, "cannot find the keyring of `gpg`").hint("name it: `keyring = \"/path\"`")
        })
    }

    async fn list(&self, caller: &Caller, secret: bool, name: &str) -> Result<Vec<Key>> {
        let what = if secret { "--list-secret-keys" } else { "--list-keys" };
        let place = self.place(caller)?;
        let mut command = quiet(Some(&place), &["--no-autostart", "--with-colons", "--with-keygrip", what, "--", name]);
        // gpg also fails for a keyring that it cannot write to, so its output is checked instead.
        command.expendable = true;
        let (stdout, exit) = ask(caller, command, None).await?;
        let found = keys(&String::from_utf8_lossy(&stdout));
        match exit.signal.is_some() || found.is_empty() && exit.stderr.contains("ermission denied") {
            true => Err(status::failed(&format!("cannot read {}", self.shown()), &exit)
                .hint("declare it: `read = { \"/path/of/the/keyring\" }`, or name it: `keyring = \"/path\"`")),
            false => Ok(found),
        }
    }

    /// The one key that a recipient means. Without a full fingerprint, the trust of the keyring decides.
    pub async fn recipient(&self, caller: &Caller, name: &str) -> Result<Key> {
        let wrong = |kind, why: String| Error::new(kind, format!("cannot encrypt to `{name}`")).because_text(why);
        let fingerprint = fingerprint(name);
        let found = self.list(caller, false, fingerprint.as_deref().unwrap_or(name)).await?;
        if found.is_empty() {
            return Err(wrong(Kind::NotFound, format!("there is no such key in {}", self.shown()))
                .hint("`gpg --list-keys` shows those that there are; `gpg --import FILE` adds one"));
        }
        let usable: Vec<&Key> = found.iter().filter(|key| key.unusable().is_none()).collect();
        let Some(first) = usable.first() else {
            let why: Vec<String> =
                found.iter().map(|key| format!("{}: {}", key.shown(), key.unusable().unwrap_or_default())).collect();
            return Err(
                wrong(Kind::Denied, why.join("\n")).hint("import a key that is valid, and name it by its fingerprint")
            );
        };
        if fingerprint.is_some_and(|given| first.is_named_by(&given)) {
            return Ok((*first).clone());
        }
        match usable.iter().filter(|key| key.is_trusted()).collect::<Vec<_>>()[..] {
            [one] => Ok((*one).clone()),
            [] => Err(wrong(Kind::Denied, format!("the keyring does not trust the key {}", first.shown())).hint(
                format!("give its full fingerprint, `{}`, once you have compared it with its owner", first.fingerprint),
            )),
            [..] => Err(wrong(Kind::Denied, "more than one key has this name".to_owned())
                .hint("give the full fingerprint of the one that is meant: `gpg --list-keys` shows it")),
        }
    }

    /// Copies the public part of a key into a private home.
    pub async fn copy(&self, caller: &Caller, key: &Key, home: &Home) -> Result<()> {
        let text = self.export(caller, &key.fingerprint).await?;
        home.import(caller, &text, &format!("`{}`", key.fingerprint)).await
    }

    async fn export(&self, caller: &Caller, name: &str) -> Result<Secret> {
        let place = self.place(caller)?;
        let command = quiet(Some(&place), &["--no-autostart", "--armor", "--export", "--", name]);
        let (stdout, exit) = ask(caller, command, None).await?;
        match exit.success() && !stdout.is_empty() {
            true => Ok(Secret::new(String::from_utf8_lossy(&stdout).into_owned())),
            false => Err(status::failed(&format!("cannot take the key `{name}` out of {}", self.shown()), &exit)),
        }
    }

    /// The secret keys in gpg's own format: protected keys stay protected. All of them if no key is given.
    pub async fn secrets(&self, caller: &Caller, key: Option<&Key>) -> Result<Vec<(String, Hidden)>> {
        let place = self.place(caller)?.join(SECRETS);
        let mut files = Vec::new();
        let names = match key {
            Some(key) => key.parts.iter().map(|part| format!("{}.key", part.keygrip)).collect(),
            None => self.secret_names(caller, &place).await?,
        };
        for name in names {
            let path = place.join(&name);
            if caller.stat(&path).await?.is_some() {
                let data = caller.read(&path, MOST_KEY_BYTES as u64).await?;
                files.push((format!("{SECRETS}/{name}"), Hidden(data.to_vec())));
            }
        }
        match files.is_empty() {
            false => Ok(files),
            true => {
                let which = key.map_or("any key".to_owned(), |key| format!("the key {}", key.shown()));
                Err(Error::new(Kind::Denied, format!("the secret part of {which} is not in {}", self.shown()))
                    .hint("it may be on a card, or elsewhere: give it as a file, which `gpg --armor --export-secret-keys` writes"))
            }
        }
    }

    async fn secret_names(&self, caller: &Caller, place: &Path) -> Result<Vec<String>> {
        let name = Some("*.key".to_owned());
        let found = ListQuery { name, ..ListQuery::of(place) };
        let entries = caller.list(found).await?;
        Ok(entries.iter().filter_map(|entry| Some(entry.path.file_name()?.to_str()?.to_owned())).collect())
    }

    /// The signing key; its secret part must exist.
    pub async fn signer(&self, caller: &Caller, name: &str) -> Result<Key> {
        let found = self.list(caller, false, fingerprint(name).as_deref().unwrap_or(name)).await?;
        found.into_iter().find(|key| key.capabilities.contains('S')).ok_or_else(|| {
            Error::new(Kind::NotFound, format!("cannot sign as `{name}`"))
                .because_text(format!("there is no valid key of that name in {}", self.shown()))
                .hint("`gpg --list-secret-keys` shows those that can sign")
        })
    }

    /// Copies every decryption key into a private home.
    pub async fn copy_all(&self, caller: &Caller, home: &Home) -> Result<()> {
        let place = self.place(caller)?;
        let command = quiet(Some(&place), &["--no-autostart", "--armor", "--export"]);
        let (stdout, _) = ask(caller, command, None).await?;
        let text = Secret::new(String::from_utf8_lossy(&stdout).into_owned());
        home.import(caller, &text, &self.shown()).await
    }
}

/// A full fingerprint, in gpg's format; `None` for any other name.
pub fn fingerprint(name: &str) -> Option<String> {
    let hex: String = name.chars().filter(|letter| !letter.is_whitespace()).collect();
    let hex = hex.strip_prefix("0x").unwrap_or(&hex).to_ascii_uppercase();
    (matches!(hex.len(), 40 | 64) && hex.chars().all(|letter| letter.is_ascii_hexdigit())).then_some(hex)
}
