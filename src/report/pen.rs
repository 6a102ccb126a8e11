//! Writes whole lines to the two standard outputs, and goes on when nobody reads them.

use std::io::{ErrorKind, Write};
use std::sync::Mutex;

/// One output. A line is written at once, so that lines of parallel branches never mix.
struct Pen {
    out: Box<dyn Write + Send>,
    /// The reader has gone (`hikae run … | head -1`); hikae goes on, silently, as it does under `nohup`.
    gone: bool,
    /// It was reported that this output does not work.
    reported: bool,
}

impl Pen {
    fn new(out: Box<dyn Write + Send>) -> Pen {
        Pen { out, gone: false, reported: false }
    }

    /// Writes a line. A backup does not stop because its log cannot be written: the first reason is handed back, once.
    fn line(&mut self, line: &str) -> Option<std::io::Error> {
        if self.gone {
            return None;
        }
        let written = self.out.write_all(format!("{line}\n").as_bytes()).and_then(|()| self.out.flush());
        let error = written.err()?;
        self.gone = error.kind() == ErrorKind::BrokenPipe;
        let first = !self.gone && !self.reported;
        self.reported = true;
        first.then_some(error)
    }
}

/// Both outputs.
pub struct Pens {
    out: Mutex<Pen>,
    err: Mutex<Pen>,
}

impl Pens {
    pub fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>) -> Pens {
        Pens { out: Mutex::new(Pen::new(out)), err: Mutex::new(Pen::new(err)) }
    }

    /// A line for standard output; if that cannot be written (a full disk under the log), standard error gets one line about it.
    pub fn out(&self, line: &str) {
        let trouble = self.out.lock().unwrap_or_else(|broken| broken.into_inner()).line(line);
        if let Some(error) = trouble {
            self.err(&format!("WARN: cannot write to the standard output: {error}"));
        }
    }

    /// A line for standard error; there is nobody left to report it to when that fails.
    pub fn err(&self, line: &str) {
        let _nobody_left = self.err.lock().unwrap_or_else(|broken| broken.into_inner()).line(line);
    }
}
