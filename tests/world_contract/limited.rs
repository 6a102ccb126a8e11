//! What `Limited` promises: nothing hangs for longer than its limits, whatever it hangs on.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use chrono::{DateTime, FixedOffset};
use futures_util::future::BoxFuture;
use hikae::error::{Error, Kind, Result};
use hikae::stream::{Piece, Sink};
use hikae::world::limited::Limited;
use hikae::world::program::run_to_end;
use hikae::world::{Caller, Command, Limits, Machine, ProgramSource, Reply, Request, World};

use super::place::{drain, real_world};

fn limited(total_ms: u64, idle_ms: u64) -> (Caller, tempfile::TempDir) {
    let (world, kept) = real_world();
    let limits = Limits { total: Duration::from_millis(total_ms), idle: Duration::from_millis(idle_ms) };
    (Caller::new(Arc::new(Limited::new(world)), limits), kept)
}

fn shell(script: &str) -> Command {
    Command { args: vec!["-c".into(), script.into()], ..Command::new("sh") }
}

fn timed_out(error: &Error, what: &str) {
    assert_eq!((error.kind(), error.what()), (Kind::Timeout, what));
}

#[tokio::test]
async fn a_program_that_falls_silent_is_cut_off() {
    let (call, _kept) = limited(60_000, 300);
    let begun = Instant::now();
    let mut source = ProgramSource::new("sh", call.spawn(shell("echo x; sleep 1000")).await.unwrap());
    assert!(matches!(source.next_piece().await, Ok(Piece::Data(_))));
    let error = source.next_piece().await.unwrap_err();
    timed_out(&error, "`sh` moved no byte for 0.3s");
    assert_eq!(error.hint_text(), Some("raise `idle_timeout` if it may be silent for that long"));
    let silent_after_its_output = call.spawn(shell("exec >&-; sleep 1000")).await.unwrap();
    let error = run_to_end("sh", silent_after_its_output, 100).await.unwrap_err();
    timed_out(&error, "`sh` moved no byte for 0.3s");
    assert!(begun.elapsed() < Duration::from_secs(30));
}

#[tokio::test]
async fn a_program_that_never_stops_talking_is_cut_off() {
    let (call, _kept) = limited(500, 60_000);
    let mut source = ProgramSource::new("sh", call.spawn(shell("yes")).await.unwrap());
    let error = tokio::time::timeout(Duration::from_secs(30), drain(&mut source)).await.unwrap().unwrap_err();
    timed_out(&error, "`sh` took longer than 0.5s");
    assert_eq!(error.hint_text(), Some("raise `timeout` if it may take that long"));
}

#[tokio::test]
async fn a_slow_program_that_moves_is_left_alone() {
    let (call, _kept) = limited(60_000, 2_000);
    let child = call.spawn(shell("for i in 1 2 3 4 5 6; do echo $i; sleep 0.5; done")).await.unwrap();
    let (output, exit) = run_to_end("sh", child, 100).await.unwrap();
    assert!(exit.success());
    assert_eq!(&output[..], b"1\n2\n3\n4\n5\n6\n");
}

#[tokio::test]
async fn the_exit_may_be_awaited_while_bytes_move() {
    let (call, _kept) = limited(60_000, 1_000);
    let mut child = call.spawn(shell("for i in 1 2 3 4 5 6; do echo $i; sleep 0.3; done")).await.unwrap();
    let (output, exit) = tokio::join!(drain(child.stdout.as_mut()), child.process.wait());
    assert_eq!(output.unwrap().len(), 12);
    assert!(exit.unwrap().success());
}

#[tokio::test]
async fn a_reader_that_takes_its_time_is_not_the_programs_fault() {
    let (call, _kept) = limited(60_000, 200);
    let mut source = ProgramSource::new("sh", call.spawn(shell("echo x")).await.unwrap());
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(drain(&mut source).await.unwrap(), b"x\n");
}

#[tokio::test]
async fn sleeping_is_not_silence() {
    let (call, _kept) = limited(1_000, 50);
    call.sleep(Duration::from_millis(200)).await.unwrap();
    timed_out(&call.sleep(Duration::from_secs(1000)).await.unwrap_err(), "`16m 40s` took longer than 1.0s");
}

/// A disk that takes no byte and answers nothing, on a thread that hangs.
struct HungDisk;

struct HungSink;

fn hang<T: Send + 'static>() -> BoxFuture<'static, T> {
    Box::pin(async {
        tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_secs(20))).await.unwrap();
        std::future::pending().await
    })
}

impl Sink for HungSink {
    fn write(&mut self, _data: Bytes) -> BoxFuture<'_, Result<()>> {
        hang()
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        hang()
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        hang()
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        hang()
    }
}

impl World for HungDisk {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        match request.effect.verb() {
            "create" => Box::pin(std::future::ready(Ok(Reply::Sink(Box::new(HungSink))))),
            _ => hang(),
        }
    }

    fn now(&self) -> DateTime<FixedOffset> {
        DateTime::default()
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn environment(&self) -> Arc<BTreeMap<String, String>> {
        Arc::default()
    }

    fn machine(&self) -> Machine {
        Machine { host: String::new(), user: String::new(), process_id: 1, cores: 1 }
    }
}

#[test]
fn a_hung_disk_holds_up_nobody() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_millis(100) };
    let call = Caller::new(Arc::new(Limited::new(HungDisk)), limits);
    let begun = Instant::now();
    runtime.block_on(async {
        let path = std::path::Path::new("/mnt/nas/x");
        let silent = "`/mnt/nas/x` moved no byte for 0.1s";
        timed_out(&call.stat(path).await.unwrap_err(), silent);
        let mut sink = call.create(path, 0o600).await.unwrap();
        timed_out(&sink.write(Bytes::from_static(b"x")).await.unwrap_err(), silent);
        timed_out(&sink.seal().await.unwrap_err(), silent);
        timed_out(&sink.commit().await.unwrap_err(), silent);
        timed_out(&call.create(path, 0o600).await.unwrap().abort().await.unwrap_err(), silent);
    });
    runtime.shutdown_background();
    assert!(begun.elapsed() < Duration::from_secs(15));
}

/// A short name for the trait's `next`, which iterators have too.
trait NextPiece {
    fn next_piece(&mut self) -> BoxFuture<'_, Result<Piece>>;
}

impl NextPiece for ProgramSource {
    fn next_piece(&mut self) -> BoxFuture<'_, Result<Piece>> {
        hikae::stream::Source::next(self)
    }
}
