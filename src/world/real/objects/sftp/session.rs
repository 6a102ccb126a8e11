//! Holds one conversation with an SFTP server, over the pipes of `ssh`.

use std::time::Duration;

use bytes::Bytes;
use russh_sftp::client::error::Error as SftpError;
use russh_sftp::client::fs::Metadata;
use russh_sftp::client::{Config, SftpSession};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex, split};
use tokio::sync::Mutex;
use tokio::task::JoinSet;

use super::{is_absent, kind_of};
use crate::error::{Error, Kind, Result};
use crate::stream::{Piece, Sink, Source};
use crate::world::Child;
use crate::world::objects::Store;
use crate::world::program::failure;
use crate::world::real::objects::Reach;
use crate::world::reply::Process;

/// The size of the buffer between us and the pipes.
const PIPE_BYTES: usize = 256 << 10;

/// How long a server may take for one answer: a disk that spins up, or an fsync of gigabytes.
const ANSWER_SECS: u64 = 300;

/// How long a program may take to report why its connection broke.
const LAST_WORDS: Duration = Duration::from_secs(5);

pub struct Session {
    pub sftp: SftpSession,
    process: Mutex<Box<dyn Process>>,
    #[expect(dead_code, reason = "they end with the session")]
    carriers: JoinSet<()>,
}

impl Session {
    pub async fn open(store: &Store, reach: &Reach) -> Result<Session> {
        if !reach.runs("ssh") {
            return Err(Error::new(Kind::Denied, "the recipe may not run `ssh`")
                .hint("add the `sftp://…` address to `objects` in its needs"));
        }
        let Child { stdin, stdout, mut process } = reach.start("ssh", &arguments(&store.bucket), true).await?;
        let stdin = stdin.ok_or_else(|| Error::new(Kind::Other, "`ssh` has no input"))?;
        let (near, far) = duplex(PIPE_BYTES);
        let mut carriers = JoinSet::new();
        carry(&mut carriers, far, stdin, stdout);
        let config = Config { request_timeout_secs: ANSWER_SECS, ..Config::default() };
        match SftpSession::new_with_config(near, config).await {
            Ok(sftp) => Ok(Session { sftp, process: Mutex::new(process), carriers }),
            Err(error) => Err(why(&mut *process, &error).await),
        }
    }

    /// The metadata at a path, links followed; `None` if nothing exists there.
    pub async fn look(&self, path: &str) -> Result<Option<Metadata>, SftpError> {
        match self.sftp.symlink_metadata(path).await {
            Ok(seen) if seen.is_symlink() => self.sftp.metadata(path).await.map(Some),
            Ok(seen) => Ok(Some(seen)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Creates a folder and its missing parents.
    pub async fn make_way(&self, path: &str) -> Result<(), SftpError> {
        let mut missing = Vec::new();
        let mut folder = path;
        while !folder.is_empty() && self.look(folder).await?.is_none() {
            missing.push(folder);
            folder = folder.rsplit_once('/').map_or("", |(above, _)| above);
        }
        for folder in missing.into_iter().rev() {
            if let Err(error) = self.sftp.create_dir(folder).await
                && self.look(folder).await?.is_none()
            {
                return Err(error);
            }
        }
        Ok(())
    }

    /// The error of an operation, with the message of `ssh` if the connection broke.
    pub async fn explain(&self, error: SftpError, act: &str, title: &str) -> Error {
        let what = format!("cannot {act} `{title}`");
        match kind_of(&error) {
            Kind::Network => why(&mut **self.process.lock().await, &error).await.within(what),
            kind => Error::new(kind, what).because(error),
        }
    }
}

/// Why a connection broke: the exit of `ssh`, if it has exited.
async fn why(process: &mut dyn Process, error: &SftpError) -> Error {
    match tokio::time::timeout(LAST_WORDS, process.wait()).await {
        Ok(Ok(exit)) if !exit.success() => {
            let cause = failure("ssh", &exit);
            let hint = "does `ssh HOST` connect without asking anything? keys and known hosts are OpenSSH's own";
            Error::new(Kind::Network, "the SFTP server cannot be reached").because(cause).hint(hint)
        }
        Ok(Err(error)) => error,
        _ => Error::new(Kind::Network, "the SFTP server does not answer").because(error.clone()),
    }
}

/// The arguments of `ssh` for `host`, `user@host` or `host:2222`.
fn arguments(host: &str) -> Vec<String> {
    let port = host.rsplit_once(':').filter(|(_, port)| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()));
    let mut args: Vec<&str> = vec!["-oBatchMode=yes", "-oServerAliveInterval=30", "-oClearAllForwardings=yes"];
    if let Some((_, port)) = port {
        args.extend(["-p", port]);
    }
    args.extend(["-s", port.map_or(host, |(host, _)| host), "sftp"]);
    args.into_iter().map(str::to_owned).collect()
}

/// Moves bytes between the SFTP client and the pipes of the program.
fn carry(carriers: &mut JoinSet<()>, far: DuplexStream, mut stdin: Box<dyn Sink>, mut stdout: Box<dyn Source>) {
    let (mut from, mut to) = split(far);
    carriers.spawn(async move {
        let mut block = vec![0; 64 << 10];
        while let Ok(count @ 1..) = from.read(&mut block).await {
            if stdin.write(Bytes::copy_from_slice(&block[..count])).await.is_err() {
                break;
            }
        }
    });
    carriers.spawn(async move {
        while let Ok(Piece::Data(data)) = stdout.next().await {
            if to.write_all(&data).await.is_err() {
                break;
            }
        }
        // Signals the other side that no more data follows.
        to.shutdown().await.unwrap_or_default();
    });
}
