//! Encrypted backups that are cut off: by a kill in the middle of gpg, or by a disk that fills up. Nothing half-made is visible.

use rustix::process::Signal;

use crate::encryption::keyring::Keyring;
use crate::support::disk::Disk;
use crate::support::processes::{end_of, running, send, wait_for, wait_until};
use crate::support::program::Hikae;

const RECIPIENT: &str = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w";

/// Encrypts what a program says, slowly or all at once.
fn recipe(stage: &str) -> String {
    format!(
        "--- Encrypts what a program says.
return recipe {{
  type = \"daily\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }} }},
  needs = {{ run = {{ \"noise\", \"gpg?\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
    return process.stream({{ program = \"noise\" }}):{stage}:save(path.join(p.dir, \"noise.enc\"))
  end,
}}
"
    )
}

/// A world whose recipe encrypts to a key of gpg, or to one of age.
fn world(by_gpg: bool, noise: &str) -> (Hikae, Keyring) {
    let keyring = Keyring::new();
    let stage = match by_gpg {
        true => format!("gpg {{ recipients = {{ \"{}\" }} }}", keyring.make("Ops <ops@example.com>", "", &[])),
        false => format!("age {{ recipients = {{ \"{RECIPIENT}\" }} }}"),
    };
    let hikae = Hikae::new().file("config/recipes/noise.lua", &recipe(&stage)).program("noise", noise);
    (hikae.env("GNUPGHOME", &keyring.path().display().to_string()), keyring)
}

/// The programs of this name that still run for a world.
fn programs(named: &str, keyring: &Keyring) -> usize {
    let line = |pid: u32| std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let home = std::fs::canonicalize(keyring.path()).unwrap();
    let of_run =
        |line: &str| line.contains(named) && line.contains("hikae") && !line.contains(&home.display().to_string());
    running().iter().filter(|process| of_run(&String::from_utf8_lossy(&line(process.pid)))).count()
}

#[test]
fn a_kill_in_the_middle_of_gpg_leaves_nothing_that_looks_like_a_backup() {
    let (hikae, keyring) = world(true, "head -c 3000000 /dev/urandom; exec sleep 300");
    for _ in 0..2 {
        let run = hikae.start(&["run", "noise"]);
        let part = || hikae.backups().into_iter().find(|name| name.ends_with(".hikae-part"));
        let grows = || std::fs::metadata(hikae.path("backups").join(part()?)).ok().filter(|part| part.len() > 100_000);
        wait_for("encrypted bytes", grows);
        send(&run, Signal::KILL);
        end_of(run);
        wait_until("the end of gpg", || programs("--encrypt", &keyring) == 0);
        assert!(!hikae.backups().iter().any(|name| !name.ends_with(".hikae-part")), "{:?}", hikae.backups());
    }
    let hikae = hikae.program("noise", "head -c 3000000 /dev/urandom");
    let said = hikae.run(&["run", "noise"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(hikae.backups(), ["noise.enc", "noise.enc.manifest.json"], "the next run sweeps up");
    let plain = keyring.gpg(&["--decrypt", &hikae.path("backups/noise.enc").display().to_string()], b"");
    assert_eq!(plain.len(), 3_000_000);
    // No home of a killed run lies in memory with its key.
    let homes = std::fs::read_dir("/dev/shm")
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().contains("hikae"));
    for home in homes {
        let left =
            std::fs::read_dir(home.path()).map(|all| all.flatten().map(|entry| entry.file_name()).collect::<Vec<_>>());
        let dead = left.unwrap_or_default().into_iter().filter(|name| name.to_string_lossy().ends_with(".lock"));
        for lock in dead {
            let path = home.path().join(&lock);
            let free = std::fs::File::open(&path).is_ok_and(|file| file.try_lock().is_ok());
            assert!(!free, "{} belongs to nobody", path.display());
        }
    }
}

#[test]
fn a_disk_that_fills_up_while_it_is_encrypted_leaves_nothing() {
    for by_gpg in [true, false] {
        let (hikae, _keyring) = world(by_gpg, "head -c 3000000 /dev/urandom");
        let disk = Disk::mount(&hikae.path("backups"), 1 << 20);
        let said = hikae.run(&["run", "noise"]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("cannot write `[WORLD]/backups/noise.enc`"), "{said:?}");
        assert!(said.err.contains("No space left on device") && said.err.contains("are free on"), "{said:?}");
        assert_eq!(hikae.backups(), Vec::<String>::new());
        drop(disk);
    }
}
