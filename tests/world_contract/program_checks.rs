//! What every world promises about programs: a clean start, and an honest end.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::stream::{Piece, Source};
use hikae::world::limited::Limited;
use hikae::world::program::run_to_end;
use hikae::world::{Caller, Child, Command, Limits, ProgramSource, SecretOrText};

use super::place::{Place, drain};

fn shell(script: &str) -> Command {
    Command { args: vec!["-c".into(), script.into()], ..Command::new("sh") }
}

async fn start(place: &Place, command: Command) -> Child {
    place.call.spawn(command).await.unwrap()
}

pub async fn output_and_exit_are_told(place: &Place) {
    let (output, exit) =
        run_to_end("sh", start(place, shell("echo out; echo err >&2; exit 3")).await, 100).await.unwrap();
    assert_eq!(&output[..], b"out\n");
    assert_eq!((exit.code, exit.signal, exit.stderr.as_str()), (Some(3), None, "err\n"));
    let (_, exit) = run_to_end("sh", start(place, shell("kill -9 $$")).await, 100).await.unwrap();
    assert_eq!((exit.code, exit.signal), (None, Some(9)));
    let error = run_to_end("sh", start(place, shell("yes")).await, 1000).await.unwrap_err();
    assert_eq!(error.what(), "`sh` wrote more than 1000 bytes");
}

pub async fn a_program_that_fails_never_ends_its_output(place: &Place) {
    let mut source =
        ProgramSource::new("sh", start(place, shell("echo data; echo 'no such database' >&2; exit 1")).await);
    assert_eq!(source.next().await.unwrap(), Piece::Data(Bytes::from_static(b"data\n")));
    let error = source.next().await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Command, "`sh` failed"));
    assert_eq!(error.causes(), ["no such database"]);

    let mut quiet = ProgramSource::new("sh", start(place, shell("exit 4")).await);
    assert_eq!(quiet.next().await.unwrap_err().causes(), ["exit code 4"]);
    let mut killed = ProgramSource::new("sh", start(place, shell("kill -9 $$")).await);
    assert_eq!(killed.next().await.unwrap_err().what(), "`sh` was ended by signal 9");
    let mut good = ProgramSource::new("sh", start(place, shell("printf x")).await);
    assert_eq!(drain(&mut good).await.unwrap(), b"x");
    let explained = ProgramSource::new("sh", start(place, shell("echo denied >&2; exit 1")).await)
        .explain(|exit| hikae::error::Error::new(Kind::Denied, exit.stderr.trim()));
    assert_eq!(drain(&mut { explained }).await.unwrap_err().kind(), Kind::Denied);
}

pub async fn the_environment_is_clean(place: &Place) {
    let mut command = Command::new("env");
    command.env.push(("PGPASSWORD".into(), SecretOrText::Secret(Secret::new("se cret'\"$x\ny"))));
    command.env.push(("PLAIN".into(), SecretOrText::Plain("v".into())));
    let (output, _) = run_to_end("env", start(place, command).await, 100_000).await.unwrap();
    let output = String::from_utf8(output.to_vec()).unwrap();
    assert!(output.contains("PGPASSWORD=se cret'\"$x\ny\n") && output.contains("PLAIN=v\n"));
    assert!(output.contains("LANG=C.UTF-8\n") && output.contains("LC_MESSAGES=C\n") && output.contains("PATH="));
    let known = ["PATH", "HOME", "USER", "LOGNAME", "TZ", "LANG", "LC_MESSAGES", "PGPASSWORD", "PLAIN", "y"];
    for line in output.lines() {
        assert!(known.contains(&line.split('=').next().unwrap()), "{line}");
    }
}

pub async fn secrets_are_struck_out_of_what_a_program_says(place: &Place) {
    let secret = Secret::new("hunter2-in-stderr");
    let mut command = shell("echo \"bad password $PGPASSWORD\" >&2; exit 1");
    command.env.push(("PGPASSWORD".into(), SecretOrText::Secret(secret)));
    let (_, exit) = run_to_end("sh", start(place, command).await, 100).await.unwrap();
    assert_eq!(exit.stderr, "bad password ********\n");
}

pub async fn input_reaches_the_program_and_ends(place: &Place) {
    let mut child = start(place, Command { stdin: true, ..Command::new("sha256sum") }).await;
    let mut stdin = child.stdin.take().unwrap();
    for _ in 0..40 {
        stdin.write(Bytes::from(vec![b'a'; 100_000])).await.unwrap();
    }
    stdin.seal().await.unwrap();
    stdin.commit().await.unwrap();
    let (output, exit) = run_to_end("sha256sum", child, 1000).await.unwrap();
    assert!(exit.success());
    let mut tally = hikae::stream::pump::Tallier::default();
    tally.add(&vec![b'a'; 4_000_000]);
    assert!(output.starts_with(tally.finish().sha256.as_bytes()));

    let (output, _) = run_to_end("cat", start(place, Command::new("cat")).await, 10).await.unwrap();
    assert!(output.is_empty(), "without input it is empty, never the terminal");
}

pub async fn a_program_that_ends_without_reading_is_told(place: &Place) {
    let mut child = start(place, Command { stdin: true, ..Command::new("false") }).await;
    let mut stdin = child.stdin.take().unwrap();
    let mut told = None;
    for _ in 0..1000 {
        if let Err(error) = stdin.write(Bytes::from(vec![0; 100_000])).await {
            told = Some(error);
            break;
        }
    }
    let error = told.unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::Command, "`false` stopped reading before the end"));
    drop(stdin);
    assert_eq!(child.process.wait().await.unwrap().code, Some(1), "the exit has the reason");
}

pub async fn a_program_that_falls_silent_is_cut_off(place: &Place) {
    let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_millis(300) };
    let call = Caller::new(Arc::new(Limited::new(place.call.world.clone())), limits);
    let begun = place.call.world.elapsed();
    let mut source = ProgramSource::new("sh", call.spawn(shell("echo x; sleep 1000")).await.unwrap());
    assert_eq!(source.next().await.unwrap(), Piece::Data(Bytes::from_static(b"x\n")));
    let error = source.next().await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Timeout, "`sh` moved no byte for 0.3s"));
    assert_eq!(error.hint_text(), Some("raise `idle_timeout` if it may be silent for that long"));
    let lasted = place.call.world.elapsed() - begun;
    assert!(lasted >= Duration::from_millis(300) && lasted < Duration::from_secs(30));
    let limits = Limits { total: Duration::from_millis(200), ..limits };
    let error = Caller { limits, ..call }.sleep(Duration::from_secs(1000)).await.unwrap_err();
    assert_eq!(error.what(), "`16m 40s` took longer than 0.2s");
}

pub async fn what_cannot_be_started_is_told(place: &Place) {
    let error = place.call.spawn(Command::new("no-such-tool")).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::NotFound, "cannot start `no-such-tool`: it is not on the PATH"));
    assert!(error.hint_text().unwrap().starts_with("install it, or add its folder to the PATH, which is `/"));
    let nowhere = Command { cwd: Some("/no/such/folder".into()), ..Command::new("cat") };
    let error = place.call.spawn(nowhere).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::NotFound, "cannot start `cat`"));
    assert_eq!(error.hint_text(), Some("there is no folder `/no/such/folder`"));
    let given = Command { args: vec!["a\0b".into()], ..Command::new("cat") };
    let error = place.call.spawn(given).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::Recipe, r"the command line `cat 'a\0b'` holds a zero byte"));
    let value = SecretOrText::Secret(Secret::new("wombat\0-grievance"));
    let given = Command { env: vec![("PGPASSWORD".into(), value)], ..Command::new("cat") };
    let error = place.call.spawn(given).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::Recipe, "the variable `PGPASSWORD` for `cat` holds a zero byte"));
}

pub async fn programs_are_found_along_the_path(place: &Place) {
    let found = place.call.which("sh").await.unwrap().unwrap();
    assert!(found.is_absolute() && found.ends_with("sh"));
    assert_eq!(place.call.which("no-such-tool").await.unwrap(), None);
    assert_eq!(place.call.which("").await.unwrap(), None);
    assert_eq!(place.call.which("/usr/bin/sh").await.unwrap().unwrap(), std::path::Path::new("/usr/bin/sh"));
    assert!(run_to_end("cat", start(place, Command::new("/usr/bin/cat")).await, 10).await.unwrap().1.success());
}
