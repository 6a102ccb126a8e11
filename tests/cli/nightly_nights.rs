//! Nights that are not like others: the clock is put back, nobody has run anything for a month, logs rotate, and the machine is a new one.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use super::nightly::{git, only, site, untar};
use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, names};
use crate::support::receiver::Receiver;

const FAKETIME: &str = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1";

/// The same world at another moment.
fn at(hikae: Hikae, moment: &str) -> Hikae {
    assert!(Path::new(FAKETIME).exists(), "`faketime` is needed: apt-get install faketime");
    let moment = chrono::DateTime::parse_from_rfc3339(moment).unwrap().timestamp();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() as i64;
    hikae
        .env("LD_PRELOAD", FAKETIME)
        .env("FAKETIME", &format!("{:+}s", moment - now))
        .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
}

/// Configuration and logs with their recipes' arguments.
fn small(hikae: Hikae) -> (Hikae, Vec<Vec<String>>) {
    let hikae = hikae.file("app/docker-compose.yml", "services: {}\n").file("log/app.log", "GET /\n");
    let place = |name: &str| hikae.path(name).display().to_string();
    let of = |recipe: &str, set: &[String]| {
        let mut args =
            vec!["run".to_owned(), recipe.to_owned(), "--set".to_owned(), format!("dir={}", place("backups"))];
        set.iter().for_each(|one| args.extend(["--set".to_owned(), one.clone()]));
        args
    };
    let all = vec![
        of("config-backup", &[format!("app_dir={}", place("app"))]),
        of("log-backup", &[format!("dirs={}", place("log")), "days=3000".to_owned()]),
    ];
    (hikae, all)
}

fn run(hikae: &Hikae, args: &[String]) {
    let said = hikae.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.code, 0, "{said:?}");
}

fn archives(hikae: &Hikae, start: &str) -> Vec<String> {
    hikae.backups().into_iter().filter(|name| name.starts_with(start) && name.ends_with(".tar.gz")).collect()
}

#[test]
fn in_the_hour_that_comes_twice_both_runs_have_a_backup_of_their_own() {
    let (mut hikae, recipes) = small(Hikae::new().env("TZ", "Europe/Berlin"));
    for moment in ["2026-10-25T02:30:00+02:00", "2026-10-25T02:30:00+01:00"] {
        hikae = at(hikae, moment);
        recipes.iter().for_each(|args| run(&hikae, args));
    }
    for start in ["config_backup_20261025_0230", "logs_backup_20261025"] {
        assert_eq!(archives(&hikae, start).len(), 2, "{start}: {:?}", hikae.backups());
    }
    let ids = hikae.run(&["runs", "--json"]).out.lines().count();
    assert_eq!(ids, 4);
}

#[test]
fn in_the_hour_that_does_not_come_a_run_is_one_as_always() {
    let (mut hikae, recipes) = small(Hikae::new().env("TZ", "Europe/Berlin"));
    for moment in ["2026-03-29T01:59:50+01:00", "2026-03-29T03:00:10+02:00"] {
        hikae = at(hikae, moment);
        recipes.iter().for_each(|args| run(&hikae, args));
    }
    assert_eq!(archives(&hikae, "config_backup_20260329_").len(), 2, "{:?}", hikae.backups());
    assert_eq!(archives(&hikae, "logs_backup_20260329").len(), 2, "{:?}", hikae.backups());
}

#[test]
fn after_a_month_without_a_run_nothing_old_goes_before_something_new_is_made() {
    let (hikae, recipes) = small(Hikae::new());
    let now = chrono::Local::now();
    let hikae = at(hikae, &(now - chrono::TimeDelta::days(40)).to_rfc3339());
    recipes.iter().for_each(|args| run(&hikae, args));
    let old = hikae.backups();
    for name in &old {
        let done = Command::new("touch").args(["-d", "40 days ago"]).arg(hikae.path("backups").join(name)).status();
        assert!(done.unwrap().success());
    }
    let hikae = hikae.env("FAKETIME", "+0s");
    assert!(hikae.run(&["status"]).out.contains("late"), "{:?}", hikae.run(&["status"]));

    // A run that fails takes nothing away.
    let compose = hikae.path("app/docker-compose.yml");
    std::fs::remove_file(&compose).unwrap();
    let args: Vec<&str> = recipes[0].iter().map(String::as_str).collect();
    assert_eq!(hikae.run(&args).code, 1);
    assert_eq!(hikae.backups(), old);

    std::fs::write(compose, "services: {}\n").unwrap();
    recipes.iter().for_each(|args| run(&hikae, args));
    let left = hikae.backups();
    assert!(old.iter().all(|name| !left.contains(name)), "those are older than `days`: {left:?}");
    for start in ["config_backup_", "logs_backup_"] {
        assert_eq!(archives(&hikae, start).len(), 1, "{left:?}");
    }
}

#[test]
fn logs_that_grow_and_rotate_while_they_are_read_are_no_error_and_none_is_lost() {
    let (hikae, recipes) = small(Hikae::new());
    let log = hikae.path("log");
    let line = "seq 1 1000 | gzip > app.log.2.gz; seq 1 100000 > app.log.1";
    assert!(Command::new("sh").args(["-c", line]).current_dir(&log).status().unwrap().success());
    let ended = Arc::new(AtomicBool::new(false));
    let writing = {
        let (log, ended) = (log.clone(), ended.clone());
        std::thread::spawn(move || {
            for number in 0.. {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                if number % 50 == 49 {
                    std::fs::rename(log.join("app.log"), log.join(format!("app.log.{number}"))).unwrap();
                }
                let mut file = std::fs::File::options().append(true).create(true).open(log.join("app.log")).unwrap();
                std::io::Write::write_all(&mut file, &b"GET /rooms\n".repeat(3000)).unwrap();
                std::thread::sleep(Duration::from_millis(2));
            }
        })
    };
    for _ in 0..3 {
        run(&hikae, &recipes[1]);
    }
    ended.store(true, Ordering::SeqCst);
    writing.join().unwrap();
    for (number, name) in archives(&hikae, "logs_backup_").iter().enumerate() {
        let into = hikae.path(&format!("out{number}"));
        untar(&hikae.path("backups").join(name), &into);
        let below = into.join(log.strip_prefix("/").unwrap());
        for kept in ["app.log.2.gz", "app.log.1"] {
            assert!(
                std::fs::read(below.join(kept)).unwrap() == std::fs::read(log.join(kept)).unwrap(),
                "{kept} in {name}"
            );
        }
    }
}

#[test]
fn a_repository_with_submodules_and_pointers_of_lfs_comes_back_and_what_it_lacks_is_said() {
    let hikae = Hikae::new()
        .file("lib/lib.c", "int x;\n")
        .file("cafe/.gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n");
    let pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let hikae = hikae.file("cafe/photo.bin", pointer);
    let (lib, cafe) = (hikae.path("lib"), hikae.path("cafe"));
    for folder in [&lib, &cafe] {
        git(folder, &["init", "--quiet", "--initial-branch=main"]);
        git(folder, &["add", "."]);
        git(folder, &["commit", "--quiet", "-m", "first"]);
    }
    let url = lib.display().to_string();
    git(&cafe, &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", &url, "lib"]);
    git(&cafe, &["commit", "--quiet", "-m", "with the library"]);
    let set = [format!("dir={}", hikae.path("backups").display()), format!("url=file://{}", cafe.display())];
    let said = hikae.run(&["run", "git-backup", "--set", &set[0], "--set", &set[1]]);
    assert_eq!(said.code, 0, "{said:?}");
    let all = format!("{}{}", said.out, said.err);
    assert!(all.contains("Git LFS") && all.contains("has submodules") && all.contains("[WORLD]/lib"), "{all}");
    let bundle = only(&hikae.path("backups"), ".bundle").display().to_string();
    let again = hikae.path("again");
    git(&hikae.path(""), &["clone", "--quiet", &bundle, &again.display().to_string()]);
    assert_eq!(std::fs::read_to_string(again.join("photo.bin")).unwrap(), pointer);
    assert_eq!(git(&again, &["rev-parse", "HEAD:lib"]), git(&cafe, &["rev-parse", "HEAD:lib"]));
}

#[test]
fn a_new_machine_restores_everything_from_the_folders_alone() {
    let slack = Receiver::start();
    let old = site("nightly_old_machine", &slack);
    assert_eq!(old.run(&["run", "full-backup"]).code, 0);

    // All that the new machine has is the folder of the backups.
    let server = Cluster::start();
    let new = Hikae::with_database(&server, "nightly_old_machine");
    let copied = Command::new("cp").arg("-a").arg(old.path("backups/.")).arg(new.path("backups")).status().unwrap();
    assert!(copied.success());
    let dump = only(&new.path("backups/database"), ".sql.gz");
    let said = new.run(&["run", "db-restore", "--yes", "--set", &format!("file={}", dump.display())]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(server.psql("nightly_old_machine", "SELECT string_agg(name, ' ') FROM contacts"), "花子 太郎");
    let code = new.path("code");
    let bundle = only(&new.path("backups/git"), ".bundle").display().to_string();
    git(&new.path(""), &["clone", "--quiet", &bundle, &code.display().to_string()]);
    assert_eq!(std::fs::read_to_string(code.join("index.html")).unwrap(), "<h1>cafe</h1>\n");
    for kind in ["config", "logs"] {
        let archive = only(&new.path("backups").join(kind), ".tar.gz");
        let lines: serde_json::Value =
            serde_json::from_slice(&std::fs::read(format!("{}.manifest.json", archive.display())).unwrap()).unwrap();
        // The line of the manifest, with tools that every machine has; only where it unpacks to is another.
        let into = new.path(&format!("r/{kind}"));
        std::fs::create_dir_all(&into).unwrap();
        let line = lines["restore"].as_str().unwrap().replace("-C /", &format!("-C '{}'", into.display()));
        let done = Command::new("sh").args(["-c", &line]).current_dir(archive.parent().unwrap()).output().unwrap();
        assert!(done.status.success(), "{line}: {done:?}");
        assert!(!names(&into).is_empty(), "{line}");
    }
}
