//! Simulates a program: returns its output in pieces, takes its input, and ends as the setup says.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use futures_util::future::{BoxFuture, ready};
use tokio::sync::Notify;

use crate::error::Result;
use crate::stream::{Piece, Sink, Source};
use crate::world::refusals::stopped_reading;
use crate::world::reply::Process;
use crate::world::simulated::clock::Pace;
use crate::world::simulated::programs::{Call, Canned, Function, Program};
use crate::world::simulated::state::Shared;
use crate::world::{Child, Exit};

/// The largest piece: small enough that a program with some output can be interrupted half-way.
const PIECE_BYTES: u64 = 64 << 10;

/// One call of a program, before it starts.
pub struct Play {
    pub name: String,
    pub program: Program,
    pub call: Call,
    /// Its index among all started programs.
    pub number: usize,
    pub pace: Pace,
    pub shared: Shared,
}

pub fn child(play: Play, with_input: bool) -> Child {
    let input = Arc::new(Input::default());
    let reads_at_most = match &play.program {
        Program::Canned(canned) => canned.reads_at_most,
        Program::Function(_) | Program::Talking(_) => None,
    };
    let stdin = match with_input {
        true => Some(Box::new(Stdin { name: play.name.clone(), input: input.clone(), reads_at_most }) as Box<dyn Sink>),
        false => {
            input.close();
            None
        }
    };
    let stage = Stage { play, input, canned: None, given: 0, spent: Duration::ZERO };
    let stage = Arc::new(tokio::sync::Mutex::new(stage));
    Child { stdin, stdout: Box::new(Stdout(stage.clone())), process: Box::new(Playing(stage)) }
}

/// A running program; its output and its exit share it.
struct Stage {
    play: Play,
    input: Arc<Input>,
    /// What the program does; for a function, known only after its input has ended.
    canned: Option<Canned>,
    given: u64,
    spent: Duration,
}

impl Stage {
    async fn canned(&mut self) -> Result<Canned> {
        if let Some(canned) = &self.canned {
            return Ok(canned.clone());
        }
        let canned = match &self.play.program {
            Program::Canned(canned) => canned.clone(),
            Program::Function(answer) => {
                let stdin = self.input.whole().await;
                answer(Call { stdin, ..self.play.call.clone() }).await?.unwrap_or_default()
            }
            Program::Talking(answer) => self.talk(answer).await?,
        };
        Ok(self.canned.insert(canned).clone())
    }

    /// Calls the function whenever more input was sent, until it answers.
    async fn talk(&self, answer: &Function) -> Result<Canned> {
        let mut heard = 0;
        loop {
            let (stdin, open) = self.input.more_than(heard).await;
            heard = stdin.len();
            let said = answer(Call { stdin, open, ..self.play.call.clone() }).await?;
            if said.is_some() || !open {
                return Ok(said.unwrap_or_default());
            }
        }
    }

    async fn piece(&mut self) -> Result<Piece> {
        let canned = self.canned().await?;
        let size = canned.stdout.len() as u64;
        let end = size.min(canned.dies_after.unwrap_or(size));
        let stop = end.min(canned.hangs_after.unwrap_or(end));
        if self.given == stop {
            self.last_moments(&canned).await?;
            return Ok(Piece::End);
        }
        let step = PIECE_BYTES.min(stop - self.given);
        let data = canned.stdout.slice(self.given as usize..(self.given + step) as usize);
        let share = canned.takes.mul_f64(step as f64 / size as f64);
        self.play.pace.pass(share).await?;
        self.spent += share;
        self.given += step;
        Ok(Piece::Data(data))
    }

    /// Waits for the rest of its time, or hangs.
    async fn last_moments(&mut self, canned: &Canned) -> Result<()> {
        if canned.hangs_after.is_some() {
            return Err(self.play.pace.hang().await);
        }
        if canned.dies_after.is_none() {
            self.play.pace.pass(canned.takes.saturating_sub(self.spent)).await?;
            self.spent = canned.takes;
        }
        Ok(())
    }

    async fn exit(&mut self) -> Result<Exit> {
        let canned = self.canned().await?;
        self.last_moments(&canned).await?;
        let exit = canned.exit();
        let stdin_bytes = self.input.lock().data.len() as u64;
        let mut state = self.play.shared.lock();
        if exit.success() {
            canned.writes.iter().try_for_each(|(path, written)| state.write_for_a_program(path, &written.0))?;
        }
        let ran = &mut state.ran[self.play.number];
        ran.exit = Some(exit.clone());
        ran.stdin_bytes = stdin_bytes;
        Ok(exit)
    }
}

struct Stdout(Arc<tokio::sync::Mutex<Stage>>);

impl Source for Stdout {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(async { self.0.lock().await.piece().await })
    }
}

struct Playing(Arc<tokio::sync::Mutex<Stage>>);

impl Process for Playing {
    fn wait(&mut self) -> BoxFuture<'_, Result<Exit>> {
        Box::pin(async { self.0.lock().await.exit().await })
    }
}

/// The input sent to a program.
#[derive(Default)]
struct Input {
    state: Mutex<Sent>,
    changed: Notify,
}

#[derive(Default)]
struct Sent {
    data: Vec<u8>,
    closed: bool,
}

impl Input {
    fn lock(&self) -> MutexGuard<'_, Sent> {
        self.state.lock().unwrap_or_else(|broken| broken.into_inner())
    }

    fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_one();
    }

    /// The input so far, once it is longer than `heard` or complete; and whether more may follow.
    async fn more_than(&self, heard: usize) -> (Bytes, bool) {
        loop {
            let (data, closed) = {
                let sent = self.lock();
                (Bytes::from(sent.data.clone()), sent.closed)
            };
            if closed || data.len() > heard {
                return (data, !closed);
            }
            self.changed.notified().await;
        }
    }

    async fn whole(&self) -> Bytes {
        while !self.lock().closed {
            self.changed.notified().await;
        }
        Bytes::from(self.lock().data.clone())
    }
}

struct Stdin {
    name: String,
    input: Arc<Input>,
    reads_at_most: Option<u64>,
}

impl Stdin {
    fn take(&mut self, data: &[u8]) -> Result<()> {
        let mut sent = self.input.lock();
        let room = self.reads_at_most.map_or(u64::MAX, |most| most.saturating_sub(sent.data.len() as u64));
        let taken = room.min(data.len() as u64) as usize;
        sent.data.extend_from_slice(&data[..taken]);
        self.input.changed.notify_one();
        if taken < data.len() { Err(stopped_reading(&self.name)) } else { Ok(()) }
    }
}

impl Sink for Stdin {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(self.take(&data)))
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        Box::pin(ready(Ok(())))
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        drop(self);
        Box::pin(ready(Ok(())))
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        self.commit()
    }
}

impl Drop for Stdin {
    fn drop(&mut self) {
        self.input.close();
    }
}
