//! Runs the program `gpg` so that it never prompts, never writes into the keyring of a user, and leaves no plain byte on a disk.

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

/// What a recipe declares to use it.
pub const PROGRAM: &str = "gpg";

/// A key with photos and a thousand signatures is smaller.
const MOST_KEY_BYTES: usize = 16 << 20;

/// Where a passphrase is in a private home.
const PASSPHRASE: &str = "passphrase";

/// Where the keyring of the user is who runs hikae.
pub fn own_home(environment: &BTreeMap<String, String>) -> Option<PathBuf> {
    let named = environment.get("GNUPGHOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    named.or_else(|| environment.get("HOME").map(|home| Path::new(home).join(".gnupg")))
}

/// A home of gpg that is in memory and belongs to one stream. It goes when the last who holds it is gone.
#[derive(Clone)]
pub struct Home {
    dir: Arc<MemoryDir>,
    has_passphrase: bool,
}

impl Home {
    /// A new one, with these private keys as gpg keeps them, and a passphrase.
    pub async fn make(caller: &Caller, passphrase: Option<&Secret>, keys: Vec<(String, Hidden)>) -> Result<Home> {
        let mut files = keys;
        files.extend(passphrase.map(|secret| (PASSPHRASE.to_owned(), Hidden(secret.expose().as_bytes().to_vec()))));
        let dir = Arc::new(caller.make_memory_dir(files).await?);
        Ok(Home { dir, has_passphrase: passphrase.is_some() })
    }

    /// A call of gpg in this home, with what each call needs so that nothing asks, waits or looks elsewhere.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = quiet(Some(&self.dir.path), args);
        // Before the arguments of the call, which may end in names.
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

    /// Puts keys into it.
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

/// A call of gpg that writes nothing, asks nothing, and looks nowhere but into `home`: the user's own keyring when that is nothing.
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
