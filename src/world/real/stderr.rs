//! Follows the standard error of a program: every line is logged, the last part is kept, and secrets are removed from both.

use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::process::ChildStderr;
use tokio::task::JoinHandle;

use crate::report;
use crate::secret::redact;

/// How much is kept for the error message.
const KEPT_BYTES: usize = 64 << 10;

/// Larger than the kept part, so that a secret at the cut is still whole when it is redacted.
const HELD_BYTES: usize = 2 * KEPT_BYTES;

/// A longer line is logged in parts.
const LINE_BYTES: usize = 8 << 10;

/// After the exit, only the rest in the pipe is left to read. A grandchild could keep the pipe open for ever, so reading stops
/// after this long without output, or after more output than a pipe holds.
const GRACE: Duration = Duration::from_secs(1);
const PIPE_BYTES: u64 = 64 << 10;

pub struct Tail {
    last: Arc<Mutex<LastBytes>>,
    follower: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct LastBytes {
    bytes: Vec<u8>,
    cut: bool,
    read_bytes: u64,
}

/// Starts following; the program never has to wait for hikae.
pub fn follow(pipe: ChildStderr, program: &str) -> Tail {
    let last = Arc::new(Mutex::new(LastBytes::default()));
    let follower = tokio::spawn(read_all(pipe, program.to_owned(), last.clone()));
    Tail { last, follower: Some(follower) }
}

impl Tail {
    /// The last part of the output. Call this after the exit.
    pub async fn text(&mut self) -> String {
        let at_exit = lock(&self.last).read_bytes;
        let mut before = at_exit;
        while let Some(follower) = &mut self.follower {
            if tokio::time::timeout(GRACE, follower).await.is_ok() {
                self.follower = None;
                break;
            }
            // On a busy machine, reading the rest of a full pipe takes longer.
            let now = lock(&self.last).read_bytes;
            if now == before || now - at_exit > PIPE_BYTES {
                break;
            }
            before = now;
        }
        lock(&self.last).text()
    }
}

impl LastBytes {
    fn add(&mut self, data: &[u8]) {
        self.read_bytes += data.len() as u64;
        self.bytes.extend_from_slice(data);
        if self.bytes.len() > 2 * HELD_BYTES {
            self.bytes.drain(..self.bytes.len() - HELD_BYTES);
            self.cut = true;
        }
    }

    fn text(&self) -> String {
        let clean = redact(&String::from_utf8_lossy(&self.bytes));
        let start = clean.ceil_char_boundary(clean.len().saturating_sub(KEPT_BYTES));
        let kept = &clean[start..];
        // The first line may be cut, perhaps within a secret.
        let whole = if start > 0 || self.cut { kept.split_once('\n').map_or(kept, |(_, rest)| rest) } else { kept };
        whole.to_owned()
    }
}

async fn read_all(mut pipe: ChildStderr, program: String, last: Arc<Mutex<LastBytes>>) {
    let (mut data, mut line) = (Vec::with_capacity(LINE_BYTES), Vec::new());
    loop {
        data.clear();
        match pipe.read_buf(&mut data).await {
            Ok(0) => break,
            Ok(_) => lock(&last).add(&data),
            Err(error) => {
                tracing::debug!(target: "hikae::child", program, %error, "its standard error cannot be read");
                break;
            }
        }
        for part in data.split_inclusive(|byte| *byte == b'\n') {
            line.extend_from_slice(part);
            if part.ends_with(b"\n") || line.len() >= LINE_BYTES {
                log_line(&program, &mut line);
            }
        }
    }
    log_line(&program, &mut line);
}

fn log_line(program: &str, line: &mut Vec<u8>) {
    let text = String::from_utf8_lossy(line);
    if !text.trim().is_empty() {
        report::child_said(program, &redact(text.trim_end()));
    }
    line.clear();
}

fn lock(last: &Mutex<LastBytes>) -> MutexGuard<'_, LastBytes> {
    last.lock().unwrap_or_else(|broken| broken.into_inner())
}
