//! Writes whole lines to the two standard outputs, and continues if nobody reads them.

use std::io::{ErrorKind, Write};
use std::sync::Mutex;

/// One output. A line is written at once, so that lines of parallel branches never mix.
struct Pen {
    out: Box<dyn Write + Send>,
    /// The reader is gone (`hikae run … | head -1`); hikae continues silently, as under `nohup`.
    gone: bool,
    /// The failure of this output was already reported.
    reported: bool,
}

impl Pen {
    fn new(out: Box<dyn Write + Send>) -> Pen {
        Pen { out, gone: false, reported: false }
    }

    /// Writes a line. A backup does not stop because its log cannot be written: only the first error is returned.
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

    /// Writes a line to standard output; if that fails (disk full), standard error gets one line about it.
    pub fn out(&self, line: &str) {
        let trouble = self.out.lock().unwrap_or_else(|broken| broken.into_inner()).line(line);
        if let Some(error) = trouble {
            self.err(&format!("WARN: cannot write to the standard output: {error}"));
        }
    }

    /// Writes a line to standard error; a failure cannot be reported anywhere.
    pub fn err(&self, line: &str) {
        let _nobody_left = self.err.lock().unwrap_or_else(|broken| broken.into_inner()).line(line);
    }
}
