//! Loads a proved dump into its target, and believes neither psql nor the file: both must say at the end that all went in.

use crate::error::{Error, Kind, Result};
use crate::postgres::restore::rewriter::Rewriter;
use crate::postgres::restore::steps::Restoring;
use crate::postgres::restore::steps::prove::Proved;
use crate::postgres::server::explain::explain;
use crate::postgres::server::query::MAX_ANSWER_BYTES;
use crate::report::event;
use crate::stream::stage::Staged;
use crate::stream::{Piece, Sink, Source};
use crate::world::program::run_to_end;
use crate::world::{Child, Exit, program};

/// How the feeding of psql ended.
enum Fed {
    Whole,
    /// psql takes no more; its exit says why.
    Stopped(Error),
}

impl Restoring {
    pub async fn load(&self, proved: &Proved) -> Result<()> {
        match proved.bare && self.jobs > 1 {
            true => self.load_archive().await?,
            false => self.load_plain(proved).await?,
        }
        // What was loaded is what was proved only if nobody has put another file in its place.
        match self.reader.caller.stat(&self.source).await? {
            Some(stat) if (stat.size_bytes, stat.modified) == (proved.stat.size_bytes, proved.stat.modified) => Ok(()),
            _ => Err(replaced()),
        }
    }

    async fn load_plain(&self, proved: &Proved) -> Result<()> {
        let opened = self.open(false).await?;
        let mut dump = Staged::new(opened.source, Rewriter::new(&self.target));
        let mut child = self.loader.spawn(self.server.load(&self.target)).await?;
        let mut stdin = child.stdin.take();
        let exit = {
            let feeding = self.feed(&mut dump, &mut stdin);
            feed_and_wait(feeding, child).await?
        };
        if !exit.success() {
            return Err(explain_load(&self.target, &exit));
        }
        let again = opened.facts.lock().sections.get("database").cloned().unwrap_or_default();
        if again == proved.dump { Ok(()) } else { Err(replaced()) }
    }

    async fn feed(&self, dump: &mut dyn Source, stdin: &mut Option<Box<dyn Sink>>) -> Result<Fed> {
        let Some(sink) = stdin else { return Err(Error::new(Kind::Other, "psql has no standard input")) };
        let mut moved = 0;
        while let Piece::Data(data) = dump.next().await? {
            moved += data.len() as u64;
            if let Err(stopped) = sink.write(data).await {
                return Ok(Fed::Stopped(stopped));
            }
            event::step_progress(self.step, moved);
        }
        if let Err(stopped) = sink.seal().await {
            return Ok(Fed::Stopped(stopped));
        }
        match stdin.take() {
            Some(sink) => Ok(sink.commit().await.map_or_else(Fed::Stopped, |()| Fed::Whole)),
            None => Ok(Fed::Whole),
        }
    }

    async fn load_archive(&self) -> Result<()> {
        let file = self.source.display().to_string();
        let command = self.server.load_archive(&file, &self.target, self.jobs);
        let (_, exit) = program::ask(&self.loader, command, None, MAX_ANSWER_BYTES).await?;
        match exit.success() {
            true => Ok(()),
            false => {
                Err(explain(&format!("`pg_restore` cannot load the database `{}`", self.target), "pg_restore", &exit))
            }
        }
    }
}

/// Feeds psql and waits for its end. A dump that breaks off ends psql, which would take the end of its input for the end of the dump.
async fn feed_and_wait(feeding: impl Future<Output = Result<Fed>>, child: Child) -> Result<Exit> {
    let waiting = run_to_end("psql", child, MAX_ANSWER_BYTES);
    let (fed, (_, exit)) = futures_util::future::try_join(feeding, waiting).await?;
    match fed {
        Fed::Stopped(error) if exit.success() => Err(error),
        _ => Ok(exit),
    }
}

/// The first error of psql, with the line of the dump: it stops there, so that nothing but its details follows.
fn explain_load(target: &str, exit: &Exit) -> Error {
    let lines: Vec<&str> = exit.stderr.lines().collect();
    let is_error =
        |line: &&str| line.starts_with("psql:") && ["ERROR:", "FATAL:"].iter().any(|word| line.contains(word));
    let first = lines.iter().position(is_error);
    let told = first.or_else(|| lines.iter().rposition(|line| line.starts_with("psql:"))).unwrap_or(0);
    let stderr = lines[told..].join("\n");
    explain(&format!("psql cannot load the database `{target}`"), "psql", &Exit { stderr, ..exit.clone() })
}

fn replaced() -> Error {
    Error::new(Kind::Integrity, "the file was changed while it was being restored")
        .hint("let nobody write to it, and restore again")
}
