//! The messages of object stores, the same in every world, with advice for the user.

use super::{Object, Put, Store};
use crate::error::{Error, Kind, Result};

/// Why a store refused a request.
#[derive(Clone, Debug, Default)]
pub struct Refusal {
    pub status: u16,
    /// The store's own error code, such as `NoSuchBucket`; empty if its answer has none.
    pub code: String,
    pub message: String,
    /// The actual region of the bucket.
    pub region: Option<String>,
}

impl Refusal {
    pub fn new(status: u16, code: &str, message: &str) -> Refusal {
        Refusal { status, code: code.to_owned(), message: message.to_owned(), region: None }
    }

    pub fn kind(&self) -> Kind {
        match (self.code.as_str(), self.status) {
            ("PreconditionFailed" | "ConditionalRequestConflict" | "BucketAlreadyExists", _) => Kind::AlreadyExists,
            ("EntityTooLarge" | "QuotaExceeded", _) => Kind::Space,
            ("XAmzContentSHA256Mismatch" | "BadDigest", _) => Kind::Integrity,
            ("RequestTimeout", _) | (_, 408 | 504) => Kind::Timeout,
            ("InvalidAccessKeyId" | "SignatureDoesNotMatch" | "ExpiredToken" | "InvalidToken", _) | (_, 401 | 403) => {
                Kind::Denied
            }
            (code, _) if is_kept(code) => Kind::Denied,
            (_, 404) => Kind::NotFound,
            (_, 409 | 412) => Kind::AlreadyExists,
            (_, 429 | 500..=599) => Kind::Network,
            _ => Kind::Other,
        }
    }

    /// Whether a retry may help.
    pub fn passes(&self) -> bool {
        const CODES: [&str; 6] =
            ["RequestTimeout", "SlowDown", "BadDigest", "XAmzContentSHA256Mismatch", "IncompleteBody", "Md5Mismatch"];
        matches!(self.status, 429 | 500 | 502..=504) || CODES.contains(&self.code.as_str())
    }

    fn hint(&self, store: &Store) -> Option<String> {
        let fixed = match self.code.as_str() {
            "NoSuchBucket" => {
                return Some(format!("check the name and the region; `objects.make_bucket` makes `{}`", store.bucket));
            }
            "InvalidAccessKeyId" => "the store does not know this `access_key`: check it, and the `endpoint`",
            "SignatureDoesNotMatch" => "`secret_key` does not belong to `access_key`: check both, and the `region`",
            "ExpiredToken" | "InvalidToken" => "the lent key has expired: get a new `session_token` with its keys",
            "RequestTimeTooSkewed" => "the clock of this machine is wrong: look at `timedatectl`, and let it be set",
            "BucketAlreadyExists" => "the name belongs to somebody else: choose another one",
            "EntityTooLarge" => "raise `part_size`, so that the object has fewer parts",
            "QuotaExceeded" => "the quota of this bucket is used up",
            "InvalidObjectState" => "it is archived: `hikae fetch URL --thaw DAYS` asks the store to bring it back",
            code if is_kept(code) => "a lock or a hold keeps it until its time is over",
            "NotImplemented" => "the store does not know how to do that",
            _ => match self.status {
                401 | 403 if self.code.is_empty() => {
                    "the store does not say why: check the key, its secret, the clock of this machine, and the policies"
                }
                401 | 403 => {
                    "the store knows who asks, and does not allow it: look at the policies of the key and of the bucket"
                }
                429 | 503 => "the store is asked too often: try again later",
                500..=599 => "the store itself failed: try again later",
                _ => "",
            },
        };
        let region = self.region.as_ref().filter(|region| store.region.as_ref() != Some(region));
        match region {
            Some(region) => Some(format!("the bucket is elsewhere: `region = {region:?}`")),
            None if fixed.is_empty() => None,
            None => Some(fixed.to_owned()),
        }
    }
}

/// Whether the store's error code means that a lock or a hold protects an object.
fn is_kept(code: &str) -> bool {
    const CODES: [&str; 5] = [
        "BlobImmutableDueToPolicy",
        "BlobImmutableDueToLegalHold",
        "retentionPolicyNotMet",
        "objectUnderActiveHold",
        "ObjectLocked",
    ];
    CODES.contains(&code)
}

/// The store refused the operation `act` on `object`, a title.
pub fn refused(act: &str, object: &str, store: &Store, refusal: &Refusal) -> Error {
    let error = Error::new(refusal.kind(), format!("cannot {act} `{object}`"));
    let why = match (refusal.code.is_empty(), refusal.message.is_empty()) {
        (true, _) => format!("it was answered with {}", refusal.status),
        (false, true) => refusal.code.clone(),
        (false, false) => format!("{}: {}", refusal.code, refusal.message),
    };
    let error = error.because_text(crate::secret::redact(&why));
    match refusal.hint(store) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// The bucket does not exist.
pub fn no_bucket(act: &str, object: &str, store: &Store) -> Error {
    if store.kind.is_tree() {
        return Error::new(Kind::NotFound, format!("cannot {act} `{object}`"))
            .because_text(format!("there is no folder `{}`", store.title()))
            .hint("is the disk mounted? `objects.make_bucket` makes the folder");
    }
    refused(act, object, store, &Refusal::new(404, "NoSuchBucket", "The specified bucket does not exist"))
}

/// The key has no object.
pub fn no_object(act: &str, object: &Object) -> Error {
    Error::new(Kind::NotFound, format!("cannot {act} `{object}`"))
        .because_text("nothing is stored under this key")
        .hint("`objects.list` shows what is there")
}

/// A new object would have replaced another with the same key.
pub fn taken(object: &Object) -> Error {
    Error::new(Kind::AlreadyExists, format!("cannot put `{object}`"))
        .because_text("an object is stored under this key already")
        .hint("nothing was changed: choose another key")
}

/// Google, used with S3 keys, replaces existing objects: it ignores the condition, and has none for multipart uploads.
pub fn not_exclusive(object: &Object) -> Error {
    Error::new(Kind::Recipe, format!("cannot put `{object}`"))
        .because_text(
            "Google ignores `If-None-Match` from those who ask with HMAC keys: another object could be overwritten",
        )
        .hint(format!("write `gs://{}`, which asks Google by its own API", object.store.bucket))
}

/// Refuses options that only buckets support, for a store of files.
pub fn only_files(put: &Put) -> Result<()> {
    let (option, what) = match put {
        Put { storage_class: Some(_), .. } => ("storage_class", "storage classes"),
        Put { encryption: Some(_), .. } => ("encryption", "encryption of its own"),
        Put { lock: Some(_), .. } => ("lock", "locks that hikae asks for: the store itself may have some"),
        _ => return Ok(()),
    };
    Err(Error::new(Kind::Recipe, format!("cannot put `{}`", put.object))
        .because_text(format!("a store of the kind `{}` has no {what}", put.object.store.kind.scheme()))
        .hint(format!("leave `{option}` out")))
}

/// The store's answer cannot be parsed.
pub fn unreadable(title: &str) -> Error {
    Error::new(Kind::Other, format!("cannot read what the store says of `{title}`"))
        .hint("is this a store of the kind that the address names?")
}

/// The answer does not say how long the object is.
pub fn no_length(object: &Object) -> Error {
    Error::new(Kind::Integrity, format!("nobody can tell whether all of `{object}` would come"))
        .because_text("the answer does not say how long the object is")
        .hint("the store, or a proxy before it, must send `Content-Length`")
}

/// The answer does not say whether it is an object.
pub fn no_version(object: &Object) -> Error {
    Error::new(Kind::Integrity, format!("cannot get `{object}`"))
        .because_text("the answer has no `ETag`: it may be an error, and not the object")
        .hint("is this a store of the kind that the address names, and is there a proxy before it?")
}

/// The object had another length than the store said.
pub fn wrong_length(object: &Object, got: u64, of: u64) -> Error {
    Error::new(Kind::Integrity, format!("cannot read `{object}` to its end"))
        .because_text(format!("{got} of {of} bytes had come"))
        .hint("the store or the network ended it: try again")
}

/// The store answered with less than the whole object, although all of it was requested.
pub fn only_a_part(object: &Object, status: u16) -> Error {
    Error::new(Kind::Integrity, format!("cannot get `{object}`"))
        .because_text(format!("the store answered with {status}: only a part of the object"))
        .hint("the store or a proxy cut it: ask for it again, past the proxy")
}

/// The object was replaced since its first bytes were read.
pub fn replaced(object: &Object) -> Error {
    Error::new(Kind::Integrity, format!("cannot read `{object}` to its end"))
        .because_text("another object has taken its key meanwhile")
        .hint("read it again from the beginning")
}

/// The received bytes do not match the store's checksum.
pub fn not_as_stored(object: &Object, why: impl Into<String>) -> Error {
    Error::new(Kind::Integrity, format!("`{object}` did not come as it is stored"))
        .because_text(why)
        .hint("the network, a proxy or the store changed it: get it again")
}

/// The bytes of the object are compressed, and its name does not say so.
pub fn is_packed(object: &Object, coding: &str) -> Error {
    Error::new(Kind::Integrity, format!("cannot get `{object}`"))
        .because_text(format!("it is packed: `Content-Encoding: {coding}`, which its name does not say"))
        .hint("store it again without this header, or under a name with the ending of its packing")
}

/// The stored bytes differ from those sent.
pub fn not_as_sent(object: &Object, why: impl Into<String>) -> Error {
    Error::new(Kind::Integrity, format!("`{object}` is not stored as it was sent"))
        .because_text(why)
        .hint("another program stores under the same key, or the store is broken")
}
