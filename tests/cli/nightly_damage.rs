//! Each recipe of the night on a disk that fills up, and killed at any moment: what was there stays, and nothing half-made is visible.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::nightly::git;
use crate::support::disk::Disk;
use crate::support::program::{Hikae, names};

/// Bytes that do not compress.
fn noise(size: usize) -> Vec<u8> {
    let mut state = 7_u64;
    let next = move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..size).map(next).collect()
}

/// A recipe with the arguments that it needs; its backups go to the folder `backups`.
struct Case {
    recipe: &'static str,
    set: Vec<String>,
    /// How its backups end.
    ending: &'static str,
}

/// A world in which each recipe has some megabytes to save.
fn world() -> (Hikae, Vec<Case>) {
    let hikae = Hikae::new().file("app/docker-compose.yml", "services: {}\n").file("code/readme", "cafe\n");
    for name in ["app/large.bin", "code/large.bin"] {
        std::fs::write(hikae.path(name), noise(3 << 20)).unwrap();
    }
    std::fs::create_dir_all(hikae.path("log")).unwrap();
    std::fs::write(hikae.path("log/app.log"), noise(3 << 20)).unwrap();
    let code = hikae.path("code");
    git(&code, &["init", "--quiet", "--initial-branch=main"]);
    git(&code, &["add", "."]);
    git(&code, &["commit", "--quiet", "-m", "first"]);
    let (at, dir) =
        (|name: &str| hikae.path(name).display().to_string(), format!("dir={}", hikae.path("backups").display()));
    let cases = vec![
        Case {
            recipe: "config-backup",
            set: vec![dir.clone(), format!("app_dir={}", at("app")), "optional=large.bin".to_owned()],
            ending: ".tar.gz",
        },
        Case { recipe: "log-backup", set: vec![dir.clone(), format!("dirs={}", at("log"))], ending: ".tar.gz" },
        Case { recipe: "git-backup", set: vec![dir, format!("url=file://{}", at("code"))], ending: ".bundle" },
        Case {
            recipe: "encrypted-backup",
            set: vec![
                format!("file={}", at("backups/plain.bin")),
                "recipient=age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w".to_owned(),
            ],
            ending: ".age",
        },
    ];
    (hikae, cases)
}

fn arguments(case: &Case) -> Vec<&str> {
    let mut args = vec!["run", case.recipe];
    case.set.iter().for_each(|one| args.extend(["--set", one]));
    args
}

/// The backups of a recipe; each has its manifest.
fn backups(hikae: &Hikae, case: &Case) -> Vec<PathBuf> {
    let all = hikae.backups();
    let made =
        all.iter().filter(|name| name.ends_with(case.ending) && !name.starts_with('.') && !name.contains("2020"));
    let made: Vec<PathBuf> = made.map(|name| hikae.path("backups").join(name)).collect();
    for path in &made {
        assert!(
            path.with_file_name(format!("{}.manifest.json", path.file_name().unwrap().to_str().unwrap())).exists(),
            "{all:?}"
        );
    }
    made
}

#[test]
fn a_disk_that_fills_up_costs_only_the_new_backup() {
    let (hikae, cases) = world();
    let disk = Disk::mount(&hikae.path("backups"), 64 << 20);
    for case in &cases {
        let old = [
            "config_backup_20200101_020000.tar.gz",
            "logs_backup_20200101.tar.gz",
            "repo_backup_20200101_020000.bundle",
        ];
        old.iter().for_each(|name| std::fs::write(hikae.path("backups").join(name), "old").unwrap());
        if case.recipe == "encrypted-backup" {
            std::fs::write(hikae.path("backups/plain.bin"), noise(3 << 20)).unwrap();
        }
        let before = hikae.backups();
        disk.resize(disk.used_bytes() + (1 << 20));
        let said = hikae.run(&arguments(case));
        assert_eq!(said.code, 1, "{}: {said:?}", case.recipe);
        assert!(said.err.contains("No space left on device") || said.err.contains("git"), "{}: {said:?}", case.recipe);
        let left: Vec<String> = hikae.backups().into_iter().filter(|name| !name.starts_with("repo_mirror_")).collect();
        assert_eq!(left, before, "{}", case.recipe);
        if case.recipe == "encrypted-backup" {
            assert!(std::fs::read(hikae.path("backups/plain.bin")).unwrap() == noise(3 << 20), "the original stays");
        }
        disk.resize(64 << 20);
        let said = hikae.run(&arguments(case));
        assert_eq!(said.code, 0, "{}: {said:?}", case.recipe);
        assert!(!backups(&hikae, case).is_empty());
        for name in hikae.backups() {
            let path = hikae.path("backups").join(name);
            if path.is_dir() { std::fs::remove_dir_all(path).unwrap() } else { std::fs::remove_file(path).unwrap() }
        }
    }
    drop(disk);
}

#[test]
fn whenever_a_recipe_is_killed_what_is_visible_is_whole() {
    let (hikae, cases) = world();
    let dir = hikae.path("backups");
    for case in &cases {
        for step in 1..7_u64 {
            if case.recipe == "encrypted-backup" && !dir.join("plain.bin").exists() {
                std::fs::write(dir.join("plain.bin"), noise(3 << 20)).unwrap();
            }
            let mut child = hikae.start(&arguments(case));
            std::thread::sleep(Duration::from_millis(step * 45));
            child.kill().unwrap();
            child.wait().unwrap();
            backups(&hikae, case);
            let whole = dir.join("plain.bin.age").exists() || dir.join("plain.bin").exists();
            assert!(whole || case.recipe != "encrypted-backup", "neither the original nor the encrypted file is there");
        }
        std::thread::sleep(Duration::from_millis(1000)); // the stamps have seconds
        let said = hikae.run(&arguments(case));
        assert_eq!(said.code, 0, "{}: {said:?}", case.recipe);
        let parts: Vec<String> = names(&dir).into_iter().filter(|name| name.ends_with(".hikae-part")).collect();
        assert_eq!(parts, Vec::<String>::new(), "{}", case.recipe);
        for path in backups(&hikae, case) {
            let line = match case.ending {
                ".tar.gz" => format!("tar -tzf '{}'", path.display()),
                ".bundle" => format!("git bundle list-heads '{}'", path.display()),
                _ => format!("head -c 21 '{}' | grep -q age-encryption.org", path.display()),
            };
            let ok = Command::new("sh").args(["-c", &line]).output().unwrap();
            assert!(ok.status.success(), "{line}: {ok:?}");
        }
    }
}
