//! Setting up: `init`, `new`, `eject`, `diff` and what `docs` shows of recipes.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use hikae::config::{dotenv, embedded};

use super::commands::well;
use crate::support::postgres::shared;
use crate::support::program::Hikae;

/// A place without a configuration folder.
fn fresh() -> Hikae {
    Hikae::new().env("HIKAE_CONFIG_DIR", "").env("LANG", "C.UTF-8")
}

fn read(hikae: &Hikae, below: &str) -> String {
    std::fs::read_to_string(hikae.path(below)).unwrap_or_else(|error| panic!("{below}: {error}"))
}

#[test]
fn init_makes_a_folder_that_is_ready_and_never_overwrites() {
    let hikae = fresh();
    let said = hikae.run(&["init", "conf"]);
    well(&said);
    for file in ["hikae.toml", ".env", ".luarc.json", ".hikae/meta/pg.lua", ".hikae/hikae/retention.lua"] {
        assert!(hikae.path("conf").join(file).is_file(), "{file}: {said:?}");
    }
    for folder in ["recipes", "channels", "templates"] {
        assert!(hikae.path("conf").join(folder).is_dir(), "{folder}");
    }
    let mode = std::fs::metadata(hikae.path("conf/.env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(said.out.contains("hikae --config-dir [WORLD]/conf check"), "{said:?}");
    let hikae = hikae.file("conf/.env", "DB_NAME=mine\n");
    let again = hikae.run(&["init", "conf", "--database", "other"]);
    well(&again);
    assert!(again.out.contains("kept as it is: [WORLD]/conf/.env\n"), "{again:?}");
    assert_eq!(read(&hikae, "conf/.env"), "DB_NAME=mine\n");
}

#[test]
fn a_folder_that_is_named_by_the_environment_or_a_flag_need_not_exist() {
    let hikae = fresh();
    let dir = hikae.path("a/new one").display().to_string();
    well(&hikae.run(&["init", "--config-dir", &dir]));
    assert!(hikae.path("a/new one/hikae.toml").is_file());
    let hikae = fresh();
    let dir = hikae.path("other").display().to_string();
    let hikae = hikae.env("HIKAE_CONFIG_DIR", &dir);
    well(&hikae.run(&["init"]));
    assert!(hikae.path("other/hikae.toml").is_file());
}

#[test]
fn every_variable_of_a_recipe_is_in_the_new_env_file_and_every_setting_is_one() {
    let hikae = fresh();
    well(&hikae.run(&["init", "conf"]));
    let text = read(&hikae, "conf/.env");
    let shown = hikae.run(&["list", "--json"]);
    assert!(dotenv::parse(&text).unwrap().is_empty(), "{text}");
    for line in shown.out.lines() {
        let recipe: serde_json::Value = serde_json::from_str(line).unwrap();
        let recipe = recipe["recipe"].as_str().unwrap();
        let said = hikae.run(&["show", recipe, "--json"]);
        let Ok(value) = serde_json::from_str::<serde_json::Value>(&said.out) else { continue };
        for variable in value["params"].as_array().unwrap().iter().filter_map(|param| param["env"].as_str()) {
            assert!(text.contains(&format!("#{variable}=")), "{recipe}: {variable}");
        }
    }
    // Whatever is behind a `#` can be used as it is.
    let toml = read(&hikae, "conf/hikae.toml");
    let comment = |line: &str| line.starts_with("# ");
    let used: String =
        toml.lines().filter(|line| !comment(line)).map(|line| format!("{}\n", line.trim_start_matches('#'))).collect();
    let hikae = hikae.file("conf/hikae.toml", &used);
    let listed = hikae.run(&["--config-dir", "conf", "list"]);
    assert_eq!(listed.code, 0, "{listed:?}\n{used}");
}

#[test]
fn init_tries_the_values_that_it_is_given() {
    let cluster = shared();
    let port = cluster.port().to_string();
    let hikae = fresh().env("DB_PASSWORD", &cluster.password);
    let backups = hikae.path("kept").display().to_string();
    let flags = ["--database", "postgres", "--host", "127.0.0.1", "--port", &port, "--backup-dir", &backups];
    let said = hikae.run(&[&["init", "conf"], &flags[..]].concat());
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("✓ database: `postgres`: connected"), "{said:?}");
    let variables = dotenv::parse(&read(&hikae, "conf/.env")).unwrap();
    assert_eq!((variables["DB_NAME"].as_str(), variables["BACKUP_DIR"].as_str()), ("postgres", backups.as_str()));
    assert_eq!(variables["DB_PASSWORD"], cluster.password);
    let run = hikae.env("BACKUP_DIR", "").run(&["--config-dir", "conf", "run", "db-backup"]);
    assert_eq!(run.code, 0, "{run:?}");
    let wrong = fresh();
    let said =
        wrong.run(&["init", "conf", "--database", "x", "--port", "1", "--mail", "nobody", "--backup-dir", "here"]);
    assert!(said.err.contains("✗ database: ") && said.err.contains("✗ folder: `here` is not absolute"), "{said:?}");
    assert!(said.err.contains("✗ mail: `nobody` is not a mail address"), "{said:?}");
}

#[test]
fn init_fills_in_a_file_of_comments_alone_and_keeps_its_mode() {
    let packaged = include_str!("../../packaging/etc/env");
    let hikae = fresh().file("conf/.env", packaged);
    crate::support::program::set_mode(&hikae.path("conf/.env"), 0o640);
    let untouched = hikae.run(&["init", "conf"]);
    assert!(untouched.out.contains("kept as it is: [WORLD]/conf/.env\n"), "{untouched:?}");
    let said = hikae.run(&["init", "conf", "--database", "shop", "--port", "1", "--user", "backup"]);
    assert!(said.code == 0 && said.out.contains("filled in: [WORLD]/conf/.env\n"), "{said:?}");
    let text = read(&hikae, "conf/.env");
    let variables = dotenv::parse(&text).unwrap();
    assert_eq!((variables["DB_NAME"].as_str(), variables["DB_PORT"].as_str()), ("shop", "1"), "{text}");
    assert!(text.contains("# BACKUP_ALERT_EMAIL=") && text.starts_with("# Variables"), "{text}");
    let mode = std::fs::metadata(hikae.path("conf/.env")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
    // What is set stays.
    let again = hikae.run(&["init", "conf", "--database", "other"]);
    assert!(again.out.contains("kept as it is: [WORLD]/conf/.env\n"), "{again:?}");
}

/// Types lines at a terminal, as `script` gives one.
pub fn at_a_terminal(hikae: &Hikae, line: &str, typed: &str) -> String {
    let command = hikae.command(&[]);
    let mut script = std::process::Command::new("script");
    script.args(["-qec", line, "/dev/null"]).env_clear().current_dir(hikae.path(""));
    script.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", "xterm");
    let mut child = script.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    for line in typed.lines() {
        // A terminal that is being switched to hide what is typed would drop what came before.
        std::thread::sleep(std::time::Duration::from_millis(400));
        stdin.write_all(format!("{line}\n").as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn init_asks_at_a_terminal_and_hides_the_password() {
    let cluster = shared();
    let hikae = fresh().env("HIKAE_LANG", "ja");
    let typed = format!(
        "postgres\n127.0.0.1\n{}\n\n{}\n{}\n\n",
        cluster.port(),
        cluster.password,
        hikae.path("kept").display()
    );
    let line = format!("{} init conf", env!("CARGO_BIN_EXE_hikae"));
    let said = at_a_terminal(&hikae, &line, &typed);
    assert!(said.contains("データベース") && said.contains("✓ "), "{said}");
    assert!(!said.contains(&cluster.password), "{said}");
    let variables = dotenv::parse(&read(&hikae, "conf/.env")).unwrap();
    assert_eq!(variables["DB_PASSWORD"], cluster.password, "{said}");
    assert!(read(&hikae, "conf/hikae.toml").contains("\nlang = \"ja\""));
}

#[test]
fn a_new_recipe_passes_its_spec_as_it_is() {
    let hikae = Hikae::new();
    well(&hikae.run(&["new", "shop"]));
    let from = ["db-backup", "config-backup", "backup-permissions", "git-backup"];
    for recipe in from {
        well(&hikae.run(&["new", &format!("my-{recipe}"), "--from", recipe]));
    }
    let said = hikae.run(&["test", hikae.path("config/recipes").to_str().unwrap()]);
    assert_eq!(said.code, 0, "{said:?}");
    well(&hikae.run(&["run", "shop", "--set", &format!("dir={}", hikae.path("backups").display())]));
    let again = hikae.run(&["new", "shop"]);
    assert!(again.code == 64 && again.err.contains("is there already"), "{again:?}");
    let odd = hikae.run(&["new", "../x"]);
    assert!(odd.code == 64 && odd.err.contains("a recipe cannot be called"), "{odd:?}");
    let unknown = hikae.run(&["new", "x", "--from", "db-bakup"]);
    assert!(unknown.code == 64 && unknown.err.contains("did you mean `db-backup`?"), "{unknown:?}");
}

#[test]
fn an_ejected_recipe_is_shown_as_customised_once_it_is_changed() {
    let hikae = Hikae::new();
    well(&hikae.run(&["eject", "db-backup"]));
    let file = "config/recipes/db-backup.lua";
    assert_eq!(read(&hikae, file), embedded::recipe("db-backup").unwrap());
    assert!(hikae.run(&["show", "db-backup"]).out.contains("ejected, unchanged"));
    assert_eq!(hikae.run(&["diff", "db-backup"]).code, 0);
    let text = read(&hikae, file).replace("default = 30", "default = 60");
    let hikae = hikae.file(file, &text);
    assert!(hikae.run(&["show", "db-backup"]).out.contains("customised"));
    let said = hikae.run(&["diff", "db-backup"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert_eq!(
        said.out.lines().filter(|line| line.starts_with("+    ") || line.starts_with("-    ")).count(),
        2,
        "{}",
        said.out
    );
    assert_eq!(said.out.matches("--- ").count(), 1, "{}", said.out);
    // Taken from another version: both are shown.
    let origin = read(&hikae, "config/.hikae/origins/db-backup.json").replace("default = 30", "default = 14");
    let hikae = hikae.file("config/.hikae/origins/db-backup.json", &origin);
    let said = hikae.run(&["diff", "db-backup"]);
    assert!(
        said.out.contains("--- built in: db-backup") && said.out.contains("--- taken from: db-backup"),
        "{}",
        said.out
    );
    assert!(said.out.contains("default = 14"), "{}", said.out);
    let none = Hikae::new().file("config/recipes/mine.lua", super::commands::NOTE).run(&["diff", "mine"]);
    assert!(none.code == 64 && none.err.contains("was not taken from a built-in one"), "{none:?}");
}

#[test]
fn docs_show_recipes_and_find_words() {
    let hikae = Hikae::new();
    assert!(hikae.run(&["docs"]).out.contains("\nRecipes:\n\nbackup-monitor "));
    let said = hikae.run(&["docs", "db-backup"]);
    well(&said);
    for part in [
        "Dumps one PostgreSQL database",
        "schedule 0 2 * * *",
        "runs pg_dump",
        "days: integer, $RETENTION_DAYS Days to keep a dump",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
    let said = hikae.run(&["docs", "--search", "retention"]);
    well(&said);
    let names: Vec<&str> = said.out.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"hikae.retention.prune") && names.contains(&"db-backup"), "{names:?}");
    for name in names {
        assert_eq!(hikae.run(&["docs", name]).code, 0, "{name}");
    }
    let none = hikae.run(&["docs", "--search", "zzyzx"]);
    assert_eq!((none.code, none.out.as_str()), (1, ""));
}
