//! Describes a body that is sent as a stream, and decides which answer to it is good, the same in every world.

use super::HttpRequest;
use super::words::{bad_status, wrong_length};
use crate::error::{Error, Result};

/// A request whose body comes as a stream. It is sent once: a stream cannot be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The request without its body.
    pub request: HttpRequest,
    /// The accepted statuses; 200 to 299 when absent.
    pub expect: Option<Vec<u16>>,
    /// The length of the body, for servers that need it in advance. Otherwise the body is sent in chunks.
    pub size_bytes: Option<u64>,
}

/// Whether a status is accepted.
pub fn is_expected(expect: Option<&[u16]>, status: u16) -> bool {
    match expect {
        Some(expected) => expected.contains(&status),
        None => (200..300).contains(&status),
    }
}

impl Upload {
    /// Checks that this many bytes do not exceed the announced length.
    pub fn has_room(&self, sent: u64) -> Result<()> {
        match self.size_bytes {
            Some(size) if sent > size => Err(wrong_length(&self.request, sent, size)),
            _ => Ok(()),
        }
    }

    /// Checks that this many bytes are exactly the announced length.
    pub fn is_whole(&self, sent: u64) -> Result<()> {
        match self.size_bytes {
            Some(size) if sent != size => Err(wrong_length(&self.request, sent, size)),
            _ => Ok(()),
        }
    }

    /// The result of the upload according to the answer; `said` is the beginning of its body.
    pub fn judge(&self, status: u16, said: &[u8]) -> Result<()> {
        match is_expected(self.expect.as_deref(), status) {
            true => Ok(()),
            false => Err(self.refused(status, said)),
        }
    }

    /// The error of an answer that came before the end of the body: what the server accepted is unknown.
    pub fn refused(&self, status: u16, said: &[u8]) -> Error {
        let error = bad_status(&self.request, status, said, None);
        match status {
            200..=299 => error.because_text("it came before the server had all of the body"),
            300..=399 => error.hint("a stream follows no redirect: give the address that it leads to"),
            _ => error,
        }
    }
}
