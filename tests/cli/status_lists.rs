//! `hikae status --prometheus` and `--checklist`: figures for machines, and the list of regular work for people.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;

use super::status::world;
use crate::support::program::Hikae;

/// The samples of a text in the format of Prometheus; fails where the text does not keep to its grammar.
fn samples(text: &str) -> Vec<(String, f64)> {
    let head = Regex::new(r"^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$").unwrap();
    let label = r#"[a-zA-Z_][a-zA-Z0-9_]*="(\\\\|\\"|\\n|[^"\\])*""#;
    let sample =
        Regex::new(&format!(r"^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{{{label}(,{label})*\}})? (-?[0-9.e+-]+)$")).unwrap();
    let (mut found, mut seen, mut family) = (Vec::new(), BTreeSet::new(), String::new());
    assert!(text.ends_with('\n'), "the last line ends");
    for line in text.lines() {
        if let Some(head) = head.captures(line) {
            family = head[2].to_owned();
            assert!(seen.insert(format!("{} {family}", &head[1])), "said twice: {line}");
            continue;
        }
        let parts = sample.captures(line).unwrap_or_else(|| panic!("no sample: {line}"));
        assert_eq!(&parts[1], family, "a sample belongs to the family above it");
        let name = format!("{}{}", &parts[1], parts.get(2).map_or("", |labels| labels.as_str()));
        assert!(seen.insert(name.clone()), "twice: {name}");
        found.push((name, line.rsplit_once(' ').unwrap().1.parse().unwrap()));
    }
    found
}

fn value(samples: &[(String, f64)], start: &str) -> f64 {
    let found: Vec<_> = samples.iter().filter(|(name, _)| name.starts_with(start)).collect();
    assert_eq!(found.len(), 1, "{start} in {samples:?}");
    found[0].1
}

#[test]
fn the_metrics_keep_to_the_grammar_and_say_how_it_is() {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "wiki"]).code, 0);
    let said = hikae.run(&["status", "--prometheus"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    let good = samples(&said.out);
    let wiki = "{recipe=\"wiki\"";
    assert_eq!(value(&good, &format!("hikae_backup_ok{wiki}")), 1.0);
    assert_eq!(value(&good, &format!("hikae_backup_last_run_success{wiki}")), 1.0);
    assert_eq!(value(&good, &format!("hikae_backup_size_bytes{wiki}")), 5.0);
    assert_eq!(value(&good, &format!("hikae_backup_failures_in_a_row{wiki}")), 0.0);
    assert_eq!(value(&good, &format!("hikae_backup_objective_seconds{wiki}")), 25.0 * 3600.0);
    assert!(value(&good, &format!("hikae_backup_age_seconds{wiki}")) < 600.0);
    assert!(value(&good, &format!("hikae_backup_last_success_timestamp_seconds{wiki}")) > 1.7e9);
    assert!(value(&good, "hikae_disk_free_bytes{folder=") > 0.0);
    assert_eq!(value(&good, "hikae_things_wrong"), 0.0);

    // What is wrong is among the figures, and writing them is no failure.
    let hikae = hikae.file("broken", "");
    assert_eq!(hikae.run(&["run", "wiki"]).code, 1);
    let said = hikae.run(&["status", "--prometheus"]);
    assert_eq!(said.code, 0, "{said:?}");
    let bad = samples(&said.out);
    assert_eq!(value(&bad, &format!("hikae_backup_ok{wiki}")), 0.0);
    assert_eq!(value(&bad, &format!("hikae_backup_last_run_success{wiki}")), 0.0);
    assert_eq!(value(&bad, &format!("hikae_backup_failures_in_a_row{wiki}")), 1.0);
    assert_eq!(value(&bad, "hikae_things_wrong"), 1.0);
}

#[test]
fn metrics_are_there_before_anything_has_run() {
    let hikae = Hikae::new();
    let said = hikae.run(&["status", "--prometheus"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(value(&samples(&said.out), "hikae_things_wrong"), 1.0, "no backup at all is wrong");
    assert_eq!(hikae.run(&["status", "--prometheus", "--json"]).code, 64);
}

#[test]
fn the_checklist_has_each_point_of_the_guide_with_what_is_known_of_it() {
    let hikae = world();
    assert_eq!(hikae.run(&["run", "wiki"]).code, 0);
    let said = hikae.run(&["status", "--checklist", "daily"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.starts_with("Daily\n  ✓ Backups ran\n      wiki: ok, "), "{}", said.out);
    assert!(
        said.out.contains("  ✓ Sizes of the backups\n      wiki: ") && said.out.contains("  ✓ Errors\n"),
        "{}",
        said.out
    );
    assert!(!said.out.contains("Weekly"));

    let said = hikae.run(&["status", "--checklist", "--json"]);
    assert_eq!(said.code, 1, "there was no restore test: {said:?}");
    let points: Vec<Value> = said.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let known: Vec<(&str, &Value)> =
        points.iter().map(|point| (point["point"].as_str().unwrap(), &point["ok"])).collect();
    let (yes, no, open) = (&Value::Bool(true), &Value::Bool(false), &Value::Null);
    assert_eq!(
        known,
        [
            ("Backups ran", yes),
            ("Sizes of the backups", yes),
            ("Errors", yes),
            ("Restore test", no),
            ("Old backups removed", open),
            ("Storage in use", yes),
            ("Review of the disaster recovery", no),
            ("Review of the strategy", yes),
            ("Review of the capacity", yes),
        ]
    );
    let said = hikae.env("HIKAE_LANG", "ja").run(&["status", "--checklist", "weekly"]);
    assert!(said.out.starts_with("週次作業\n  ✗ バックアップ復旧テスト実行\n"), "{}", said.out);
}

#[test]
fn a_failed_run_is_in_the_checklist_of_the_day() {
    let hikae = world().file("broken", "");
    assert_eq!(hikae.run(&["run", "wiki"]).code, 1);
    let said = hikae.run(&["status", "--checklist", "daily"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(
        said.out.contains("  ✗ Backups ran\n      wiki: failing") && said.out.contains("  ✗ Errors\n      BKP-"),
        "{}",
        said.out
    );
    assert_eq!(hikae.run(&["status", "--checklist", "yearly"]).code, 64);
}
