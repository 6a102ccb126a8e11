//! What is read at the start is a plain file of a sensible size, which nobody else can change; what it says stays said.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::program::{Hikae, Said};

const QUIET: &str =
    "--- Does nothing.\nreturn recipe { type = \"daily\", kind = \"maintenance\", run = function() end }\n";

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// A command that must come back soon, whatever it says.
fn soon(hikae: &Hikae, args: &[&str]) -> Said {
    let began = Instant::now();
    let said = hikae.run(args);
    assert!(began.elapsed() < Duration::from_secs(10), "{args:?} took {:?}", began.elapsed());
    said
}

/// Puts something that is no plain file at `path`, in each way that once hung or filled the memory.
fn no_file(path: &Path, way: usize) {
    if path.exists() {
        std::fs::remove_file(path).unwrap();
    }
    match way {
        0 => rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap(),
        1 => symlink("/dev/zero", path).unwrap(),
        _ => std::fs::File::create(path).unwrap().set_len(400 << 20).unwrap(),
    }
}

#[test]
fn a_recipe_that_is_no_file_is_one_broken_row() {
    for way in 0..3 {
        let hikae = Hikae::new().file("config/recipes/quiet.lua", QUIET);
        no_file(&hikae.path("config/recipes/odd.lua"), way);
        let list = soon(&hikae, &["list"]);
        assert!(
            list.out.contains("quiet") && list.out.contains("odd") && list.out.contains("cannot be loaded: "),
            "{list:?}"
        );
        assert_ne!(soon(&hikae, &["run", "odd"]).code, 0);
        assert_eq!(soon(&hikae, &["run", "quiet"]).code, 0);
        assert!(soon(&hikae, &["status"]).out.contains("quiet"));
    }
}

#[test]
fn settings_and_variables_that_are_no_file_are_refused() {
    for name in ["config/.env", "config/hikae.toml"] {
        for way in 0..3 {
            let hikae = Hikae::new().file("config/recipes/quiet.lua", QUIET);
            no_file(&hikae.path(name), way);
            let said = soon(&hikae, &["run", "quiet"]);
            assert_eq!(said.code, 64, "{name} {way}: {said:?}");
            assert!(said.err.contains("it is not a plain file") || said.err.contains("it is larger than"), "{said:?}");
        }
    }
}

#[test]
fn what_others_can_change_is_refused_with_the_command_that_mends_it() {
    for (name, bits) in [
        ("config", 0o777),
        ("config/recipes", 0o777),
        ("config/recipes/quiet.lua", 0o666),
        ("config/.env", 0o602),
        ("config/hikae.toml", 0o646),
    ] {
        let hikae = Hikae::new()
            .file("config/recipes/quiet.lua", QUIET)
            .file("config/.env", "A=b\n")
            .file("config/hikae.toml", "");
        mode(&hikae.path(name), bits);
        let said = hikae.run(&["run", "quiet"]);
        assert_eq!(said.code, 64, "{name}: {said:?}");
        assert!(said.err.contains(&format!("`[WORLD]/{name}` can be changed by others")), "{said:?}");
        assert!(said.err.contains(&format!("chmod go-w [WORLD]/{name}")), "{said:?}");
        // A command that touches nothing outside warns and goes on.
        let list = hikae.run(&["list"]);
        assert_eq!(list.code, 0, "{list:?}");
        assert!(list.err.contains("warning: ") && list.err.contains("can be changed by others"), "{list:?}");
        assert!(hikae.run(&["check", "quiet"]).out.contains("can be changed by others"));
    }
}

#[test]
fn as_root_a_group_is_others_too() {
    let hikae = Hikae::new().file("config/recipes/quiet.lua", QUIET);
    mode(&hikae.path("config/recipes/quiet.lua"), 0o664);
    let expected = if rustix::process::geteuid().is_root() { 64 } else { 0 };
    assert_eq!(hikae.run(&["run", "quiet"]).code, expected);
}

/// Only root can give a file away.
#[test]
fn what_belongs_to_a_stranger_is_refused_unless_the_environment_trusts_it() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let hikae = Hikae::new().file("config/recipes/quiet.lua", QUIET);
    std::os::unix::fs::chown(hikae.path("config/recipes/quiet.lua"), Some(4242), None).unwrap();
    let said = hikae.run(&["run", "quiet"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.err.contains("it belongs to user 4242") && said.err.contains("HIKAE_TRUST_OWNER=4242"), "{said:?}");
    let hikae = hikae.env("HIKAE_TRUST_OWNER", "4242");
    assert_eq!(hikae.run(&["run", "quiet"]).code, 0);
    let hikae = hikae.env("HIKAE_TRUST_OWNER", "everybody");
    assert_eq!(hikae.run(&["run", "quiet"]).code, 64);
    // The file that is to be trusted cannot ask for it.
    let hikae = hikae.env("HIKAE_TRUST_OWNER", "").file("config/.env", "HIKAE_TRUST_OWNER=4242\n");
    assert_eq!(hikae.run(&["run", "quiet"]).code, 64);
}

#[test]
fn a_catalog_that_was_emptied_is_not_a_new_one() {
    let hikae = Hikae::new().file("config/recipes/quiet.lua", QUIET);
    assert_eq!(hikae.run(&["run", "quiet"]).code, 0);
    for log in ["state/catalog.db-wal", "state/catalog.db-shm"] {
        assert!(!hikae.path(log).exists());
    }
    std::fs::File::create(hikae.path("state/catalog.db")).unwrap();
    let runs = hikae.run(&["runs"]);
    assert_ne!(runs.code, 0, "{runs:?}");
    assert!(runs.err.contains("its history is gone"), "{runs:?}");
    let run = hikae.run(&["run", "quiet"]);
    assert_eq!(run.code, 2, "{run:?}");
    // One that was removed on purpose begins anew.
    std::fs::remove_file(hikae.path("state/catalog.db")).unwrap();
    assert_eq!(hikae.run(&["run", "quiet"]).code, 0);
    assert_eq!(hikae.run(&["runs"]).code, 0);
}

#[test]
fn a_run_that_is_missing_from_the_catalog_at_its_end_is_not_done() {
    let recipe = "--- Waits.\nreturn recipe { type = \"daily\", kind = \"maintenance\", params = { dir = { env = \"BACKUP_DIR\", type = \"path\" } },
  needs = { run = { \"sleep\" }, write = { \"{dir}\" } },
  run = function(p) fs.write(path.join(p.dir, \"up\"), \"\") process.run { program = \"sleep\", args = { \"2\" } } end }\n";
    let hikae = Hikae::new().file("config/recipes/waits.lua", recipe);
    let running = hikae.start(&["run", "waits"]);
    crate::support::processes::wait_until("the run", || hikae.path("backups/up").exists());
    let catalog = rusqlite::Connection::open(hikae.path("state/catalog.db")).unwrap();
    catalog.execute("DELETE FROM backup_logs", []).unwrap();
    drop(catalog);
    let ended = running.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(2), "{ended:?}");
}

#[test]
fn a_declaration_cannot_throw_dice() {
    let dice = "--- Dice.\nlocal n = math.random(1000000)\nreturn recipe { type = \"daily\", kind = \"maintenance\",
  needs = { write = { \"/srv/\" .. n } }, run = function() log.info(\"drew \" .. n) end }\n";
    let hikae = Hikae::new().file("config/recipes/dice.lua", dice);
    let shown = |said: Said| said.out.lines().find(|line| line.starts_with("writes")).unwrap_or_default().to_owned();
    assert_eq!(shown(hikae.run(&["show", "dice"])), shown(hikae.run(&["show", "dice"])));
}

#[test]
fn a_folder_of_the_whole_system_is_written_only_where_somebody_said_so() {
    let recipe = |write: &str| {
        format!("--- Writes.\nreturn recipe {{ type = \"daily\", kind = \"maintenance\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }} }}, needs = {{ write = {{ {write} }} }}, run = function() end }}\n")
    };
    for dir in ["/", "/etc", "/usr", "/etc/", "/usr/../etc", "/home", "HOME"] {
        let hikae = Hikae::new().file("config/recipes/writes.lua", &recipe("\"{dir}\""));
        let home = hikae.path("").display().to_string();
        let said = hikae.env("BACKUP_DIR", if dir == "HOME" { &home } else { dir }).run(&["run", "writes"]);
        assert_eq!(said.code, 64, "{dir}: {said:?}");
        assert!(said.err.contains("may not write everywhere in"), "{said:?}");
    }
    let hikae = Hikae::new().file("config/recipes/writes.lua", &recipe("\"/etc\""));
    assert_eq!(hikae.run(&["run", "writes"]).code, 0, "the recipe itself says so");
    let hikae = Hikae::new()
        .file("config/recipes/writes.lua", &recipe("\"{dir}\""))
        .file("config/hikae.toml", "write_shared = [\"/etc\"]\n");
    assert_eq!(hikae.env("BACKUP_DIR", "/etc").run(&["run", "writes"]).code, 0, "the settings say so");
}

#[test]
fn a_name_of_a_variable_holds_no_equals_sign() {
    let recipe = "--- Sets.\nreturn recipe { type = \"daily\", kind = \"maintenance\", needs = { run = { \"env\" } },
  run = function() log.info(process.run { program = \"env\", env = { [\"A=B\"] = \"x\" } }.stdout) end }\n";
    let said = Hikae::new().file("config/recipes/sets.lua", recipe).run(&["run", "sets"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("`A=B` is no name of a variable"), "{said:?}");
}

#[test]
fn a_declared_file_can_be_replaced_again_and_again() {
    let recipe = "--- Replaces.\nreturn recipe { type = \"daily\", kind = \"maintenance\", params = { out = { type = \"path\" } },
  needs = { write = { \"{out}\" } }, run = function(p) fs.write(p.out, clock.stamp(), { replace = true }) end }\n";
    let hikae = Hikae::new().file("config/recipes/replaces.lua", recipe);
    let out = format!("out={}", hikae.path("backups/latest").display());
    for _ in 0..3 {
        let said = hikae.run(&["run", "replaces", "--set", &out]);
        assert_eq!(said.code, 0, "{said:?}");
    }
}
