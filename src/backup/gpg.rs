//! Runs the program `gpg` so that it never prompts, never writes into a user's keyring, and leaves no plaintext on a disk.

pub mod encrypt;
pub(super) mod keyring;
mod listing;
pub(super) mod status;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::command::Own;
use crate::world::{Caller, Command, Exit, Hidden, MemoryDir, SecretOrText, program};

/// The need that a recipe declares to use gpg.
pub const PROGRAM: &str = "gpg";

/// The size limit of a key: one with photos and a thousand signatures is smaller.
const MOST_KEY_BYTES: usize = 16 << 20;

/// The file of the passphrase in a private home.
const PASSPHRASE: &str = "passphrase";

/// The keyring folder of the user who runs hikae.
pub fn own_home(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let named = environment.get("GNUPGHOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    named.or_else(|| environment.get("HOME").map(|home| Path::new(home).join(".gnupg")))
}

/// A gpg home in memory that belongs to one stream. It is removed when its last holder is dropped.
#[derive(Clone)]
pub struct Home {
    dir: Arc<MemoryDir>,
    has_passphrase: bool,
}

impl Home {
    /// Creates a home with these private keys in gpg's own format, and a passphrase.
    pub async fn make(caller: &Caller, passphrase: Option<&Secret>, keys: Vec<(String, Hidden)>) -> Result<Home> {
        let mut files = keys;
        files.extend(passphrase.map(|secret| (PASSPHRASE.to_owned(), Hidden(secret.expose().as_bytes().to_vec()))));
        let dir = Arc::new(caller.make_memory_dir(files).await?);
        Ok(Home { dir, has_passphrase: passphrase.is_some() })
    }

    /// A gpg command in this home, with options that prevent prompts, waiting and access to other places.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = quiet(Some(&self.dir.path), args);
        // Inserted before the arguments of the call, which may end in names.
        let mut options = vec!["--pinentry-mode".to_owned()];
        match self.has_passphrase {
            true => {
                let file = self.dir.path.join(PASSPHRASE).display().to_string();
                options.extend(["loopback".to_owned(), "--passphrase-file".to_owned(), file]);
            }
            false => options.push("error".to_owned()),
        }
        options.append(&mut command.args);
        Command { args: options, ..command }
    }

    /// Imports keys into the home.
    pub async fn import(&self, caller: &Caller, keys: &Secret, shown: &str) -> Result<()> {
        let command = self.command(&["--import"]);
        let (_, exit) = ask(caller, command, Some(&SecretOrText::Secret(keys.clone()))).await?;
        match exit.success() && status::has(&exit, "IMPORT_OK") {
            true => Ok(()),
            false => Err(Error::new(Kind::Denied, format!("{shown} is no key of `gpg`"))
                .because_text(status::without_marks(&exit))
                .hint("`gpg --armor --export-secret-keys FINGERPRINT` writes one that can be given")),
        }
    }
}

/// A gpg command that writes nothing, never prompts, and only uses `home`: the user's own keyring if `None`.
fn quiet(home: Option<&Path>, args: &[&str]) -> Command {
    let mut all: Vec<String> = Vec::new();
    if let Some(home) = home {
        all.extend(["--homedir".to_owned(), home.display().to_string()]);
    }
    let fixed = "--no-options --batch --no-tty --no-greeting --lock-never --no-auto-check-trustdb --no-auto-key-locate \
                 --disable-dirmngr --status-fd 2";
    all.extend(fixed.split_whitespace().map(str::to_owned));
    all.extend(args.iter().map(|arg| (*arg).to_owned()));
    let own = Own { stays: true, ..Own::default() };
    Command { args: all, own, ..Command::new(PROGRAM) }
}

/// Runs one short call.
async fn ask(caller: &Caller, command: Command, input: Option<&SecretOrText>) -> Result<(Bytes, Exit)> {
    let command = Command { stdin: input.is_some(), ..command };
    program::ask(caller, command, input, MOST_KEY_BYTES).await
}
