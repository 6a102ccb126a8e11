//! Unpacks gzip: every member, its checksum and its length, to the last byte.

use flate2::{Decompress, FlushDecompress, Status};

use super::Source;
use super::unpack::{Decoder, damaged, unpacked};
use crate::error::{Error, Result};

/// Unpacks all gzip members of `source`. Zeros after the last member are accepted, as in gzip (tapes and
/// block devices pad); anything else there is an error, because half a backup may look like that.
pub fn gunzip(source: Box<dyn Source>) -> Box<dyn Source> {
    let gunzip = Gunzip { inflate: Decompress::new_gzip(WINDOW_BITS), phase: Phase::Member, read_bytes: 0 };
    unpacked(source, "gunzip", gunzip)
}

const WINDOW_BITS: u8 = 15;

/// The first byte of every member.
const MAGIC: u8 = 0x1f;

#[derive(PartialEq)]
enum Phase {
    Member,
    Between,
    Padding,
}

struct Gunzip {
    inflate: Decompress,
    phase: Phase,
    read_bytes: u64,
}

impl Gunzip {
    fn inflate(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        let before = self.inflate.total_in();
        let status = self.inflate.decompress_vec(input, out, FlushDecompress::None);
        let used = self.inflate.total_in() - before;
        self.read_bytes += used;
        match status {
            Ok(Status::StreamEnd) => self.phase = Phase::Between,
            Ok(Status::Ok | Status::BufError) => {}
            Err(cause) => return Err(self.damaged(cause.message().unwrap_or("it is no valid deflate stream"))),
        }
        Ok(used as usize)
    }

    /// Determines what follows a member: another one, zeros, or invalid data.
    fn follow(&mut self, input: &[u8]) -> Result<usize> {
        let zeros = input.iter().take_while(|byte| **byte == 0).count();
        self.read_bytes += zeros as u64;
        if zeros > 0 {
            self.phase = Phase::Padding;
        }
        match input.get(zeros) {
            None => {}
            Some(&MAGIC) if self.phase == Phase::Between => {
                self.inflate = Decompress::new_gzip(WINDOW_BITS);
                self.phase = Phase::Member;
            }
            Some(_) => return Err(self.damaged("something that is not gzip follows the end of the data")),
        }
        Ok(zeros)
    }

    fn damaged(&self, cause: &str) -> Error {
        damaged("gzip", format!("{cause}, near byte {}", self.read_bytes))
    }
}

impl Decoder for Gunzip {
    fn decode(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<usize> {
        match self.phase {
            Phase::Member => self.inflate(input, out),
            Phase::Between | Phase::Padding => self.follow(input),
        }
    }

    fn end(&self) -> Result<()> {
        match self.phase {
            Phase::Member => {
                Err(damaged("gzip", format!("the gzip data ends too early, after {} bytes", self.read_bytes)))
            }
            Phase::Between | Phase::Padding => Ok(()),
        }
    }
}
