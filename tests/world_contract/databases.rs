//! Sessions in every world: a simulated server says what a real one says, and each decorator knows them.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hikae::error::{Error, Kind, Result};
use hikae::secret::Secret;
use hikae::stream::{Piece, Source};
use hikae::world::dry_run::{DryRun, is_withheld};
use hikae::world::faulty::{Fault, FaultKind, Faulty, Nth, ways};
use hikae::world::guarded::{Guarded, Needs};
use hikae::world::journal::{Journal, Outcome};
use hikae::world::limited::Limited;
use hikae::world::postgres::{CopyOut, Login, Session, Step, sqlstate_of};
use hikae::world::simulated::{Heard, PostgresServer, Said, Simulated, SimulatedSetup};
use hikae::world::{Caller, Limits};

use super::place::{caller, real_world};
use crate::support::postgres::shared;

const MOST: usize = 1 << 20;

/// What the simulated server answers to the statements of the checks.
fn play(said: Said) -> Result<Heard> {
    if said.login.database == "absent" {
        return Ok(Heard::refuses("3D000", "database \"absent\" does not exist"));
    }
    if said.login.password.as_ref().is_some_and(|password| password.expose() == "wrong") {
        return Ok(Heard::refuses("28P01", "password authentication failed for user \"postgres\""));
    }
    let rows = |rows: &[&[&str]]| Heard {
        rows: rows.iter().map(|row| row.iter().map(|value| (*value).to_owned()).collect()).collect(),
        columns: vec!["a".to_owned(), "b".to_owned()],
        ..Heard::default()
    };
    Ok(match &said.sql[..] {
        b"SELECT 1 AS a, 'x' AS b" => rows(&[&["1", "x"]]),
        b"SELECT nonsense" => Heard::refuses("42703", "column \"nonsense\" does not exist"),
        b"SELECT repeat('x', 2000000)" => Heard::value("x".repeat(2_000_000)),
        b"COPY (VALUES (1), (2)) TO STDOUT" => Heard { data: Some("1\n2\n".into()), ..Heard::default() },
        b"COPY pg_temp.t FROM stdin;" => {
            assert_eq!(said.rows.as_deref(), Some(&b"1\n2\n"[..]));
            Heard::default()
        }
        b"SELECT count(*) FROM pg_temp.t" => Heard::value("2"),
        _ => Heard::default(),
    })
}

fn simulated() -> Simulated {
    let postgres = Some(PostgresServer::function(play));
    Simulated::new(SimulatedSetup { postgres, ..SimulatedSetup::default() }).unwrap()
}

fn login(database: &str) -> Login {
    Login {
        host: Some("127.0.0.1".to_owned()),
        port: Some(shared().port()),
        user: Some("postgres".to_owned()),
        password: Some(Secret::new(shared().password.clone())),
        database: database.to_owned(),
        expendable: false,
        read_only: false,
    }
}

fn statement(sql: &'static str, line: u64) -> Step {
    Step::Statement { sql: Bytes::from_static(sql.as_bytes()), line }
}

fn shown(error: &Error) -> String {
    let text =
        format!("{:?} / {} / {:?} / {:?}", error.kind(), error.one_line(), error.hint_text(), sqlstate_of(error));
    // Only the real one says where in the statement it was.
    text.replace(&shared().port().to_string(), "PORT").replace("FATAL:", "ERROR:")
}

async fn open(call: &Caller) -> Box<dyn Session> {
    call.connect(login("postgres")).await.unwrap()
}

async fn read(session: &mut dyn Session, sql: &'static str) -> Vec<u8> {
    let (mut source, mut all) = (CopyOut::start(session, sql).await.unwrap(), Vec::new());
    while let Piece::Data(data) = source.next().await.unwrap() {
        all.extend_from_slice(&data);
    }
    all
}

/// What a world answers to all that a session can be used for, as one text.
async fn comes_to(call: &Caller) -> String {
    let mut said = Vec::new();
    for (database, password) in [("absent", None), ("postgres", Some("wrong"))] {
        let mut login = login(database);
        login.password = password.map(Secret::new).or(login.password);
        said.push(shown(&call.connect(login).await.err().unwrap()));
    }
    let mut session = open(call).await;
    let answer = session.ask("SELECT 1 AS a, 'x' AS b".into(), MOST).await.unwrap();
    said.push(format!("{:?} {:?} {}", answer.columns, answer.rows, answer.tag));
    said.push(shown(&session.ask("SELECT nonsense".into(), MOST).await.err().unwrap()));
    said.push(format!("{:?}", session.ask("SELECT 1 AS a, 'x' AS b".into(), MOST).await.unwrap().value()));
    assert_eq!(read(&mut *session, "COPY (VALUES (1), (2)) TO STDOUT").await, b"1\n2\n");
    let copy = Step::Copy { sql: Bytes::from_static(b"COPY pg_temp.t FROM stdin;"), line: 2 };
    let rows = |rows: &'static str| Step::Rows(Bytes::from_static(rows.as_bytes()));
    for step in [statement("CREATE TEMP TABLE t (a int)", 1), copy, rows("1\n"), rows("2\n"), Step::EndOfRows] {
        session.send(step).await.unwrap();
    }
    session.settle().await.unwrap();
    said.push(format!("{:?}", session.ask("SELECT count(*) FROM pg_temp.t".into(), MOST).await.unwrap().value()));
    session.close().await.unwrap();
    let mut session = open(call).await;
    // An error comes with any later step, and there is no going on.
    let failed = match session.send(statement("SELECT nonsense", 7)).await {
        Ok(()) => session.settle().await.err().unwrap(),
        Err(error) => error,
    };
    said.push(shown(&failed));
    said.push(shown(&session.settle().await.err().unwrap()));
    let mut session = open(call).await;
    said.push(shown(&session.ask("SELECT repeat('x', 2000000)".into(), MOST).await.err().unwrap()));
    said.join("\n")
}

#[tokio::test]
async fn a_simulated_server_says_what_a_real_one_says() {
    let real = comes_to(&caller(real_world().0)).await;
    let simulated = comes_to(&caller(Arc::new(simulated()))).await;
    assert_eq!(real, simulated);
    assert!(real.contains("line 7: ERROR: column \"nonsense\" does not exist (SQLSTATE 42703)"), "{real}");
}

#[tokio::test]
async fn a_world_without_a_server_says_how_one_is_declared() {
    let call = caller(Arc::new(Simulated::new(SimulatedSetup::default()).unwrap()));
    let error = call.connect(login("shop")).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Network);
    assert!(error.hint_text().unwrap().contains("postgres ="), "{error:?}");
}

#[tokio::test]
async fn a_plan_sends_nothing_and_knows_no_answer() {
    let world = Arc::new(DryRun::new(simulated()));
    let mut session = open(&caller(world.clone())).await;
    assert!(is_withheld(&session.ask("SELECT 1".into(), MOST).await.err().unwrap()));
    session.send(statement("DROP DATABASE x", 1)).await.unwrap();
    assert!(is_withheld(&session.settle().await.err().unwrap()));
    session.close().await.unwrap();
    let plan = world.plan();
    assert_eq!((plan.len(), plan[0].verb), (1, "connect"));
    assert!(plan[0].object.starts_with("postgres on 127.0.0.1"), "{plan:?}");
}

#[tokio::test]
async fn the_servers_that_params_name_are_declared_by_that() {
    let allowed = |needs: Needs, login: Login| async move {
        let call = caller(Arc::new(Guarded::new(simulated(), needs).unwrap()));
        call.connect(login).await.map(drop).map_err(|error| (error.kind(), error.what().to_owned()))
    };
    let at = |host: &str, port| Login { host: Some(host.to_owned()), port: Some(port), ..login("postgres") };
    let params = |host: &str, port| Needs {
        database_hosts: vec![host.to_owned()],
        database_ports: vec![port],
        ..Needs::default()
    };
    let connect = |host: &str| Needs { connect: vec![host.to_owned()], ..Needs::default() };
    let write = Needs { write: vec!["/var/tmp".into()], ..Needs::default() };
    assert_eq!(allowed(params("db", 6000), at("db", 6000)).await, Ok(()));
    assert_eq!(allowed(params("db", 6000), at("db", 5432)).await, Ok(()));
    assert_eq!(allowed(connect("db:6000"), at("db", 6000)).await, Ok(()));
    assert_eq!(allowed(params("/run/pg", 1), at("/run/pg", 5432)).await, Ok(()));
    assert_eq!(allowed(write, at("/var/tmp/hikae_cluster_1", 5432)).await, Ok(()));
    assert_eq!(allowed(Needs::default(), Login { host: None, ..login("postgres") }).await, Ok(()));
    for (needs, login) in [
        (params("db", 6000), at("other", 6000)),
        (params("db", 6000), at("db", 6001)),
        (params("db", 6000), at("db,other", 6000)),
        (connect("db:6000"), at("db", 6001)),
        (Needs::default(), at("/tmp", 5432)),
    ] {
        let refused = allowed(needs, login).await.unwrap_err();
        assert_eq!(refused.0, Kind::Denied);
        assert!(refused.1.starts_with("the recipe may not connect to the database server `"), "{refused:?}");
    }
}

#[tokio::test]
async fn the_journal_tells_how_each_session_ended_and_shows_no_password() {
    let world = Arc::new(Journal::new(simulated()));
    let call = caller(world.clone());
    let mut session = open(&call).await;
    session.ask("SELECT 1 AS a, 'x' AS b".into(), MOST).await.unwrap();
    session.close().await.unwrap();
    drop(open(&call).await);
    call.connect(login("absent")).await.err().unwrap();
    let records = world.entries();
    let ends: Vec<bool> = records.iter().map(|record| record.outcome == Outcome::Done).collect();
    assert_eq!(ends, [true, false, false]);
    assert_eq!(records[1].outcome, Outcome::Dropped);
    assert!(records[0].size_bytes > 20, "{:?}", records[0]);
    let told = format!("{:?} {}", records, records[0].to_json());
    assert!(!told.contains(&shared().password), "{told}");
    assert!(ways(&records).iter().any(|fault| matches!(fault.what, FaultKind::Cut { after_bytes } if after_bytes > 0)));
}

#[tokio::test]
async fn a_connection_breaks_hangs_and_is_refused_on_purpose() {
    let with = |what: FaultKind| {
        let fault = Fault { at: Nth { verb: Some("connect".to_owned()), n: 1 }, what };
        caller(Arc::new(Faulty::new(simulated(), [fault])))
    };
    let refused = with(FaultKind::Fail { kind: Kind::Network }).connect(login("postgres")).await.err().unwrap();
    assert_eq!(refused.kind(), Kind::Network);
    let mut session = open(&with(FaultKind::Cut { after_bytes: 30 })).await;
    session.ask("SELECT 1 AS a, 'x' AS b".into(), MOST).await.unwrap();
    let broken = session.ask("SELECT 1 AS a, 'x' AS b".into(), MOST).await.err().unwrap();
    assert_eq!(broken.kind(), Kind::Network);
    let mut session = open(&with(FaultKind::Hang { after_bytes: 0 })).await;
    assert_eq!(session.ask("SELECT 1".into(), MOST).await.err().unwrap().kind(), Kind::Timeout);
    let killed = with(FaultKind::Killed).connect(login("postgres")).await.err().unwrap();
    assert_eq!(killed.kind(), Kind::Cancelled);
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_cut_off() {
    let limits = Limits { total: Duration::from_secs(20), idle: Duration::from_millis(300) };
    let call = Caller::new(Arc::new(Limited::new(real_world().0)), limits);
    let mut session = open(&call).await;
    let error = session.ask("SELECT pg_sleep(10)".into(), MOST).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Timeout);
}
