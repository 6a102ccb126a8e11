//! Nobody but the owner can read a backup, from its first byte on and whatever the umask.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{BEGINS, DUMPS, night};
use crate::support::processes::{end_of, wait_until};
use crate::support::program::names;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn folder_partial_backup_and_manifest_are_the_owners_only() {
    for umask in ["000", "022", "077"] {
        let hikae = night("");
        let go = hikae.path("bin/go");
        let script = format!("{BEGINS} >/dev/null; until test -e '{}'; do sleep 0.05; done; {DUMPS}", go.display());
        let hikae = hikae.program("pg_dump", &script);
        let folder = hikae.path("new/deep/backups");
        let inner = hikae.command(&["run", "db-backup"]);
        let mut shell = Command::new("sh");
        shell.args(["-c", "umask $0; exec \"$@\"", umask]).arg(inner.get_program()).args(inner.get_args());
        shell.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.env("BACKUP_DIR", &folder).stdout(Stdio::piped()).stderr(Stdio::piped());
        let run = shell.spawn().unwrap();
        wait_until("the partial file", || folder.is_dir() && !names(&folder).is_empty());
        for name in names(&folder) {
            assert_eq!(mode(&folder.join(&name)), 0o600, "umask {umask}: {name}");
        }
        std::fs::write(go, "").unwrap();
        let said = hikae.said(end_of(run));
        assert_eq!(said.code, 0, "umask {umask}: {said:?}");
        for above in ["new", "new/deep", "new/deep/backups"] {
            assert_eq!(mode(&hikae.path(above)), 0o700, "umask {umask}: {above}");
        }
        assert_eq!(names(&folder).len(), 2);
        for name in names(&folder) {
            assert_eq!(mode(&folder.join(&name)), 0o600, "umask {umask}: {name}");
        }
        assert_eq!(mode(&hikae.path("state/catalog.db")), 0o600, "umask {umask}");
    }
}
