//! `hikae demo`: what it shows is true, and nothing of it remains.

use std::io::{BufRead, BufReader, Read};

use crate::support::program::{Hikae, names, set_mode};

/// A world whose folder for temporary files is empty, and open to the server's user.
fn world() -> Hikae {
    let hikae = Hikae::new().file("tmp/x", "");
    std::fs::remove_file(hikae.path("tmp/x")).unwrap();
    set_mode(&hikae.path(""), 0o711);
    set_mode(&hikae.path("tmp"), 0o711);
    let tmp = hikae.path("tmp").display().to_string();
    hikae.env("TMPDIR", &tmp)
}

/// Neither a file of the demo nor a process that was started with one of its paths.
fn assert_nothing_left(hikae: &Hikae) {
    assert_eq!(names(&hikae.path("tmp")), Vec::<String>::new());
    let tmp = hikae.path("tmp").display().to_string();
    for entry in std::fs::read_dir("/proc").unwrap() {
        // Other processes come and go while we look.
        let Ok(line) = std::fs::read(entry.unwrap().path().join("cmdline")) else { continue };
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        assert!(!line.contains(&tmp), "still running: {line}");
    }
}

/// What is shown after `command` was typed, up to the next command or chapter.
fn after<'a>(out: &'a str, command: &str) -> &'a str {
    let (_, rest) = out.split_once(&format!("$ {command}\n")).unwrap_or_else(|| panic!("no `{command}` in:\n{out}"));
    rest.split("\n$ ").next().unwrap().split("\n━━").next().unwrap()
}

#[test]
fn it_shows_a_proved_backup_honest_failures_and_the_way_back() {
    let hikae = world();
    let said = hikae.run(&["demo"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{}", said.out);
    let proved = after(&said.out, "hikae run db-backup");
    assert!(proved.contains("OK (4 tables, 7103 rows)") && proved.contains("[exit code 0]"), "{proved}");
    let wrong = after(&said.out, "DB_PASSWORD=letmein hikae run db-backup");
    assert!(wrong.contains("password authentication failed") && wrong.contains("[exit code 1]"), "{wrong}");
    let typo = after(&said.out, "hikae run db-backup --set day=7");
    assert!(typo.contains("did you mean `days`") && typo.contains("[exit code 64]"), "{typo}");
    let broken = said.out.split("\n$ rm server").nth(1).unwrap();
    let broken = after(broken, "hikae run db-backup");
    assert!(broken.contains("could not open file") && broken.contains("[exit code 1]"), "{broken}");
    let counts = "psql -d english_cafe_db -c 'SELECT * FROM row_counts'";
    let restored = said.out.split("> ../restored.log").nth(1).unwrap();
    assert_eq!(after(&said.out, counts).trim(), after(restored, counts).split("\n\n").next().unwrap().trim());
    let packed = said.out.split("\n$ hikae run places").nth(1).unwrap();
    assert!(packed.contains("[exit code 0]"), "{packed}");
    assert_eq!(after(&said.out, "cat site/index.html").trim().lines().next(), Some("<h1>English café</h1>"));
    let night = after(&said.out, "python3 slack.py hikae run full-backup");
    assert!(night.contains("all 5 steps succeeded") && night.contains("[exit code 0]"), "{night}");
    let kept = after(&said.out, "cat slack.json");
    let mut messages = serde_json::Deserializer::from_str(kept).into_iter::<serde_json::Value>();
    let message = messages.next().unwrap().unwrap();
    assert_eq!(message["attachments"][0]["color"], "good", "{message}");
    assert!(messages.next().unwrap().is_err(), "one message, and no alert beside it: {kept}");
    assert!(said.out.contains("DATABASE_URL=postgres://****@db/cafe\n"), "{}", said.out);
    assert!(said.out.contains("DB_PASSWORD=********\n"), "a password was shown:\n{}", said.out);
    assert_nothing_left(&hikae);
}

#[test]
fn it_speaks_japanese_to_those_who_do() {
    let hikae = world().env("LANG", "ja_JP.UTF-8");
    let said = hikae.run(&["demo"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert!(said.out.contains("━━ 2. 毎晩のバックアップ"), "{}", said.out);
    assert!(said.out.contains("整合性確認: OK (テーブル数: 4, 行数: 7103)"), "{}", said.out);
}

#[test]
fn an_interrupt_leaves_nothing_behind() {
    // While the server is being made, while its client runs, while a backup runs.
    for line in ["━━ 1.", "$ psql", "$ hikae run db-backup"] {
        let hikae = world();
        let mut demo = hikae.start(&["demo"]);
        let mut out = BufReader::new(demo.stdout.take().unwrap());
        let mut read = String::new();
        while !read.lines().last().unwrap_or_default().starts_with(line) {
            assert!(out.read_line(&mut read).unwrap() > 0, "the demo ended before `{line}`:\n{read}");
        }
        let pid = rustix::process::Pid::from_child(&demo);
        rustix::process::kill_process(pid, rustix::process::Signal::INT).unwrap();
        out.read_to_string(&mut read).unwrap();
        let said = hikae.said(demo.wait_with_output().unwrap());
        assert_eq!(said.code, 130, "{read}\n{}", said.err);
        assert!(said.err.starts_with("error: the demo was interrupted by signal 2"), "{}", said.err);
        assert_nothing_left(&hikae);
    }
}

#[test]
fn a_step_that_fails_is_told_and_leaves_nothing_behind() {
    let hikae = world().program("ln", "echo 'ln: no links today' >&2; exit 1");
    let said = hikae.run(&["demo"]);
    assert_eq!(said.code, 1, "{}", said.out);
    assert!(said.err.starts_with("error: `ln` failed\n  caused by: ln: no links today"), "{}", said.err);
    assert!(!said.out.contains("That was all"), "{}", said.out);
    assert_nothing_left(&hikae);
}

#[test]
fn a_killed_demo_takes_its_server_along() {
    let hikae = world();
    let mut demo = hikae.start(&["demo"]);
    let mut out = BufReader::new(demo.stdout.take().unwrap());
    let mut read = String::new();
    while !read.contains("$ psql") {
        assert!(out.read_line(&mut read).unwrap() > 0, "the demo ended:\n{read}");
    }
    // The server takes its own note of itself away when it ends: read before.
    let state = hikae.path("tmp").join(&names(&hikae.path("tmp"))[0]).join("server/data/postmaster.pid");
    let pid: i32 = std::fs::read_to_string(state).unwrap().lines().next().unwrap().parse().unwrap();
    let pid = rustix::process::Pid::from_raw(pid).unwrap();
    demo.kill().unwrap();
    demo.wait().unwrap();
    let wall = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while rustix::process::test_kill_process(pid).is_ok() {
        assert!(std::time::Instant::now() < wall, "the server lives on");
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
