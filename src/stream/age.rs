//! Encrypts and decrypts in the format `age`, as a stage of a stream, with bounded memory.

use std::io::{self, Read, Write};
use std::sync::Arc;

use ::age::{Decryptor, Encryptor};
use bytes::Bytes;
use tokio::sync::mpsc;

use self::inlet::Inlet;
use super::ahead::{Ahead, WAITING, Worked, feed};
use super::encrypting::{Encryption, Sealer, encrypted};
use super::{Piece, SharedFacts, Source};
use crate::error::{Error, Kind, Result};

mod inlet;
mod keys;
mod trouble;

pub use keys::{Key, Lock};

/// The plain bytes of one chunk. A tag of 16 bytes follows.
const CHUNK_BYTES: u64 = 64 * 1024;
const TAG_BYTES: u64 = 16;

/// The largest piece that is sent on at once.
const PIECE_BYTES: usize = 256 * 1024;

/// Encrypts `source`. Each call makes its own throwaway key to prove the stored bytes; the key is never written anywhere.
pub fn age(source: Box<dyn Source>, lock: Lock, facts: &SharedFacts) -> Box<dyn Source> {
    let beside = lock.clone();
    let sealer = Sealer(Arc::new(move |source, facts| age(source, beside.clone(), facts)));
    let (locking, key) = lock.for_one_stream();
    let (recipients, throwaway) = (locking.names(), locking.throwaway_name());
    let encryption = Encryption { kind: "age".to_owned(), passphrase: recipients.is_empty(), recipients, throwaway };
    let undo = if encryption.passphrase { "age --decrypt" } else { "age --decrypt --identity identity.txt" };
    let back = Arc::new(move |source| unage(source, key.clone()));
    let tallied = match encrypted(source, encryption, undo, back, sealer, facts) {
        Ok(tallied) => tallied,
        Err(refused) => return refused,
    };
    let (packed, ready) = mpsc::channel(WAITING);
    let feeding = feed(tallied, "age", move |plain| encrypt(locking, plain, packed));
    Box::new(Worked::new("age", Ahead::new(feeding), ready))
}

/// Decrypts `source`. Each chunk is checked before it is returned; only the last chunk leads to `End`.
pub fn unage(source: Box<dyn Source>, key: Key) -> Box<dyn Source> {
    let (plain, ready) = mpsc::channel(WAITING);
    let feeding = feed(source, "unage", move |packed| decrypt(&key, packed, plain));
    Box::new(Worked::new("unage", Ahead::new(feeding), ready))
}

/// The payload size for this many plain bytes, with the nonce: the format fixes it.
pub fn payload_bytes(plain: u64) -> u64 {
    TAG_BYTES + plain + TAG_BYTES * plain.div_ceil(CHUNK_BYTES).max(1)
}

type Ready = mpsc::Sender<Result<Piece>>;

fn encrypt(lock: keys::Locking, plain: mpsc::Receiver<Piece>, packed: Ready) {
    let last = match write_file(&lock, plain, Outlet::new(packed.clone())) {
        Ok(true) => Ok(Piece::End),
        Ok(false) => return,
        Err(cause) => Err(Error::new(Kind::Other, "cannot encrypt with `age`").because(cause)),
    };
    // The pipeline may have been dropped meanwhile: then the answer is not needed.
    let _unheard = packed.blocking_send(last);
}

/// Writes the whole file; `false` when the input was abandoned before its end.
fn write_file(lock: &keys::Locking, mut plain: mpsc::Receiver<Piece>, outlet: Outlet) -> io::Result<bool> {
    let recipients = lock.recipients();
    let encryptor = Encryptor::with_recipients(recipients.iter().map(|one| &**one as &dyn ::age::Recipient));
    let mut file = encryptor.map_err(io::Error::other)?.wrap_output(outlet)?;
    let mut plain_bytes = 0;
    while let Some(piece) = plain.blocking_recv() {
        match piece {
            Piece::Data(data) => {
                plain_bytes += data.len() as u64;
                file.write_all(&data)?;
            }
            Piece::End => {
                let mut outlet = file.finish()?;
                outlet.flush()?;
                return outlet.must_have_written(plain_bytes).map(|()| true);
            }
        }
    }
    Ok(false)
}

fn decrypt(key: &Key, packed: mpsc::Receiver<Piece>, plain: Ready) {
    let last = match read_file(key, packed, &plain) {
        Ok(true) => Ok(Piece::End),
        Ok(false) => return,
        Err(error) => Err(error),
    };
    let _unheard = plain.blocking_send(last);
}

/// Whether the rest was still needed at the end.
fn read_file(key: &Key, packed: mpsc::Receiver<Piece>, plain: &Ready) -> Result<bool> {
    let inlet = Inlet::new(packed);
    let read = inlet.count();
    let decryptor = Decryptor::new_buffered(inlet).map_err(trouble::of_header)?;
    let header_bytes = read.get() - TAG_BYTES; // the nonce belongs to the payload, and is as long as a tag
    key.fits(decryptor.is_scrypt())?;
    let identities = key.identities();
    let mut file =
        decryptor.decrypt(identities.iter().map(|one| &**one as &dyn ::age::Identity)).map_err(trouble::of_key)?;
    let mut plain_bytes = 0;
    loop {
        let mut out = vec![0; PIECE_BYTES];
        let mut filled = 0;
        while filled < out.len() {
            match file.read(&mut out[filled..]).map_err(|cause| trouble::of_payload(cause, read.get()))? {
                0 => break,
                count => filled += count,
            }
        }
        if filled == 0 {
            break;
        }
        plain_bytes += filled as u64;
        out.truncate(filled);
        if plain.blocking_send(Ok(Piece::Data(out.into()))).is_err() {
            return Ok(false);
        }
    }
    match read.get() == header_bytes + payload_bytes(plain_bytes) {
        true => Ok(true),
        false => Err(trouble::of_size(read.get(), plain_bytes)),
    }
}

/// Sends what the encryptor writes to the reader of the stream, and counts it.
struct Outlet {
    packed: Ready,
    gathered: Vec<u8>,
    written: u64,
    /// The bytes that were written before the first chunk.
    header_bytes: Option<u64>,
}

impl Outlet {
    fn new(packed: Ready) -> Outlet {
        Outlet { packed, gathered: Vec::new(), written: 0, header_bytes: None }
    }

    /// The last line of the header is the only one that begins with three dashes. The nonce comes next.
    fn header_is_whole(&self) -> bool {
        let Some(lines) = self.gathered.strip_suffix(b"\n") else { return false };
        let last = lines.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        lines[last..].starts_with(b"--- ")
    }

    fn must_have_written(&self, plain_bytes: u64) -> io::Result<()> {
        let expected = self.header_bytes.unwrap_or_default() + payload_bytes(plain_bytes);
        match self.written == expected {
            true => Ok(()),
            false => Err(io::Error::other(format!(
                "it wrote {} bytes, where {plain_bytes} plain ones make {expected}",
                self.written
            ))),
        }
    }
}

impl Write for Outlet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.header_bytes.is_none() && self.header_is_whole() {
            self.header_bytes = Some(self.written);
        }
        self.written += bytes.len() as u64;
        self.gathered.extend_from_slice(bytes);
        if self.gathered.len() >= PIECE_BYTES {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        let piece = Piece::Data(Bytes::from(std::mem::take(&mut self.gathered)));
        self.packed.blocking_send(Ok(piece)).map_err(|_gone| io::Error::from(io::ErrorKind::BrokenPipe))
    }
}
