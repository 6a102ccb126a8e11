//! The messages for broken data in the format `age`, and for wrong keys.

use std::io;

use ::age::DecryptError;

use crate::error::{Error, Kind};

const WHAT: &str = "cannot decrypt the `age` data";
const DAMAGED: &str = "the file is damaged or incomplete: copy it again from where it came, or take another backup";

fn damaged(cause: impl Into<String>) -> Error {
    Error::new(Kind::Integrity, WHAT).because_text(cause).hint(DAMAGED)
}

fn denied(cause: &str, hint: &str) -> Error {
    Error::new(Kind::Denied, WHAT).because_text(cause).hint(hint)
}

/// The header could not be read.
pub fn of_header(cause: DecryptError) -> Error {
    match cause {
        DecryptError::UnknownFormat => damaged("it is of a version of the format that this hikae does not know"),
        DecryptError::Io(cause) => of_payload(cause, 0),
        _ => damaged("it does not begin as `age` data does"),
    }
}

/// The header is valid, but no key opens it.
pub fn of_key(cause: DecryptError) -> Error {
    match cause {
        DecryptError::NoMatchingKeys => denied(
            "it is encrypted to other recipients",
            "give the identity of one of its recipients: the manifest beside the file names them",
        ),
        DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            denied("the passphrase is wrong", "give the passphrase that the file was encrypted with")
        }
        DecryptError::ExcessiveWork { required, .. } => denied(
            &format!("its passphrase needs more work than hikae does: a work factor of {required}"),
            "was it made by hikae? decrypt it with the program `age`",
        ),
        DecryptError::Io(cause) => of_payload(cause, 0),
        _ => damaged("its header was changed after it was written"),
    }
}

/// A passphrase was passed for a file that has recipients.
pub fn no_passphrase() -> Error {
    denied("it is encrypted to recipients, and a passphrase was given", "give `identity` in place of `passphrase`")
}

/// An identity was passed for a file that has a passphrase.
pub fn by_passphrase() -> Error {
    denied("it is encrypted by a passphrase, and an identity was given", "give `passphrase` in place of `identity`")
}

/// The payload is damaged.
pub fn of_payload(cause: io::Error, read_bytes: u64) -> Error {
    match cause.kind() {
        io::ErrorKind::UnexpectedEof => damaged(format!("it ends too early, after {read_bytes} bytes")),
        _ => damaged(format!("a chunk near byte {read_bytes} is not what was encrypted")),
    }
}

/// All chunks are valid, but there is extra or missing data.
pub fn of_size(read_bytes: u64, plain_bytes: u64) -> Error {
    damaged(format!("it has {read_bytes} bytes, which is not the size of {plain_bytes} plain ones"))
}
