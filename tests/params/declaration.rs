//! What a recipe may declare, and what is said of each mistake in it.

use std::time::Duration;

use hikae::recipe::declaration::{Declaration, RecipeKind, RunType};
use hikae::recipe::problem::Problem;
use serde_json::json;

use super::{declared, lines, spec};

#[test]
fn a_whole_declaration_is_read() {
    let declaration = Declaration::read(&json!({
        "kind": "check", "summary": "Looks", "type": "weekly", "schedule": "0 2 * * mon-fri", "timeout": "6h",
        "params": { "days": { "env": "RETENTION_DAYS", "default": 30, "min": 1, "says": "Days to keep" }, "a": {} },
        "needs": { "run": ["pg_dump"], "write": ["{a}/x"], "read": {} },
    }))
    .unwrap();
    assert_eq!(declaration.kind, RecipeKind::Check);
    assert_eq!(declaration.run_type, RunType::Weekly);
    assert_eq!(declaration.summary.as_deref(), Some("Looks"));
    assert_eq!(declaration.schedule.as_deref(), Some("0 2 * * mon-fri"));
    assert_eq!(declaration.timeout, Some(Duration::from_secs(6 * 3600)));
    let names: Vec<_> = declaration.params.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["a", "days"]);
    assert_eq!(declaration.params[1].1.says.as_deref(), Some("Days to keep"));
    assert_eq!((declaration.needs.run, declaration.needs.write), (vec!["pg_dump".into()], vec!["{a}/x".into()]));
    let least = Declaration::read(&json!({ "type": "daily", "params": [] })).unwrap();
    assert_eq!(least.kind, RecipeKind::Backup);
}

#[test]
fn everything_that_is_wrong_with_a_declaration_is_told_at_once() {
    let problems = declared(json!({
        "kind": "bakup", "typ": "daily", "schedule": "0 25 * * *", "timeout": "soon", "summary": 5, "run": 1,
        "needs": { "writes": ["/x"], "run": "pg_dump", "read": ["{dri}", "{password}", "{dir", "/{{x}}"] },
        "params": { "dir": { "type": "path" }, "password": { "secret": true }, "bad": { "typ": 1 } },
    }));
    assert_eq!(
        problems,
        [
            "`typ` is not a known key | did you mean `type`? valid names: `kind`, `summary`, `type`, `schedule`, `objective`, `timeout`, `params`, `needs`, `preview`, `run`",
            "`run` must be a function | write `run = function(p) … end`",
            "`kind` cannot be `bakup` | did you mean `backup`? valid names: `backup`, `restore`, `drill`, `monitor`, `report`, `check`, `maintenance`",
            "`summary` must be a string, but is a number | write it in quotes",
            "`type` is missing | add `type = \"daily\"`; valid names: `daily`, `weekly`, `monthly`, `manual`",
            "`schedule` cannot have `25` as the hour | write a number from 0 to 23, a range `0-23`, `*`, or `*/2` for every second one",
            "`timeout` must be a duration, but is `soon` | write a number and a unit, such as `90s`, `25h` or `30d`",
            "`params.bad.typ` is not a known key | did you mean `type`? valid names: `env`, `default`, `type`, `min`, `max`, `says`, `secret`, `optional`, `choices`, `detach`, `target`",
            "`needs.writes` is not a known key | did you mean `write`? valid names: `run`, `read`, `write`, `connect`, `objects`, `sockets`, `capabilities`, `recipes`, `user`",
            "`needs.run` must be a list of strings, but is a string | write strings in braces: `{ \"a\", \"b\" }`",
            "`{dri}` of `needs.read` names no param: `dri` | did you mean `dir`? valid names: `dir`, `password`, `bad`",
            "`{password}` of `needs.read` names the secret `password`, but what a recipe needs is shown | name no secret in `needs`",
            "cannot read `{dir`: a `{` is never closed | write `{name}` for the value of a param, or `{{` for a brace",
        ]
    );
}

#[test]
fn each_bad_param_declaration_has_its_message() {
    let cases = [
        (
            json!({ "defualt": 1 }),
            "`params.x.defualt` is not a known key | did you mean `default`? valid names: `env`, `default`, `type`, `min`, `max`, `says`, `secret`, `optional`, `choices`, `detach`, `target`",
        ),
        (json!("text"), "`params.x` must be a table, but is a string | write it in braces: `{ … }`"),
        (
            json!({ "type": "int" }),
            "`params.x.type` cannot be `int` | valid names: `string`, `integer`, `boolean`, `path`, `duration`, `size`, `list`, `secret`, `choice`, `command`, `hook`",
        ),
        (
            json!({ "type": "integr" }),
            "`params.x.type` cannot be `integr` | did you mean `integer`? valid names: `string`, `integer`, `boolean`, `path`, `duration`, `size`, `list`, `secret`, `choice`, `command`, `hook`",
        ),
        (
            json!({ "type": "integer", "default": "many" }),
            "`params.x.default` must be an integer, but is `many` | write a whole number, such as `30`",
        ),
        (
            json!({ "default": 1.5 }),
            "`params.x.default` must be an integer, but is `1.5` | write a whole number, such as `30`",
        ),
        (
            json!({ "type": "string", "default": 5 }),
            "`params.x.default` must be a string, but is `5` | write it in quotes",
        ),
        (
            json!({ "type": "path", "default": "" }),
            "`params.x.default` must be an absolute path, but is empty | write a path that begins with `/`, or an address such as `s3://bucket/folder`",
        ),
        (json!({ "default": 0, "min": 1 }), "`params.x.default` must be at least 1, but is `0` | "),
        (
            json!({ "default": "a", "min": 1 }),
            "`params.x.min` has no meaning for a string | remove `min`; it is for integers, durations and sizes",
        ),
        (
            json!({ "default": 5, "max": "x" }),
            "`params.x.max` must be an integer, but is `x` | write a whole number, such as `30`",
        ),
        (
            json!({ "type": "integer", "min": 5, "max": 1 }),
            "`params.x.min` is 5, but `params.x.max` is 1 | make `min` smaller than `max`",
        ),
        (
            json!({ "type": "choice", "default": "a" }),
            "`params.x.choices` is missing | name them, such as `choices = { \"fast\", \"small\" }`",
        ),
        (
            json!({ "type": "string", "choices": ["a"] }),
            "`params.x.choices` is only for a choice, but this is a string | write `type = \"choice\"`, or remove `choices`",
        ),
        (
            json!({ "choices": ["fast"], "default": "fsat" }),
            "`params.x.default` must be one of `fast`, but is `fsat` | did you mean `fast`?",
        ),
        (
            json!({ "choices": [1] }),
            "every item of `params.x.choices` must be a string | write strings in braces: `{ \"a\", \"b\" }`",
        ),
        (
            json!({ "optional": "yes" }),
            "`params.x.optional` must be a boolean, but is a string | write `true` or `false`",
        ),
        (
            json!({ "env": "DB-NAME" }),
            "`params.x.env` cannot be `DB-NAME` | name an environment variable, such as `BACKUP_DIR`",
        ),
        (json!({ "env": "" }), "`params.x.env` must be a string, but is empty | write it in quotes"),
        (
            json!({ "secret": true, "type": "integer" }),
            "`params.x.secret` is set, but the type is `integer` | a secret is a string: remove `type`",
        ),
        (
            json!({ "secret": true, "env": "DB_PASSWORD", "default": "hunter2" }),
            "`params.x.default` would keep a secret in the recipe | remove it, and let the value come from `DB_PASSWORD`",
        ),
        (
            json!({ "secret": true, "default": "hunter2" }),
            "`params.x.default` would keep a secret in the recipe | remove it, and let the value come from the environment",
        ),
    ];
    for (declaration, message) in cases {
        let problems = spec(declaration.clone());
        assert_eq!(problems[0], message, "{declaration}");
        let choices = problems.get(1).is_some_and(|problem| problem.contains("choices"));
        assert!(problems.len() == 1 || choices, "{declaration}: {problems:?}");
    }
    assert_eq!(
        declared(json!({ "type": "daily", "params": { "Keep-Days": {} } })),
        ["`params.Keep-Days` is not a valid name | use small letters, digits and `_`, such as `keep_days`"]
    );
    assert_eq!(declared(json!([1]))[0], "`recipe` must be a table, but is a list | write it in braces: `{ … }`");
}

fn schedule(text: &str) -> Result<Declaration, Vec<Problem>> {
    Declaration::read(&json!({ "type": "daily", "schedule": text }))
}

#[test]
fn a_schedule_has_crons_five_fields() {
    for good in ["0 2 * * *", "*/15 0-6,22,23 1-7/2 JAN-mar sun", "59 23 31 12 7", "  5   4 * * 1,3,5  "] {
        assert!(schedule(good).is_ok(), "{good}: {:?}", schedule(good));
    }
    for bad in [
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5/2 * * * *",
        "+5 * * * *",
        "5-1 * * * *",
        ", * * * *",
        "1,, * * * *",
        "* * L * *",
        "* * ? * *",
        "* * * foo *",
        "1-2-3 * * * *",
        "- * * * *",
        "99999999999 * * * *",
        "*/x * * * *",
        "/ * * * *",
    ] {
        assert!(schedule(bad).is_err(), "{bad}");
    }
    assert_eq!(
        lines(&schedule("@daily").unwrap_err()),
        [
            "`schedule` must have 5 fields, but `@daily` has 1 | write minute, hour, day, month and weekday, such as `0 2 * * *`"
        ]
    );
}
