//! Unpacks zstd: every frame, with its checksum, to the last byte.

use ::zstd::zstd_safe::{DCtx, InBuffer, OutBuffer, get_error_name};

use super::Source;
use super::unpack::{Decoder, damaged, unpacked};
use crate::error::{Error, Result};

/// Unpacks all zstd frames of `source`.
pub fn unzstd(source: Box<dyn Source>) -> Box<dyn Source> {
    unpacked(source, "unzstd", Unzstd { context: DCtx::create(), inside: true, read_bytes: 0 })
}

struct Unzstd {
    context: DCtx<'static>,
    /// Whether a frame is open. No input at all is no frame, so it begins open.
    inside: bool,
    read_bytes: u64,
}

impl Decoder for Unzstd {
    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        // A call without input after the end of a frame would open the next one.
        if input.is_empty() && !self.inside {
            return Ok(0);
        }
        let mut input = InBuffer::around(input);
        let missing = self.context.decompress_stream(&mut OutBuffer::around(out), &mut input);
        self.read_bytes += input.pos() as u64;
        self.inside = missing.map_err(|code| refused(get_error_name(code), self.read_bytes))? > 0;
        Ok(input.pos())
    }

    fn end(&self) -> Result<()> {
        match self.inside {
            true => Err(damaged("zstd", format!("the zstd data ends too early, after {} bytes", self.read_bytes))),
            false => Ok(()),
        }
    }
}

fn refused(cause: &str, read_bytes: u64) -> Error {
    let error = damaged("zstd", format!("{cause}, near byte {read_bytes}"));
    match cause.contains("too much memory") {
        true => error.hint("it was made with a larger window than hikae allows: unpack it with `zstd -d --long=31`"),
        false => error,
    }
}
