//! What the real world promises about programs: a clean start, an honest end, and nothing left running.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use bytes::Bytes;
use hikae::error::Kind;
use hikae::stream::Piece;
use hikae::world::program::run_to_end;
use hikae::world::{Child, Command, ProgramSource, SecretOrText};

use super::place::{drain, eventually, real, real_world};

fn shell(script: &str) -> Command {
    Command { args: vec!["-c".into(), script.into()], ..Command::new("sh") }
}

async fn start(command: Command) -> Child {
    real().call.spawn(command).await.unwrap()
}

/// Whether a process still runs; a zombie does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    !stat.is_empty() && !stat.contains(") Z ")
}

#[tokio::test]
async fn output_ends_only_with_the_program() {
    // It closes its output, and fails later.
    let mut source = ProgramSource::new("sh", start(shell("echo x; exec >&-; sleep 0.2; exit 7")).await);
    assert_eq!(drain(&mut source).await.unwrap_err().causes(), ["exit code 7"]);
}

#[tokio::test]
async fn only_the_last_part_of_a_long_complaint_is_kept() {
    let (_, exit) = run_to_end("sh", start(shell("seq 1 100000 >&2; echo last >&2; exit 1")).await, 100).await.unwrap();
    assert!(exit.stderr.len() <= 64 << 10 && exit.stderr.len() > 60 << 10);
    assert!(exit.stderr.ends_with("\n100000\nlast\n"));
    assert!(exit.stderr.lines().next().unwrap().parse::<u32>().is_ok(), "no half line");
    let error = hikae::world::program::failure("sh", &exit);
    assert_eq!(error.causes()[0].lines().count(), 20);
}

#[tokio::test]
async fn a_program_that_stops_reading_is_told() {
    let mut child = start(Command { stdin: true, ..shell("exec <&-; echo 'no space' >&2; exit 5") }).await;
    let mut stdin = child.stdin.take().unwrap();
    let mut told = None;
    for _ in 0..1000 {
        if let Err(error) = stdin.write(Bytes::from(vec![0; 100_000])).await {
            told = Some(error);
            break;
        }
    }
    let error = told.unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::Command, "`sh` stopped reading before the end"));
    drop(stdin);
    assert_eq!(child.process.wait().await.unwrap().stderr, "no space\n", "the exit has the reason");
}

#[tokio::test]
async fn what_cannot_be_started_is_told() {
    let place = real();
    let error = place.call.spawn(Command::new("no-such-tool")).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::NotFound, "cannot start `no-such-tool`: it is not on the PATH"));
    let mut command = Command::new("pg_dump");
    command.env.push(("PATH".into(), SecretOrText::Plain("/nowhere".into())));
    let error = place.call.spawn(command).await.err().unwrap();
    assert_eq!(error.hint_text(), Some("install it: `apt-get install postgresql-client`"));

    let script = place.put("script", "#!/no/such/interpreter\n").await;
    let error = place.call.spawn(Command::new(script.to_str().unwrap())).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.what().ends_with(": it is not executable"));
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    let error = place.call.spawn(Command::new(script.to_str().unwrap())).await.err().unwrap();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(error.hint_text(), Some("the interpreter that its first line names is missing"));
    let nowhere = Command { cwd: Some("/no/such/folder".into()), ..Command::new("true") };
    let error = place.call.spawn(nowhere).await.err().unwrap();
    assert_eq!(error.hint_text(), Some("there is no folder `/no/such/folder`"));
}

#[tokio::test]
async fn programs_are_found_along_the_path() {
    let place = real();
    let found = place.call.which("sh").await.unwrap().unwrap();
    assert!(found.is_absolute() && found.ends_with("sh"));
    assert_eq!(place.call.which("no-such-tool").await.unwrap(), None);
    assert_eq!(place.call.which("").await.unwrap(), None);
    assert_eq!(place.call.which("/bin/sh").await.unwrap().as_deref(), Some(Path::new("/bin/sh")));
}

/// Starts a program that ignores the wish to end, with a grandchild in the background; gives their process ids.
async fn hung(script: &str) -> (std::sync::Arc<hikae::world::real::Real>, Child, Vec<String>) {
    let (world, _kept) = real_world();
    let mut child = super::place::caller(world.clone()).spawn(shell(script)).await.unwrap();
    let Piece::Data(data) = child.stdout.next().await.unwrap() else { panic!("it told its process ids") };
    let pids: Vec<String> = String::from_utf8_lossy(&data).split_whitespace().map(str::to_owned).collect();
    assert!(pids.len() == 2 && pids.iter().all(|pid| runs(pid)));
    (world, child, pids)
}

#[tokio::test]
async fn a_dropped_program_dies_with_its_whole_group() {
    for script in [
        "sleep 1000 & echo $$ $!; wait",
        "trap '' TERM; (trap '' TERM; sleep 1000) & echo $$ $!; while :; do sleep 1000; done",
        // The leader is gone already, and the grandchild holds the pipe.
        "sleep 1000 & (echo $$ $!); sleep 0.3",
    ] {
        let (world, child, pids) = hung(script).await;
        tokio::time::sleep(Duration::from_millis(400)).await;
        let begun = Instant::now();
        drop(child);
        assert!(world.settle(Duration::from_secs(10)));
        assert!(begun.elapsed() < Duration::from_secs(9));
        eventually("the group has died", || pids.iter().all(|pid| !runs(pid))).await;
    }
}

#[tokio::test]
async fn a_program_is_asked_before_it_is_killed() {
    let (world, kept) = real_world();
    let mark = kept.path().join("cleaned");
    let script = format!("trap 'echo x > {}; exit' TERM; echo ready; while :; do sleep 0.05; done", mark.display());
    let mut child = super::place::caller(world.clone()).spawn(shell(&script)).await.unwrap();
    child.stdout.next().await.unwrap();
    drop(child);
    assert!(world.settle(Duration::from_secs(10)));
    assert!(mark.exists());
}

#[tokio::test]
async fn a_program_that_ended_well_leaves_its_grandchildren_alone() {
    let (world, _kept) = real_world();
    let call = super::place::caller(world.clone());
    let child = call.spawn(shell("sleep 1000 >&- 2>&- & echo $!")).await.unwrap();
    let (output, exit) = run_to_end("sh", child, 100).await.unwrap();
    assert!(exit.success() && world.settle(Duration::from_secs(10)));
    let pid = String::from_utf8_lossy(&output).trim().to_owned();
    assert!(runs(&pid));
    assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
}

#[tokio::test]
async fn a_grandchild_that_keeps_standard_error_open_does_not_hold_up_the_exit() {
    let child = start(shell("sleep 1000 >&- & echo $!; echo failed >&2; exit 1")).await;
    let ended = tokio::time::timeout(Duration::from_secs(10), run_to_end("sh", child, 100)).await;
    let (output, exit) = ended.expect("it ended in time").unwrap();
    assert_eq!(exit.stderr, "failed\n");
    let pid = String::from_utf8_lossy(&output).trim().to_owned();
    assert!(std::process::Command::new("kill").arg(&pid).status().unwrap().success());
}

#[test]
fn a_program_outlives_the_thread_that_started_it() {
    let (world, _kept) = real_world();
    let lasting = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let handle = lasting.handle().clone();
    let call = super::place::caller(world);
    let child = std::thread::spawn(move || handle.block_on(call.spawn(shell("sleep 0.3; echo alive")))).join();
    let ended = lasting.block_on(run_to_end("sh", child.unwrap().unwrap(), 100));
    assert_eq!(&ended.unwrap().0[..], b"alive\n");
}

#[tokio::test]
async fn a_program_that_is_ahead_is_read_in_large_pieces() {
    let args = ["-c", "50000000", "/dev/zero"].map(str::to_owned).to_vec();
    let mut child = start(Command { args, ..Command::new("head") }).await;
    let mut sizes = Vec::new();
    tokio::time::sleep(Duration::from_millis(300)).await;
    while let Piece::Data(data) = child.stdout.next().await.unwrap() {
        sizes.push(data.len());
    }
    assert_eq!(sizes.iter().sum::<usize>(), 50_000_000);
    assert!(
        sizes[0] >= 256 << 10,
        "the pipe holds more than the kernel's 64 KiB, and one piece takes it: {}",
        sizes[0]
    );
    assert!(sizes.iter().all(|size| *size <= 1 << 20));
}

#[tokio::test]
async fn a_program_of_small_writes_is_read_in_few_pieces() {
    let mut child = start(shell("i=0; while [ $i -lt 20000 ]; do echo 123456789; i=$((i + 1)); done")).await;
    let (mut size, mut pieces) = (0, 0);
    while let Piece::Data(data) = child.stdout.next().await.unwrap() {
        size += data.len();
        pieces += 1;
    }
    assert_eq!(size, 200_000);
    assert!(pieces <= 2000, "20000 writes of 10 bytes made {pieces} pieces");
}

#[tokio::test]
async fn a_reading_that_is_given_up_half_way_loses_nothing() {
    let mut child = start(shell("for i in 1 2 3 4 5 6 7 8 9; do printf %s $i; sleep 0.02; done")).await;
    let (mut output, mut given_up) = (Vec::new(), 0);
    loop {
        match tokio::time::timeout(Duration::from_millis(1), child.stdout.next()).await {
            Ok(Ok(Piece::Data(data))) => output.extend_from_slice(&data),
            Ok(Ok(Piece::End)) => break,
            Ok(Err(error)) => panic!("{}", error.what()),
            Err(_) => given_up += 1,
        }
    }
    assert_eq!(output, b"123456789");
    assert!(given_up > 9, "the test gave up only {given_up} times");
}
