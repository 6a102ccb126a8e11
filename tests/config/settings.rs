//! What `hikae.toml` says, and what is said of a bad one.

use std::time::Duration;

use hikae::config::{Language, Sandbox};

use super::{Memory, load, toml_error, with_toml};

#[test]
fn settings_are_read() {
    let config = with_toml(
        "lang = 'ja'\nsandbox = 'require'\n[limits]\neffect_timeout = '6h'\nidle_timeout = '90s'\n\
         [params.mine]\ndays = 7\ndirs = ['/a', '/b']\n",
    )
    .unwrap();
    assert_eq!(config.settings.lang, Some(Language::Ja));
    assert_eq!(config.settings.sandbox, Sandbox::Require);
    assert_eq!(config.settings.limits.effect_timeout, Some(Duration::from_secs(6 * 3600)));
    assert_eq!(config.settings.limits.idle_timeout, Some(Duration::from_secs(90)));
    assert_eq!(config.settings.params["mine"]["days"], 7);
    let defaults = with_toml("").unwrap();
    assert_eq!(defaults.settings.sandbox, Sandbox::BestEffort);
    assert_eq!(defaults.settings.limits.effect_timeout, None);
}

#[test]
fn an_unknown_setting_is_told_with_its_place_and_the_nearest_one() {
    assert_eq!(
        toml_error("lang = 'en'\n\n  sandbx = 'off'\n"),
        "cannot read `/etc/hikae/hikae.toml:3:3`\n\
         `sandbx` is not a known key\n\
         hint: did you mean `sandbox`? valid names: `state_dir`, `lang`, `sandbox`, `write_shared`, `limits`, `catalog`, `channels`, `pings`, `alerts`, `escalation`, `contacts`, `objectives`, `schedules`, `params`, `drill`"
    );
    assert_eq!(
        toml_error("[limits]\neffect_timout = '6h'\n"),
        "cannot read `/etc/hikae/hikae.toml:2:1`\n\
         `limits.effect_timout` is not a known key\n\
         hint: did you mean `effect_timeout`? valid names: `effect_timeout`, `idle_timeout`"
    );
    assert_eq!(
        toml_error("[watch.slack]\nurl = 'x'\n"),
        "cannot read `/etc/hikae/hikae.toml:1:2`\n\
         `watch` is not a known key\n\
         hint: valid names: `state_dir`, `lang`, `sandbox`, `write_shared`, `limits`, `catalog`, `channels`, `pings`, `alerts`, `escalation`, `contacts`, `objectives`, `schedules`, `params`, `drill`"
    );
}

#[test]
fn a_setting_of_the_wrong_kind_is_told_without_its_value() {
    assert_eq!(toml_error("state_dir = 5\n"), "cannot read `/etc/hikae/hikae.toml:1:13`\n`state_dir` must be a path");
    assert_eq!(toml_error("limits = 'x'\n"), "cannot read `/etc/hikae/hikae.toml:1:10`\n`limits` must be a table");
    assert_eq!(
        toml_error("lang = 'jp'\n"),
        "cannot read `/etc/hikae/hikae.toml:1:8`\n\
         `lang` must be one of `en`, `ja`, but is `jp`\n\
         hint: did you mean `ja`?"
    );
    assert_eq!(
        toml_error("[limits]\nidle_timeout = 'soon'\n"),
        "cannot read `/etc/hikae/hikae.toml:2:16`\n\
         `limits.idle_timeout`: `soon` is not a duration\n\
         hint: write a number and a unit, such as `90s`, `25h` or `30d`"
    );
    assert_eq!(
        toml_error("[limits]\nidle_timeout = '0s'\n"),
        "cannot read `/etc/hikae/hikae.toml:2:16`\n\
         `limits.idle_timeout`: `0s` is no time at all\n\
         hint: write a longer time, such as `6h`"
    );
}

#[test]
fn a_syntax_error_is_told_with_its_place_and_without_the_line() {
    let error = toml_error("lang = 'en'\n[params.mine]\npassword = hunter2\n");
    assert!(error.starts_with("cannot read `/etc/hikae/hikae.toml:3:12`\n"), "{error}");
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn params_for_a_recipe_that_nobody_knows_are_warned_about() {
    let files = Memory::default()
        .with("/etc/hikae/recipes/photo-backup.lua", "")
        .with("/etc/hikae/hikae.toml", "[params.photo-bakup]\ndays = 7\n");
    assert_eq!(
        load(&[], files).unwrap().warnings,
        ["`[params.photo-bakup]` in `/etc/hikae/hikae.toml` is for no known recipe: did you mean `photo-backup`?"]
    );
}

#[test]
fn a_dotenv_that_everybody_may_read_is_warned_about() {
    let files = Memory::default().with("/etc/hikae/.env", "A=b\n");
    let warnings = |mode| load(&[], files.clone().mode_of("/etc/hikae/.env", mode)).unwrap().warnings;
    assert_eq!(warnings(0o600), [""; 0]);
    assert_eq!(warnings(0o640), [""; 0]);
    assert_eq!(
        warnings(0o644),
        ["`/etc/hikae/.env` is open to every user of this machine: run `chmod 600 /etc/hikae/.env`"]
    );
}
