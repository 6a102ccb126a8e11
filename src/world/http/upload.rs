//! Says what a body is that is sent as a stream, and which answer to it is good, alike in every world.

use super::HttpRequest;
use super::words::{bad_status, wrong_length};
use crate::error::{Error, Result};

/// A request whose body comes as a stream. It is sent once: a stream cannot be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// Without a body of its own.
    pub request: HttpRequest,
    /// The statuses that are good; 200 to 299 when absent.
    pub expect: Option<Vec<u16>>,
    /// How long the body is, for servers that want to know it before. Otherwise it goes in chunks.
    pub size_bytes: Option<u64>,
}

/// Whether a status is a good answer.
pub fn is_expected(expect: Option<&[u16]>, status: u16) -> bool {
    match expect {
        Some(expected) => expected.contains(&status),
        None => (200..300).contains(&status),
    }
}

impl Upload {
    /// Whether this many bytes are no more than were announced.
    pub fn has_room(&self, sent: u64) -> Result<()> {
        match self.size_bytes {
            Some(size) if sent > size => Err(wrong_length(&self.request, sent, size)),
            _ => Ok(()),
        }
    }

    /// Whether this many bytes are as many as were announced.
    pub fn is_whole(&self, sent: u64) -> Result<()> {
        match self.size_bytes {
            Some(size) if sent != size => Err(wrong_length(&self.request, sent, size)),
            _ => Ok(()),
        }
    }

    /// What an answer says of it; `said` is its beginning.
    pub fn judge(&self, status: u16, said: &[u8]) -> Result<()> {
        match is_expected(self.expect.as_deref(), status) {
            true => Ok(()),
            false => Err(self.refused(status, said)),
        }
    }

    /// The error of an answer that came before the end of the body: nobody knows what the server took.
    pub fn refused(&self, status: u16, said: &[u8]) -> Error {
        let error = bad_status(&self.request, status, said, None);
        match status {
            200..=299 => error.because_text("it came before the server had all of the body"),
            300..=399 => error.hint("a stream follows no redirect: give the address that it leads to"),
            _ => error,
        }
    }
}
