//! `hikae schedule`: schedulers run what it writes: cron for real, systemd by its own judgement.

use std::process::{Command, Output};

use chrono::{DateTime, FixedOffset, TimeZone, Utc};
use hikae::recipe::schedule;

use super::commands::world;
use crate::support::program::{Hikae, names};
use crate::support::receiver::Receiver;

/// Runs a tool of the system, which the tests install.
fn tool(program: &str, args: &[&str]) -> Output {
    let output = Command::new(program).args(args).env("TZ", "UTC").output();
    output.unwrap_or_else(|error| panic!("{program}: {error}; install it with: apt-get install systemd cron"))
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A world whose recipe `note` has this schedule.
fn scheduled(cron: &str) -> Hikae {
    world().file("config/hikae.toml", &format!("[schedules]\nnote = \"{cron}\"\n"))
}

fn without_program(text: &str) -> String {
    text.replace(env!("CARGO_BIN_EXE_hikae"), "/usr/bin/hikae")
}

#[test]
fn a_crontab_has_the_documented_times() {
    let hikae = Hikae::new();
    let said = hikae.run(&["schedule", "db-backup", "backup-test", "backup-monitor"]);
    assert_eq!(said.code, 0, "{said:?}");
    insta::assert_snapshot!(without_program(&said.out), @r"
    # hikae: begin. Made by `hikae schedule`; what is changed here is lost.
    # db-backup: Dumps one PostgreSQL database, proves the dump, and keeps what the retention keeps.
    0 2 * * * HIKAE_STATE_DIR=[WORLD]/state /usr/bin/hikae --config-dir [WORLD]/config run db-backup --quiet
    # backup-test: Proves that a backup can be restored: restores it into a throwaway database, compares, and reports how long that took.
    0 1 * * 0 HIKAE_STATE_DIR=[WORLD]/state /usr/bin/hikae --config-dir [WORLD]/config run backup-test --quiet
    # backup-monitor: Watches the backups: whether the newest of each kind is there, young, large and whole, and whether every recipe ran when it should have.
    0 * * * * HIKAE_STATE_DIR=[WORLD]/state /usr/bin/hikae --config-dir [WORLD]/config run backup-monitor --quiet
    # hikae: end
    ");
    insta::assert_snapshot!(said.err, @"note: this shell alone has `BACKUP_DIR`; no scheduler has them: put them into `[WORLD]/config/.env`");
}

#[test]
fn what_is_in_use_is_scheduled_with_its_drill_and_its_monitor() {
    let hikae = Hikae::new()
        .file("config/hikae.toml", "[params.db-backup]\ndays = 9\n[schedules]\ndb-backup = \"30 4 * * *\"\n");
    let said = hikae.run(&["schedule"]);
    let lines: Vec<&str> = said.out.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 3, "{said:?}");
    assert!(lines[0].starts_with("30 4 * * * ") && lines[0].ends_with(" run db-backup --quiet"), "{lines:?}");
    assert!(hikae.run(&["show", "db-backup"]).out.contains("30 4 * * *"));
    let idle = Hikae::new().run(&["schedule"]);
    assert_eq!(idle.code, 64, "{idle:?}");
    assert!(idle.err.contains("hikae schedule db-backup backup-test backup-monitor"), "{idle:?}");
    let unscheduled = Hikae::new().run(&["schedule", "db-restore"]);
    assert!(unscheduled.code == 64 && unscheduled.err.contains("has no schedule"), "{unscheduled:?}");
    let wrong =
        Hikae::new().file("config/hikae.toml", "[schedules]\ndb-backup = \"61 4 * * *\"\n").run(&["show", "db-backup"]);
    assert!(wrong.code == 64 && wrong.err.contains("`schedule` cannot have `61` as the minute"), "{wrong:?}");
}

/// The next moments of a schedule, by hikae's own reckoning.
fn reckoned(cron: &str, from: DateTime<FixedOffset>) -> Vec<String> {
    let schedule = schedule::read(cron).unwrap();
    let clocks = |time| Some(Utc.from_utc_datetime(&time).fixed_offset());
    let mut at = from;
    let mut next = || {
        at = schedule.next(at, &clocks)?;
        Some(at.format("%Y-%m-%d %H:%M:%S").to_string())
    };
    std::iter::from_fn(&mut next).take(6).collect()
}

/// The same by systemd's, from the timer that hikae writes.
fn by_systemd(cron: &str, base: &str) -> Vec<String> {
    let said = scheduled(cron).run(&["schedule", "--format", "systemd", "note"]);
    let events: Vec<&str> = said.out.lines().filter_map(|line| line.strip_prefix("OnCalendar=")).collect();
    assert!(!events.is_empty(), "{said:?}");
    let mut moments = Vec::new();
    let pattern = regex::Regex::new(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC").unwrap();
    for event in events {
        let shown = tool("systemd-analyze", &["calendar", "--iterations=6", &format!("--base-time={base}"), event]);
        assert!(shown.status.success(), "{event}: {}", text(&shown.stderr));
        moments.extend(pattern.find_iter(&text(&shown.stdout)).map(|found| found.as_str().replace(" UTC", "")));
    }
    moments.sort();
    moments.dedup();
    moments.truncate(6);
    moments
}

#[test]
fn timers_elapse_when_cron_would_run() {
    let base = "2026-02-27 23:59:00 UTC";
    let from = DateTime::parse_from_rfc3339("2026-02-27T23:59:00+00:00").unwrap();
    for cron in [
        "0 2 * * *",
        "*/15 * * * *",
        "0 1 * * 0",
        "0 1 * * 7",
        "30 4 1,15 * 5",
        "0 0 13 * fri",
        "0 3 */2 * mon",
        "5 6 29 2 *",
        "7 8-10 * jan-mar 1-5",
        "0 3 1 * *",
    ] {
        assert_eq!(by_systemd(cron, base), reckoned(cron, from), "{cron}");
    }
}

#[test]
fn systemd_accepts_the_units_and_finds_little_exposed() {
    let hikae = Hikae::new().file("config/.env", "DB_NAME=shop\n");
    let out = hikae.path("units");
    let recipes = ["db-backup", "backup-test", "backup-monitor", "config-backup"];
    let args = ["schedule", "--format", "systemd", "--user", "backup", "--out", out.to_str().unwrap()];
    let said = hikae.run(&[&args[..], &recipes].concat());
    assert_eq!(said.code, 0, "{said:?}");
    let units = names(&out);
    assert_eq!(units.len(), 2 * recipes.len() + 1, "{units:?}");
    let paths: Vec<String> = units.iter().map(|unit| out.join(unit).display().to_string()).collect();
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    let verified = tool("systemd-analyze", &[&["verify", "--man=no", "--recursive-errors=no"], &paths[..]].concat());
    let complaints = text(&verified.stderr);
    let own: Vec<&str> = complaints.lines().filter(|line| line.contains("hikae-")).collect();
    assert!(verified.status.success() && own.is_empty(), "{complaints}");
    for path in paths.iter().filter(|path| path.ends_with(".service") && !path.contains('@')) {
        let judged = tool("systemd-analyze", &["security", "--offline=yes", "--threshold=25", "--no-pager", path]);
        let out = text(&judged.stdout);
        let score = out.lines().find(|line| line.contains("Overall exposure")).unwrap_or_default();
        eprintln!("{path}: {score}");
        assert!(judged.status.success(), "{path}: {score}\n{}", text(&judged.stderr));
    }
}

#[test]
fn a_unit_may_reach_what_its_recipe_needs() {
    let hikae = Hikae::new();
    let said = hikae.run(&["schedule", "--format", "systemd", "db-backup"]);
    assert!(said.out.contains("IPAddressDeny=any\nIPAddressAllow=localhost\n"), "{}", said.out);
    assert!(said.out.contains("ReadWritePaths=[WORLD]/backups\nReadWritePaths=[WORLD]/state\n"), "{}", said.out);
    assert!(said.out.contains("Environment=HIKAE_STATE_DIR=[WORLD]/state\n"), "{}", said.out);
    assert!(said.out.contains("Persistent=true\nRandomizedDelaySec=1min\nFixedRandomDelay=true\n"), "{}", said.out);
    assert!(said.out.contains("OnFailure=hikae-failed@db-backup.service\n"), "{}", said.out);
    let named = Hikae::new().env("DB_HOST", "db.example.com").run(&["schedule", "--format", "systemd", "db-backup"]);
    assert!(!named.out.contains("IPAddressDeny"), "{}", named.out);
    let number = Hikae::new().env("DB_HOST", "192.0.2.7").run(&["schedule", "--format", "systemd", "db-backup"]);
    assert!(number.out.contains("IPAddressAllow=192.0.2.7\n"), "{}", number.out);
}

/// Commands in a mount namespace in which cron has folders of its own, so that the one of this machine sees nothing.
fn with_own_cron(hikae: &Hikae, script: &str) -> Output {
    let whole = format!(
        "set -e; mount -t tmpfs none /var/spool/cron; mkdir -m 1730 /var/spool/cron/crontabs; \
         chgrp crontab /var/spool/cron/crontabs; mount -t tmpfs none /run; mount -t tmpfs none /etc/cron.d; \
         mount --bind /dev/null /etc/crontab; {script}"
    );
    let env: Vec<(String, String)> =
        hikae.command(&[]).get_envs().filter_map(|(k, v)| Some((k.to_str()?.into(), v?.to_str()?.into()))).collect();
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", &whole]).env_clear().envs(env).env("HIKAE", env!("CARGO_BIN_EXE_hikae"));
    let output = command.current_dir(hikae.path("")).output().unwrap();
    assert!(output.status.success(), "must be root, with the package cron: {}", text(&output.stderr));
    output
}

#[test]
fn cron_runs_what_was_installed_until_it_is_removed() {
    let hikae = scheduled("* * * * *");
    let dotenv = format!("BACKUP_DIR='{}/a b'\n", hikae.path("backups").display());
    let hikae = hikae.file("config/.env", &dotenv);
    let script = r#"
echo '5 5 * * * true' | crontab -
"$HIKAE" schedule note --install --yes
"$HIKAE" schedule note --install --yes
crontab -l | grep -c 'run note'
cron -f & cron=$!
for i in $(seq 75); do ls backups/*/note_* 2>/dev/null && break; sleep 1; done
kill $cron
"$HIKAE" schedule --remove --yes
crontab -l
"#;
    let said = text(&with_own_cron(&hikae, script).stdout);
    assert!(said.contains("+* * * * * ") && said.contains("\n1\n"), "{said}");
    assert!(said.ends_with("-# hikae: end\n5 5 * * * true\n"), "{said}");
    let runs = hikae.run(&["runs", "--json"]);
    assert!(
        runs.out.contains("\"recipe\":\"note\"") && runs.out.contains("\"status\":\"success\""),
        "{runs:?}\n{said}"
    );
}

#[test]
fn a_crontab_whose_end_is_lost_is_left_alone() {
    let list = "echo '# hikae: begin'; echo '0 1 * * * someone else'";
    let hikae = world().program("crontab", &format!("test \"$1\" = -l && {{ {list}; exit 0; }}; touch changed"));
    let said = hikae.run(&["schedule", "note", "--install", "--yes"]);
    assert!(said.code == 64 && said.err.contains("no `# hikae: end` below it"), "{said:?}");
    assert!(!hikae.path("changed").exists());
}

#[test]
fn nothing_is_installed_that_nobody_has_confirmed() {
    let hikae = world().program("crontab", "test \"$1\" = -l && exit 0; touch changed");
    let said = hikae.run(&["schedule", "note", "--install"]);
    assert!(said.code == 64 && said.err.contains("nobody is there to confirm it"), "{said:?}");
    assert!(said.out.contains("+# hikae: begin") && !hikae.path("changed").exists(), "{said:?}");
}

#[test]
fn units_are_installed_and_removed_with_their_timers() {
    let hikae =
        world().program("systemctl", "echo \"$@\" >> systemctl.log").file("units/hikae-other.service", "mine\n");
    let out = hikae.path("units");
    let args =
        ["schedule", "--format", "systemd", "--install", "--yes", "--user", "root", "--out", out.to_str().unwrap()];
    let said = hikae.run(&args);
    assert_eq!(said.code, 0, "{said:?}");
    let all =
        ["hikae-backup-monitor.service", "hikae-backup-monitor.timer", "hikae-failed@.service", "hikae-note.service"];
    for unit in all {
        assert!(out.join(unit).is_file(), "{unit}");
    }
    let log = || std::fs::read_to_string(hikae.path("systemctl.log")).unwrap();
    assert_eq!(log(), "daemon-reload\nenable --now hikae-note.timer hikae-backup-monitor.timer\n");
    assert!(hikae.run(&args).err.contains("nothing changes"));
    let removed = hikae.run(&["schedule", "--format", "systemd", "--remove", "--yes", "--out", out.to_str().unwrap()]);
    assert_eq!(removed.code, 0, "{removed:?}");
    assert_eq!(names(&out), ["hikae-other.service"]);
    assert!(log().ends_with("disable --now hikae-backup-monitor.timer hikae-note.timer\ndaemon-reload\n"), "{}", log());
}

#[test]
fn a_cron_job_names_its_secrets_and_keeps_its_folders() {
    let hikae = Hikae::new().env("DB_PASSWORD", "correct horse").env("BACKUP_DIR", "/backups/database");
    let said = hikae.run(&["schedule", "--format", "kubernetes", "db-backup"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains("correct horse"), "{}", said.out);
    for part in [
        "  schedule: \"0 2 * * *\"\n  concurrencyPolicy: Forbid\n",
        "  timeZone: Asia/Tokyo\n",
        "              envFrom:\n                - secretRef:\n                    name: hikae-env\n",
        "                - name: backups\n                  mountPath: /backups/database\n                  subPath: backups-database\n",
        "kind: PersistentVolumeClaim\nmetadata:\n  name: hikae-backups\n",
        "              args:\n                - run\n                - db-backup\n                - \"--quiet\"\n",
    ] {
        assert!(said.out.contains(part), "{part}\n{}", said.out);
    }
    // One volume: nothing can be mounted below that of a config map.
    assert!(said.out.contains("- projected:") || said.out.contains("projected:\n"), "{}", said.out);
    assert_eq!(said.out.matches("mountPath: /etc/hikae").count(), 1, "{}", said.out);
    let odd = scheduled("0 2 */2 * mon").run(&["schedule", "--format", "kubernetes", "note"]);
    assert!(odd.code == 64 && odd.err.contains("in another way than cron"), "{odd:?}");
}

#[test]
fn a_nomad_job_is_periodic_and_takes_its_values_from_variables() {
    let said = Hikae::new().run(&["schedule", "--format", "nomad", "db-backup"]);
    for part in [
        "crons            = [\"0 2 * * *\"]",
        "prohibit_overlap = true",
        "time_zone        = \"Asia/Tokyo\"",
        "nomadVar",
    ] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }
}

#[test]
fn what_systemd_could_not_run_is_reported_once() {
    let receiver = Receiver::start();
    let hikae = Hikae::new().env("SLACK_WEBHOOK_URL", &receiver.url("/echo/slack"));
    let failed = |result: &str, code: &str| {
        let mut command = hikae.command(&["notify", "unit-failed", "db-backup"]);
        command
            .env("MONITOR_SERVICE_RESULT", result)
            .env("MONITOR_EXIT_CODE", "exited")
            .env("MONITOR_EXIT_STATUS", code);
        hikae.said(command.output().unwrap())
    };
    // The run has reported itself.
    assert_eq!(failed("exit-code", "1").code, 0);
    assert_eq!(receiver.got().len(), 0);
    let said = failed("exit-code", "226");
    assert!(
        said.code == 0 && said.err.contains("systemd could not run `db-backup` to its end: exit-code, exited 226"),
        "{said:?}"
    );
    assert_eq!(receiver.got().len(), 1, "{said:?}");
    assert!(receiver.got()[0].body.contains("226"), "{:?}", receiver.got());
}

/// The packaged user's units say where its state is, and that is where root looks.
#[test]
fn root_finds_the_state_of_the_packaged_user() {
    let hikae = Hikae::new();
    let mut command = hikae.command(&["schedule", "--format", "systemd", "--user", "backup", "db-backup"]);
    let said = command.env_remove("HIKAE_STATE_DIR").output().unwrap();
    let out = text(&said.stdout);
    assert!(
        out.contains(
            "User=backup\nStateDirectory=hikae\nStateDirectoryMode=0700\nEnvironment=HIKAE_STATE_DIR=/var/lib/hikae\n"
        ),
        "{out}{said:?}"
    );
    let mut command = hikae.command(&["check", "--json", "--offline"]);
    let checked = text(&command.env_remove("HIKAE_STATE_DIR").output().unwrap().stdout);
    assert!(checked.contains("`/var/lib/hikae`"), "{checked}");
}
