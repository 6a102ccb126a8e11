//! Reads and writes the index that a sync keeps in the store: its owner, and the objects that it uploaded.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::item::{Hash, Item, hash_of};
use crate::error::{Error, Kind, Result};
use crate::stream::ReadBack;
use crate::stream::hex::hex;
use crate::stream::pump::collect;
use crate::world::Caller;
use crate::world::objects::{Object, Put, Store};

/// The name of the index under the prefix.
pub const INDEX: &str = ".hikae-sync.jsonl.zst";

/// The version of the format.
const VERSION: u32 = 1;

/// The size limit of an index: more than a million objects need.
const MAX_BYTES: usize = 256 << 20;
const LEVEL: i32 = 3;

/// The owner of the sync: the first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    pub sync: u32,
    /// The id of the source, from its marker.
    pub id: String,
    pub host: String,
    pub source: String,
    /// The last run that wrote it.
    pub written_by: String,
    pub written_at: String,
}

impl Index {
    pub fn new(id: &str, host: &str, source: &str, written_by: &str, written_at: &str) -> Index {
        let owned = str::to_owned;
        let (host, source, written_by) = (owned(host), owned(source), owned(written_by));
        Index { sync: VERSION, id: owned(id), host, source, written_by, written_at: owned(written_at) }
    }
}

/// One object: one line each, by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    pub name: Box<str>,
    pub size_bytes: u64,
    pub mtime: i64,
    #[serde(default, with = "hash", skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Hash>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_at: Option<i64>,
    #[serde(default)]
    pub etag: Box<str>,
    /// Whether this sync has uploaded it.
    pub own: bool,
    /// Whether the upload was only about to begin.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub pending: bool,
}

impl Record {
    pub fn of(item: &Item, pending: bool) -> Record {
        let Item { name, size_bytes, mtime, sha256, created_at, etag, own, .. } = item.clone();
        Record { name, size_bytes, mtime, sha256, created_at, etag, own, pending }
    }
}

mod hash {
    use serde::{Deserialize, Deserializer, Serializer};

    use super::{Hash, hash_of, hex};

    pub fn serialize<S: Serializer>(hash: &Option<Hash>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&hash.as_ref().map(hex).unwrap_or_default())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Hash>, D::Error> {
        Ok(hash_of(&String::deserialize(deserializer)?))
    }
}

/// Reads the index under `key`.
pub async fn read(caller: &Caller, store: &Arc<Store>, key: &str) -> Result<(Index, BTreeMap<Box<str>, Record>)> {
    let object = Object::new(store.clone(), key)?;
    let title = object.to_string();
    let broken = || {
        Error::new(Kind::Integrity, format!("cannot read `{title}`, where the sync keeps what it has put there"))
            .hint("remove this object: the next sync compares every object again, and deletes none of them")
    };
    let mut source = caller.get(object).await?;
    let packed = collect(&mut *source, MAX_BYTES, broken).await?;
    let unpacked = zstd::Decoder::with_buffer(&packed[..]).map_err(|cause| broken().because(cause))?;
    let mut lines = BufReader::new(unpacked).lines();
    let first = lines.next().ok_or_else(broken)?.map_err(|cause| broken().because(cause))?;
    let index: Index = serde_json::from_str(&first).map_err(|cause| broken().because(cause))?;
    if index.sync != VERSION {
        return Err(broken().because_text(format!("it is of version {}", index.sync)).hint("update this hikae"));
    }
    let mut records = BTreeMap::new();
    for line in lines {
        let line = line.map_err(|cause| broken().because(cause))?;
        let record: Record = serde_json::from_str(&line).map_err(|cause| broken().because(cause))?;
        records.insert(record.name.clone(), record);
    }
    Ok((index, records))
}

/// The index in its stored form.
pub fn packed<'a>(index: &Index, records: impl Iterator<Item = Record> + 'a) -> Result<Vec<u8>> {
    let write = || -> std::io::Result<Vec<u8>> {
        let mut packer = zstd::Encoder::new(Vec::new(), LEVEL)?;
        packer.include_checksum(true)?;
        serde_json::to_writer(&mut packer, index)?;
        packer.write_all(b"\n")?;
        for record in records {
            serde_json::to_writer(&mut packer, &record)?;
            packer.write_all(b"\n")?;
        }
        packer.finish()
    };
    write().map_err(|cause| Error::io("cannot write down what the sync has put there", cause))
}

/// Stores the index. An existing one is replaced, but a first one never overwrites another sync's new index. Returns
/// whether this is only planned.
pub async fn write(caller: &Caller, object: Object, data: Vec<u8>, first: bool) -> Result<bool> {
    let why = Some("what the sync has put there".to_owned());
    let put = Put { replace: !first, ..Put::new(object) };
    let mut sink = Caller { why, ..caller.clone() }.put(put).await?;
    sink.write(data.into()).await?;
    sink.seal().await?;
    let planned = matches!(sink.read_back().await?, ReadBack::Nothing);
    sink.commit().await?;
    Ok(planned)
}
