//! What only the simulated world promises: it is what its setup says, it shows what it has come to, and it takes no real time.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::stream::Source;
use hikae::world::program::{ask, run_to_end};
use hikae::world::simulated::{Canned, Program, Simulated, SimulatedSetup};
use hikae::world::{Caller, Command, EntryKind, Limits, ProgramSource, SecretOrText};
use serde_json::{Value as Json, json};

use super::place::{caller, drain, names, place_in};

fn setup(world: Json) -> SimulatedSetup {
    serde_json::from_value(world).unwrap()
}

fn world(of: Json) -> (Simulated, Caller) {
    let world = Simulated::new(setup(of)).unwrap();
    (world.clone(), caller(Arc::new(world)))
}

#[tokio::test]
async fn a_world_is_what_its_setup_says() {
    let (world, call) = world(json!({
        "now": "2026-02-15T02:00:00+09:00",
        "files": {
            "/backups/old.gz": { "age": "76d", "size": "2GiB", "mode": "0640", "owner": "root" },
            "/backups/note": "text",
            "/backups/newest": { "link": "old.gz", "modified": "2026-02-14T02:00:00+09:00" },
            "/empty": { "dir": true },
        },
        "free_bytes": "3 MiB",
        "host": "db1",
    }));
    assert_eq!(world.snapshot().files.len(), 6, "the folders above are there too");
    assert_eq!(call.world.now().to_rfc3339(), "2026-02-15T02:00:00+09:00");
    assert_eq!(call.world.machine().host, "db1");
    let old = call.stat("/backups/old.gz".as_ref()).await.unwrap().unwrap();
    assert_eq!((old.size_bytes, old.mode, old.owner), (2 << 30, 0o640, 0));
    assert_eq!(old.modified.to_rfc3339(), "2025-12-01T02:00:00+09:00");
    assert_eq!(call.read("/backups/note".as_ref(), 10).await.unwrap(), "text");
    assert_eq!(call.stat("/empty".as_ref()).await.unwrap().unwrap().kind, EntryKind::Dir);
    let space = call.disk_free("/backups".as_ref()).await.unwrap();
    assert_eq!((space.free_bytes, space.total_bytes), (3 << 20, (2 << 30) + 4 + 6 + (3 << 20)));
    call.remove("/backups/note".as_ref()).await.unwrap();
    assert_eq!(call.disk_free("/".as_ref()).await.unwrap().free_bytes, (3 << 20) + 4);
}

#[test]
fn a_setup_that_cannot_be_is_refused() {
    for (world, told) in [
        (json!({ "filse": {} }), "unknown field `filse`"),
        (json!({ "files": { "/x": { "agee": "1d" } } }), "unknown field `agee`"),
        (json!({ "files": { "/x": { "age": "soon" } } }), "`soon` is not a duration"),
        (json!({ "files": { "/x": { "mode": "0999" } } }), "`0999` is not a mode"),
        (json!({ "programs": { "pg_dump": { "stduot": "" } } }), "unknown field `stduot`"),
        (json!({ "now": "yesterday" }), "`yesterday` is not a moment"),
    ] {
        let error = serde_json::from_value::<SimulatedSetup>(world).unwrap_err().to_string();
        assert!(error.contains(told), "{error}");
    }
    for (files, told) in [
        (json!({ "x": "" }), "the path `x` is not absolute"),
        (json!({ "/x": { "dir": true, "size": 1 } }), "it can be one of `content`, `size`, `dir` and `link`"),
        (json!({ "/x": "", "/x/y": "" }), "`/x` is not a folder"),
        (json!({ "/x": { "owner": "nobody" } }), "nobody here is called `nobody`"),
    ] {
        let error = Simulated::new(setup(json!({ "files": files }))).err().unwrap();
        assert!(error.one_line().ends_with(told), "{error:?}");
    }
}

#[tokio::test]
async fn a_program_that_nobody_declared_is_told_with_those_that_are() {
    let (world, call) = world(json!({ "programs": { "pg_dump": "x", "psql": {} } }));
    let error = call.spawn(Command::new("pg_dumpall")).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::NotFound, "no program `pg_dumpall` in this world"));
    assert_eq!(error.causes(), ["declared: `pg_dump`, `psql`"]);
    assert_eq!(error.hint_text(), Some("did you mean `pg_dump`? else add it to the `programs` of the spec's world"));
    let error = call.spawn(Command::new("tar")).await.err().unwrap();
    assert_eq!(error.hint_text(), Some("add it to the `programs` of the spec's world"));
    assert_eq!(world.snapshot().undeclared, ["pg_dumpall", "tar"]);
}

#[tokio::test]
async fn a_program_dies_where_it_is_told_to() {
    let (_, call) = world(json!({ "programs": {
        "killed": { "stdout": "1234567890", "dies_after": 4 },
        "failing": { "stdout": "1234567890", "dies_after": "4 B", "exit": 3, "stderr": "no space left" },
    } }));
    for (program, words) in [("killed", "signal 9"), ("failing", "exit code 3")] {
        let (output, exit) = run_to_end(program, call.spawn(Command::new(program)).await.unwrap(), 100).await.unwrap();
        assert_eq!((&output[..], exit.words().as_str()), (&b"1234"[..], words));
    }
}

#[tokio::test]
async fn what_is_slow_or_hangs_takes_time_only_on_the_clock() {
    let (world, _) = world(json!({ "programs": {
        "slow": { "stdout": "x".repeat(1_000_000), "takes": "50m" },
        "stuck": { "stdout": "12345", "hangs_after": 2 },
    } }));
    let limits = Limits { total: Duration::from_secs(7200), idle: Duration::from_secs(600) };
    let call = Caller::new(Arc::new(world), limits);
    let begun = Instant::now();
    let mut slow = ProgramSource::new("slow", call.spawn(Command::new("slow")).await.unwrap());
    assert_eq!(drain(&mut slow).await.unwrap().len(), 1_000_000);
    assert_eq!(call.world.elapsed().as_secs().next_multiple_of(10), 3000);
    let mut stuck = ProgramSource::new("stuck", call.spawn(Command::new("stuck")).await.unwrap());
    stuck.next().await.unwrap();
    assert_eq!(stuck.next().await.unwrap_err().what(), "`stuck` moved no byte for 10m");
    let hasty = Caller { limits: Limits { total: Duration::from_secs(100), ..limits }, ..call.clone() };
    let mut slow = ProgramSource::new("slow", hasty.spawn(Command::new("slow")).await.unwrap());
    assert_eq!(drain(&mut slow).await.unwrap_err().what(), "`slow` took longer than 1m 40s");
    let before = call.world.elapsed();
    let (a, b) = tokio::join!(call.sleep(Duration::from_secs(600)), call.sleep(Duration::from_secs(600)));
    assert!(a.is_ok() && b.is_ok());
    assert_eq!((call.world.elapsed() - before).as_secs(), 600, "side by side");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_function_answers_for_a_program() {
    let answer = |call: hikae::world::simulated::Call| {
        assert_eq!((call.env["PGPASSWORD"].as_str(), call.args[0].as_str()), ("hunter2-sim", "--quiet"));
        Ok(Canned { code: 2, ..Canned::says([b"got ", &call.stdin[..]].concat()) })
    };
    let programs = [("psql".to_owned(), Program::function(answer))].into();
    let world = Simulated::new(SimulatedSetup { programs, ..SimulatedSetup::default() }).unwrap();
    let command = Command {
        args: vec!["--quiet".into()],
        env: vec![("PGPASSWORD".into(), SecretOrText::Secret(Secret::new("hunter2-sim")))],
        stdin: true,
        ..Command::new("psql")
    };
    let input = SecretOrText::Plain("SELECT 1".into());
    let (output, exit) = ask(&caller(Arc::new(world.clone())), command, Some(&input), 100).await.unwrap();
    assert_eq!((&output[..], exit.code), (&b"got SELECT 1"[..], Some(2)));
    let ran = &world.snapshot().ran[0];
    assert_eq!((ran.stdin_bytes, ran.env["PGPASSWORD"].as_str()), (8, "********"), "no secret is shown");
    assert_eq!(ran.exit.as_ref().unwrap().code, Some(2));
}

#[tokio::test]
async fn what_was_left_open_is_shown_and_dies_with_the_process() {
    let (world, call) = world(json!({ "files": { "/d/x": "1" }, "programs": { "tar": "" } }));
    let mut sink = call.create("/d/new".as_ref(), 0o600).await.unwrap();
    sink.write(bytes::Bytes::from_static(b"half")).await.unwrap();
    let source = call.open("/d/x".as_ref()).await.unwrap();
    let held = call.lock("/locks/a".as_ref()).await.unwrap();
    let child = call.spawn(Command::new("tar")).await.unwrap();
    let shown = world.snapshot();
    assert_eq!((shown.partials.len(), shown.open.len(), shown.locks.len()), (1, 1, 1));
    let not_waited_for = shown.ran.iter().filter(|ran| ran.exit.is_none());
    assert_eq!(not_waited_for.map(|ran| ran.program.as_str()).collect::<Vec<_>>(), ["tar"]);
    // As `kill -9` leaves it.
    std::mem::forget((sink, source, held, child));
    world.die();
    assert!(world.snapshot().locks.is_empty());
    assert_eq!(world.snapshot().partials.len(), 1);
    assert_eq!(call.sweep("/d".as_ref()).await.unwrap().len(), 1);
    call.lock("/locks/a".as_ref()).await.unwrap();
    assert_eq!(names(&call, "/d".as_ref()).await, ["x"]);
}

#[tokio::test]
async fn owners_and_modes_are_minded() {
    let files = json!({
        "/srv/closed": { "dir": true, "mode": "0700", "owner": "root" },
        "/srv/closed/x": "",
        "/srv/shown": { "dir": true, "mode": "0755", "owner": "root" },
        "/srv/shown/x": { "content": "1", "mode": "0644", "owner": "root" },
        "/srv/shown/secret": { "content": "1", "owner": "root" },
    });
    let (_, call) = world(json!({ "files": files }));
    assert_eq!(call.read("/srv/shown/x".as_ref(), 1).await.unwrap(), "1");
    for (what, error) in [
        ("cannot read `/srv/closed/x`", call.read("/srv/closed/x".as_ref(), 1).await.err()),
        ("cannot read `/srv/shown/secret`", call.read("/srv/shown/secret".as_ref(), 1).await.err()),
        ("cannot create `/srv/shown/new`", call.create("/srv/shown/new".as_ref(), 0o600).await.err()),
        ("cannot remove `/srv/shown/x`", call.remove("/srv/shown/x".as_ref()).await.err()),
        ("cannot make the folder `/srv/shown/d`", call.mkdir("/srv/shown/d".as_ref(), 0o700).await.err()),
        ("cannot look at `/srv/closed/x`", call.stat("/srv/closed/x".as_ref()).await.err()),
    ] {
        let error = error.unwrap();
        assert_eq!((error.kind(), error.what()), (Kind::Denied, what));
        assert_eq!(error.causes(), ["Permission denied"]);
        assert_eq!(error.hint_text(), Some("check the owner and the mode of the path and of the folders above it"));
    }
    let (_, root) = world(json!({ "files": files, "user": "root" }));
    assert_eq!(root.read("/srv/closed/x".as_ref(), 1).await.unwrap(), "");
}

#[tokio::test]
async fn locks_of_others_are_held() {
    let (_, call) = world(json!({ "now": "2026-02-15T02:00:00+09:00", "locked": ["/state/db-backup.lock"] }));
    let error = call.lock("/state/db-backup.lock".as_ref()).await.err().unwrap();
    assert_eq!(error.causes(), ["process 4242 has held it since 2026-02-15 02:00:00"]);
}

#[tokio::test]
async fn a_full_disk_is_told_and_cleared() {
    let place = place_in(SimulatedSetup { free_bytes: Some(2 << 20), ..SimulatedSetup::default() });
    super::checks::a_full_disk_is_told_and_cleared(&place).await;
}

#[tokio::test]
async fn a_declared_folder_that_is_missing_is_made() {
    let roots = Some(vec!["/disk/backups".into()]);
    let world = Simulated::new(SimulatedSetup { roots, ..SimulatedSetup::default() }).unwrap();
    let call = caller(Arc::new(world.clone()));
    call.write("/disk/backups/daily/x".as_ref(), b"x".to_vec(), 0o600, false).await.unwrap();
    assert_eq!(world.snapshot().at("/disk/backups").unwrap().stat.mode, 0o700);
    call.mkdir("/disk/backups/weekly".as_ref(), 0o750).await.unwrap();
    let error = call.mkdir("/disk/other".as_ref(), 0o750).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
}
