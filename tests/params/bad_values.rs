//! What is said of each bad value of a param.

use hikae::error::Kind;
use hikae::recipe::problem::{Problem, gather};
use hikae::recipe::values::ParamValue;
use serde_json::{Value, json};

use super::params;
use crate::config::told;

#[test]
fn a_value_of_the_wrong_type_is_told_with_where_it_comes_from() {
    let days = || params(json!({ "days": { "env": "RETENTION_DAYS", "default": 30, "min": 1, "max": 99 } }));
    let hint = "write a whole number, such as `30`";
    assert_eq!(
        days().env("RETENTION_DAYS", "abc").problems(),
        [format!(
            "`days` must be an integer, but `RETENTION_DAYS` is `abc` | {hint}; `RETENTION_DAYS` comes from the environment"
        )]
    );
    assert_eq!(
        days().dotenv("RETENTION_DAYS=abc").problems(),
        [format!(
            "`days` must be an integer, but `RETENTION_DAYS` is `abc` | {hint}; `RETENTION_DAYS` comes from `/etc/hikae/.env`"
        )]
    );
    assert_eq!(
        days().set("days", "7.5").problems(),
        [format!(
            "`days` must be an integer, but `--set days` is `7.5` | {hint}; `--set days` comes from the command line"
        )]
    );
    assert_eq!(
        days().toml("[params.db-backup]\ndays = [1]\n").problems(),
        [format!(
            "`days` must be an integer, but `params.db-backup.days` is `[1]` | {hint}; `params.db-backup.days` comes from `/etc/hikae/hikae.toml`"
        )]
    );
    assert_eq!(
        days().set("days", "0").problems(),
        ["`days` must be at least 1, but `--set days` is `0` | `--set days` comes from the command line"]
    );
    assert_eq!(
        days().set("days", "100").problems(),
        ["`days` must be at most 99, but `--set days` is `100` | `--set days` comes from the command line"]
    );
    assert_eq!(
        days().set("days", "").problems(),
        [
            "`days` must not be empty, but `--set days` is | give `--set days` a value, or remove it from the command line"
        ]
    );
}

/// The problem with `text` for a param `x` that is declared so, without where it comes from.
fn with_text(spec: Value, text: &str) -> String {
    let [problem] = &params(json!({ "x": spec })).set("x", text).problems()[..] else { panic!("not one problem") };
    problem.strip_suffix("`--set x` comes from the command line").unwrap().to_owned()
}

#[test]
fn each_type_says_what_it_must_be() {
    let cases = [
        (json!({ "type": "boolean" }), "maybe", "be a boolean", "write `true` or `false`; "),
        (
            json!({ "type": "path" }),
            "backups",
            "be an absolute path",
            "write a path that begins with `/`, or an address such as `s3://bucket/folder`; ",
        ),
        (
            json!({ "type": "path" }),
            "~/backups",
            "be an absolute path",
            "write a path that begins with `/`, or an address such as `s3://bucket/folder`; ",
        ),
        (
            json!({ "type": "duration" }),
            "soon",
            "be a duration",
            "write a number and a unit, such as `90s`, `25h` or `30d`; ",
        ),
        (json!({ "type": "size" }), "big", "be a size", "write a number and a unit, such as `500 MB` or `64 MiB`; "),
        (json!({ "choices": ["fast", "small"] }), "fsat", "be one of `fast`, `small`", "did you mean `fast`? "),
        (json!({ "choices": ["fast", "small"] }), "zzzz", "be one of `fast`, `small`", ""),
        (json!({ "type": "size", "max": "64 MiB" }), "65 MiB", "be at most 64.0 MiB", ""),
        (json!({ "type": "duration", "min": "1h" }), "59m", "be at least 1h", ""),
    ];
    for (spec, text, must, hint) in cases {
        assert_eq!(with_text(spec, text), format!("`x` must {must}, but `--set x` is `{text}` | {hint}"));
    }
    assert_eq!(
        with_text(json!({ "type": "path" }), "/a\0b"),
        "`x` must be free of NUL characters, but `--set x` is `/a\\0b` | remove the NUL character; "
    );
    assert_eq!(
        with_text(json!({ "type": "path" }), &"長".repeat(1000)),
        format!(
            "`x` must be an absolute path, but `--set x` is `{}…` | write a path that begins with `/`, or an address such as `s3://bucket/folder`; ",
            "長".repeat(60)
        )
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let case = params(json!({
        "database": { "env": "DB_NAME" },
        "days": { "env": "RETENTION_DAYS", "default": 30 },
        "dir": { "env": "BACKUP_DIR", "type": "path", "default": "/backups" },
        "file": {},
        "password": { "env": "DB_PASSWORD", "secret": true },
    }))
    .set("databse", "x")
    .env("RETENTION_DAYS", "abc")
    .env("BACKUP_DIR", "backups")
    .toml("[params.db-backup]\ndayz = 3\n");
    let error = gather(&case.resolve().unwrap_err(), "the params of `db-backup`");
    assert_eq!(error.kind(), Kind::Recipe);
    assert_eq!(
        told(&error),
        "7 problems with the params of `db-backup`\n\
         `databse` is not a param of `db-backup`, but `--set databse` sets it\n\
         `dayz` is not a param of `db-backup`, but `/etc/hikae/hikae.toml` sets it\n\
         `database` is not set\n\
         `days` must be an integer, but `RETENTION_DAYS` is `abc`\n\
         `dir` must be an absolute path, but `BACKUP_DIR` is `backups`\n\
         `file` is not set\n\
         `password` is not set\n\
         hint: did you mean `database`? valid names: `database`, `days`, `dir`, `file`, `password`\n\
         did you mean `days`? valid names: `database`, `days`, `dir`, `file`, `password`\n\
         set `DB_NAME` in the environment or in `.env`, or pass `--set database=…`\n\
         write a whole number, such as `30`; `RETENTION_DAYS` comes from the environment\n\
         write a path that begins with `/`, or an address such as `s3://bucket/folder`; `BACKUP_DIR` comes from the environment\n\
         pass `--set file=…`\n\
         set `DB_PASSWORD` in the environment or in `.env`"
    );
    let one = gather(&[Problem::new("`x` is not set", "pass `--set x=…`")], "the params of `mine`");
    assert_eq!(told(&one), "1 problem with the params of `mine`\n`x` is not set\nhint: pass `--set x=…`");
}

#[test]
fn a_param_of_a_recipe_without_params_is_refused() {
    assert_eq!(
        params(json!({})).set("x", "1").problems(),
        ["`x` is not a param of `db-backup`, but `--set x` sets it | `db-backup` has no params"]
    );
}

#[test]
fn the_value_of_a_secret_is_never_shown() {
    let secret = || params(json!({ "password": { "env": "DB_PASSWORD", "secret": true } }));
    assert_eq!(
        secret().toml("[params.db-backup]\npassword = 4711\n").problems(),
        ["`password` must be a string, but `params.db-backup.password` is not | \
          write it in quotes; `params.db-backup.password` comes from `/etc/hikae/hikae.toml`"]
    );
    assert_eq!(
        secret().set("password", "hunter2\0").problems(),
        ["`password` must be free of NUL characters, but `--set password` is not | \
          remove the NUL character; `--set password` comes from the command line"]
    );
    let values = secret().env("DB_PASSWORD", "hunter2-of-params").resolve().unwrap();
    let ParamValue::Secret(secret) = values.get("password").unwrap() else { panic!("not a secret") };
    assert_eq!(secret.expose(), "hunter2-of-params");
    assert!(!format!("{values:?} {}", values.get("password").unwrap()).contains("hunter2"));
    assert_eq!(hikae::secret::redact("it is hunter2-of-params!"), "it is ********!");
}
