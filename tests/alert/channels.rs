//! Which channels there are, what each takes, and what a run raises.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use hikae::alert::event::{Event, EventKind, Severity};
use hikae::alert::registered::{Channels, addresses};
use hikae::alert::{Channel, Tone};
use hikae::catalog::{Catalog, Failure, NewRun, Run, Status, Step};
use hikae::config::{Config, DiskFiles, Folders};
use hikae::error::{Error, Kind};
use hikae::secret::Secret;

use super::example;

fn config(toml: &str, environment: &[(&str, &str)]) -> (tempfile::TempDir, Config) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hikae.toml"), toml).unwrap();
    let set = |(name, value): &(&str, &str)| (name.to_string(), value.to_string());
    let mut environment: BTreeMap<String, String> = environment.iter().map(set).collect();
    environment.insert("HIKAE_STATE_DIR".into(), folder.path().join("state").display().to_string());
    let folders = Folders { config_dir: Some(folder.path().into()), current: PathBuf::from("/"), uid: 0 };
    let config = Config::load(&folders, &environment, Arc::new(DiskFiles)).unwrap();
    (folder, config)
}

fn names(channels: &Channels) -> Vec<&str> {
    channels.all.iter().map(|channel| channel.name.as_str()).collect()
}

#[test]
fn the_environment_makes_channels() {
    let url = "https://hooks.slack.com/services/T/B/X";
    let set = [("BACKUP_ALERT_EMAIL", "a@example.com, b@example.com"), ("SLACK_WEBHOOK_URL", url)];
    let (_folder, config) = config("", &set);
    let channels = Channels::configured(&config);
    assert_eq!(names(&channels), ["email", "slack"]);
    assert_eq!(channels.all[0].recipients, ["a@example.com", "b@example.com"]);
    assert_eq!(channels.all[1].target, Some(Secret::new(url)));
    assert!(channels.troubles.is_empty());
}

#[test]
fn nothing_set_is_nobody_told() {
    let (_folder, config) = config("", &[]);
    assert_eq!(Channels::configured(&config).all, []);
}

#[test]
fn a_typo_in_one_address_keeps_the_alert_from_nobody_else() {
    let (_folder, config) = config("", &[("BACKUP_ALERT_EMAIL", "a@example.com,nonsense")]);
    let channels = Channels::configured(&config);
    assert_eq!(channels.all[0].recipients, ["a@example.com"]);
    assert_eq!(channels.troubles.len(), 1);
}

#[test]
fn the_settings_make_channels_with_filters() {
    let toml = r#"
        [[channels]]
        name = "night-shift"
        type = "slack"
        url_env = "NIGHT_URL"
        events = ["backup_failure"]
        types = ["daily"]
        recipes = ["db-backup"]
        severity = "error"
        timeout = "5s"
        settings = { colour = "red" }

        [[channels]]
        name = "absent"
        type = "teams"
        url_env = "NOT_SET"
    "#;
    let (_folder, config) = config(toml, &[("NIGHT_URL", "https://example.com/x")]);
    let channels = Channels::configured(&config);
    assert_eq!(names(&channels), ["night-shift"], "one that is incomplete keeps no other silent");
    assert!(channels.troubles[0].what().contains("`absent`"), "{:?}", channels.troubles);
    let channel = &channels.all[0];
    assert!(channel.takes(&example()));
    for other in [
        Event { run_type: "weekly".into(), ..example() },
        Event { recipe: "files".into(), ..example() },
        Event { outcome: "partial".into(), ..example() },
        Event { kind: EventKind::DrillFailure, about: EventKind::DrillFailure, ..example() },
        Event { kind: EventKind::Recovered, ..example() },
    ] {
        assert!(!channel.takes(&other), "{other:?}");
    }
    assert_eq!(channel.settings["colour"], "red");
    assert!(!format!("{channel:?}").contains("example.com/x"), "a webhook is a secret");
}

#[test]
fn a_misspelt_key_of_a_channel_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hikae.toml"), "[[channels]]\nname = \"x\"\ntpye = \"slack\"\n").unwrap();
    let folders = Folders { config_dir: Some(folder.path().into()), current: PathBuf::from("/"), uid: 0 };
    let error = Config::load(&folders, &BTreeMap::new(), Arc::new(DiskFiles)).unwrap_err();
    assert!(error.one_line().contains("tpye") && error.hint_text().unwrap().contains("`type`"), "{error:?}");
}

#[test]
fn a_row_of_the_runbook_is_a_channel_and_the_same_webhook_twice_is_one() {
    let (folder, config) = config("", &[("TEAMS_WEBHOOK_URL", "https://teams.example.com/x")]);
    std::fs::create_dir_all(&config.state_dir).unwrap();
    let path = config.state_dir.join("catalog.db");
    let catalog = Catalog::open(&path).unwrap();
    let sql = "INSERT INTO notification_channels (channel_name, channel_type, webhook_url, is_active, notification_types) VALUES
        ('backup-alerts-slack', 'slack', 'https://hooks.slack.com/services/T00000000/B00000000/XXXX', 1, 'backup_failure'),
        ('off', 'slack', 'https://example.com/y', 0, 'backup_failure'),
        ('again', 'teams', 'https://teams.example.com/x', 1, 'backup_failure'),
        ('by-mail', 'email', 'c@example.com, d@example.com', 1, 'restore_failure,drill_failure');";
    rusqlite::Connection::open(&path).unwrap().execute_batch(sql).unwrap();
    let channels = Channels::configured(&config).with_rows(&catalog);
    assert_eq!(names(&channels), ["teams", "backup-alerts-slack", "by-mail"]);
    assert_eq!(channels.all[2].recipients, ["c@example.com", "d@example.com"]);
    let slack = &channels.all[1];
    assert!(slack.takes(&example()));
    for kind in [EventKind::Recovered, EventKind::Digest, EventKind::Escalation] {
        assert!(slack.takes(&Event { kind, ..example() }), "who is told of a failure is told how it goes on");
    }
    assert!(!slack.takes(&Event::new(EventKind::RestoreFailure, "x", "daily", example().time)));
    drop(folder);
}

#[test]
fn contacts_of_a_level_are_told_of_what_has_escalated_and_how_it_ends() {
    let toml = "[contacts]\nlevel2 = [\"山田 太郎 <yamada@example.com>, 03-1234-5678\", \"ops@example.com\"]\n";
    let (_folder, config) = config(toml, &[("BACKUP_ALERT_EMAIL", "ops@example.com")]);
    let channels = Channels::configured(&config).with_contacts(&config.settings.contacts);
    assert_eq!(names(&channels), ["email", "level-2"]);
    let level = &channels.all[1];
    assert_eq!(level.recipients, ["山田 太郎 <yamada@example.com>"], "who is told anyway is not told twice");
    assert!(!level.takes(&example()));
    assert!(level.takes(&Event { kind: EventKind::Escalation, level: 2, ..example() }));
    assert!(level.takes(&Event { kind: EventKind::Recovered, level: 2, ..example() }));
    assert_eq!(addresses(&["nobody, 03-1234-5678".to_owned()]), [""; 0]);
}

#[test]
fn the_record_names_events_so_that_the_query_of_the_runbook_finds_them() {
    let named = |kind| Event { kind, ..example() }.notification_type();
    assert_eq!(named(EventKind::BackupFailure), "backup_failure");
    assert_eq!(named(EventKind::Recovered), "backup_recovered");
    assert_eq!(named(EventKind::Digest), "backup_digest");
    assert_eq!(named(EventKind::Escalation), "backup_escalation");
    assert!(Severity::Critical > Severity::Error && Severity::Warning > Severity::Info);
    assert!(Channel::new("all", "email").takes(&Event { kind: EventKind::Report, ..example() }));
}

fn run(kind: &str, recipe: &str, status: Status) -> Run {
    let time = example().time;
    let new = NewRun {
        id: "BKP-20260215-030000-daily".into(),
        recipe: recipe.into(),
        recipe_sha256: String::new(),
        backup_type: "daily".into(),
        kind: kind.into(),
        subject: recipe.into(),
        target: recipe.into(),
        started_at: time,
        host: "db1".into(),
        username: "backup".into(),
        process_id: 1,
        parent: None,
    };
    let error =
        Error::new(Kind::Space, "cannot write `/backups/x`").because_text("it says hunter3").hint("free some space");
    let failed = status != Status::Success;
    let error = failed.then(|| Failure::from(&error));
    Run { status, ended_at: Some(time), duration_ms: Some(1500), error, ..Run::of(new) }
}

#[test]
fn each_end_of_a_run_but_success_raises_an_event_of_its_kind() {
    for status in [Status::Failure, Status::Partial, Status::Locked, Status::Interrupted] {
        let event = Event::of(&run("backup", "db-backup", status)).unwrap();
        assert_eq!((event.kind, event.outcome.as_str()), (EventKind::BackupFailure, status.word()));
    }
    assert_eq!(Event::of(&run("backup", "db-backup", Status::Success)), None);
    let kind = |kind, recipe| Event::of(&run(kind, recipe, Status::Failure)).unwrap().kind;
    assert_eq!(kind("restore", "db-restore"), EventKind::RestoreFailure);
    assert_eq!(kind("drill", "x"), EventKind::DrillFailure);
    assert_eq!(kind("monitor", "x"), EventKind::Monitor);
    // Neither its name nor its kind makes a check a drill.
    assert_eq!(kind("check", "backup-test"), EventKind::Monitor);
    assert_eq!(kind("maintenance", "prune"), EventKind::BackupFailure);
}

#[test]
fn the_warnings_of_a_success_are_an_event_of_their_own_and_those_of_a_failure_are_not() {
    let step = |name: &str, status, error: Option<&str>| Step {
        name: name.to_owned(),
        status,
        site: None,
        bytes_in: None,
        bytes_out: None,
        started_at: run("backup", "x", Status::Success).started_at,
        duration_ms: 0,
        error: error.map(str::to_owned),
        measure: None,
    };
    let steps = vec![
        step("warning: smaller", Status::Success, Some("the dump is small")),
        step("note: shell", Status::Success, Some("the recipe may run a shell")),
        step("accepted by `*`: smaller", Status::Success, Some("the dump is small")),
        step("warning: of a recipe's own", Status::Success, None),
        step("warning: of a recipe's own", Status::Failure, Some("x")),
    ];
    let warning = |status| Event::warning(&Run { steps: steps.clone(), ..run("backup", "db-backup", status) });
    let event = warning(Status::Success).unwrap();
    assert_eq!((event.kind, event.about), (EventKind::Warning, EventKind::BackupFailure));
    let found: Vec<_> = event.findings.iter().map(|one| (one.subject.as_str(), one.message.as_str())).collect();
    assert_eq!(found, [("smaller", "the dump is small")]);
    assert_eq!(
        (event.severity(), event.tone(), event.notification_type()),
        (Severity::Warning, Tone::Warning, "backup_warning".to_owned())
    );
    assert!(event.is_of("backup_failure") && event.is_of("warning") && !event.is_of("restore_failure"));
    assert_eq!(warning(Status::Partial), None);
    assert_eq!(Event::warning(&run("backup", "db-backup", Status::Success)), None);
}

#[test]
fn an_event_holds_no_secret() {
    let _met = Secret::new("hunter3");
    let event = Event::of(&run("backup", "db-backup", Status::Failure)).unwrap();
    assert_eq!(event.error.as_deref(), Some("cannot write `/backups/x`: it says ********"));
}

#[test]
fn every_word_of_an_event_and_of_a_run_can_be_asked_for() {
    for kind in EventKind::ALL {
        for about in EventKind::ALL {
            let event = Event { kind, about, ..example() };
            for word in [kind.word().to_owned(), event.notification_type()] {
                assert!(hikae::config::EVENTS.contains(&word.as_str()), "{word}");
            }
        }
    }
    let words = hikae::recipe::declaration::RunType::WORDS.map(|(word, _)| word);
    assert_eq!(hikae::config::RUN_TYPES, words);
}
