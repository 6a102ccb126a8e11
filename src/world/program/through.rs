//! Pipes a stream through a program: the output ends well only if the program has read everything and exited with code 0.

use std::any::Any;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;

use futures_util::future::BoxFuture;

use super::{Explain, failure};
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Sink, Source};
use crate::units::show_size;
use crate::world::reply::Process;
use crate::world::{Child, Exit};

/// Without an explicit limit, a program may write this many times its input, plus this many bytes. Well-packed
/// zeros unpack to more; such a case needs an explicit limit.
const TIMES: u64 = 100;
const BEYOND: u64 = 1 << 30;

/// A source that goes through a program.
pub struct Through {
    program: String,
    feeding: Option<BoxFuture<'static, Result<Fed>>>,
    /// Why the program stopped reading, if it did not read everything.
    stopped: Option<Error>,
    stdout: Box<dyn Source>,
    process: Box<dyn Process>,
    explain: Option<Explain>,
    expect: Option<Expect>,
    /// Kept alive as long as the program runs.
    held: Option<Box<dyn Any + Send>>,
    max_bytes: Option<u64>,
    taken: Arc<AtomicU64>,
    written: u64,
}

/// Checks the successful exit of a known program.
type Expect = Box<dyn Fn(&Exit) -> Result<()> + Send>;

/// How feeding the program ended, if the source did not fail.
enum Fed {
    All,
    /// The program stopped reading.
    Stopped(Error),
}

impl Through {
    /// `child` must have been started with its standard input open.
    pub fn new(program: impl Into<String>, source: Box<dyn Source>, child: Child) -> Through {
        let Child { stdin, stdout, process } = child;
        let taken = Arc::new(AtomicU64::default());
        let feeding: Option<BoxFuture<'static, Result<Fed>>> = match stdin {
            Some(stdin) => Some(Box::pin(feed(source, stdin, taken.clone()))),
            None => None,
        };
        let program = program.into();
        Through {
            program,
            feeding,
            stopped: None,
            stdout,
            process,
            explain: None,
            expect: None,
            held: None,
            max_bytes: None,
            taken,
            written: 0,
        }
    }

    /// Sets a function that explains the failure of a known program.
    pub fn explain(self, explain: impl Fn(&Exit) -> Error + Send + 'static) -> Through {
        Through { explain: Some(Box::new(explain)), ..self }
    }

    /// Sets an additional check for an exit with code 0.
    pub fn expecting(self, expect: impl Fn(&Exit) -> Result<()> + Send + 'static) -> Through {
        Through { expect: Some(Box::new(expect)), ..self }
    }

    /// Keeps a value alive as long as the program runs.
    pub fn holding(self, held: impl Any + Send) -> Through {
        Through { held: Some(Box::new(held)), ..self }
    }

    /// The most that the program may write.
    pub fn at_most(self, max_bytes: Option<u64>) -> Through {
        Through { max_bytes, ..self }
    }

    async fn step(&mut self) -> Result<Piece> {
        let piece = alongside(&mut self.feeding, &mut self.stopped, self.stdout.next()).await??;
        match &piece {
            Piece::Data(data) => {
                self.written += data.len() as u64;
                self.must_be_credible()?;
            }
            Piece::End => self.end().await?,
        }
        Ok(piece)
    }

    /// The program has closed its output: it must have read everything, and must exit with code 0.
    async fn end(&mut self) -> Result<()> {
        let exit = alongside(&mut self.feeding, &mut self.stopped, self.process.wait()).await??;
        if !exit.success() {
            return Err(match &self.explain {
                Some(explain) => explain(&exit),
                None => failure(&self.program, &exit),
            });
        }
        if let Some(feeding) = self.feeding.take()
            && let Fed::Stopped(error) = feeding.await?
        {
            self.stopped = Some(error);
        }
        match self.stopped.take() {
            None => {
                self.held = None;
                self.expect.as_ref().map_or(Ok(()), |expect| expect(&exit))
            }
            Some(cause) => {
                Err(Error::new(Kind::Command, format!("`{}` ended before it had read everything", self.program))
                    .because(cause)
                    .hint("it still exited with code 0: what it wrote is not of the whole stream"))
            }
        }
    }

    fn must_be_credible(&self) -> Result<()> {
        let taken = self.taken.load(Ordering::Relaxed);
        let most = self.max_bytes.unwrap_or_else(|| taken.saturating_mul(TIMES).saturating_add(BEYOND));
        if self.written <= most {
            return Ok(());
        }
        let (wrote, read) = (show_size(self.written), show_size(taken));
        Err(Error::new(Kind::Space, format!("`{}` writes without end", self.program))
            .because_text(format!("it wrote {wrote}, and was given {read}"))
            .hint("say how much it may write, if that is right: `max_bytes`"))
    }
}

impl Source for Through {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

/// Waits for `work` while the program is fed. An error of the source comes first; if the program stops reading, that is only
/// noted: its exit says why.
async fn alongside<T>(
    feeding: &mut Option<BoxFuture<'static, Result<Fed>>>,
    stopped: &mut Option<Error>,
    work: impl Future<Output = T>,
) -> Result<T> {
    let mut work = pin!(work);
    poll_fn(|context| {
        if let Some(fed) = feeding.as_mut()
            && let Poll::Ready(done) = fed.as_mut().poll(context)
        {
            *feeding = None;
            if let Fed::Stopped(error) = done? {
                *stopped = Some(error);
            }
        }
        work.as_mut().poll(context).map(Ok)
    })
    .await
}

async fn feed(mut source: Box<dyn Source>, mut stdin: Box<dyn Sink>, taken: Arc<AtomicU64>) -> Result<Fed> {
    while let Piece::Data(data) = source.next().await? {
        let size = data.len() as u64;
        if let Err(error) = stdin.write(data).await {
            return no_more(error);
        }
        taken.fetch_add(size, Ordering::Relaxed);
    }
    if let Err(error) = stdin.seal().await {
        return no_more(error);
    }
    stdin.commit().await.map_or_else(no_more, |()| Ok(Fed::All))
}

/// Passes on a timeout as an error; a program that closed its input is judged by its exit.
fn no_more(error: Error) -> Result<Fed> {
    match error.kind() {
        Kind::Command => Ok(Fed::Stopped(error)),
        _ => Err(error),
    }
}
