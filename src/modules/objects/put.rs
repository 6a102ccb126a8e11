//! The store that Lua holds, and the options of `stream:put`.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};
use mlua::{MetaMethod, UserData, UserDataFields, UserDataMethods, Value};
use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::modules::save::Writing;
use crate::units::duration;
use crate::units::parse_size;
use crate::world::objects::{Lock, Object, PART_BYTES, Put, ServerEncryption, Store};

/// The Lua handle of a store.
pub struct StoreHandle(pub Arc<Store>);

impl UserData for StoreHandle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "store");
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| Ok(this.0.title()));
    }
}

/// The store of a call, which is its first argument.
pub fn store_of(call: &Call, given: &Value) -> Result<Arc<Store>> {
    let handle = given.as_userdata().and_then(|data| data.borrow::<StoreHandle>().ok());
    handle.map(|handle| handle.0.clone()).ok_or_else(|| {
        Error::new(Kind::Recipe, format!("`{}` was called without its store", call.name))
            .hint("`local store = objects.store { bucket = …, access_key = …, secret_key = … }` makes one")
    })
}

/// The ways in which a store can encrypt.
#[derive(Clone, Copy, Debug, Deserialize)]
pub enum Algorithm {
    #[serde(rename = "AES256")]
    Aes256,
    #[serde(rename = "aws:kms")]
    KeyService,
}

/// The requested encryption; a key without its service is a mistake.
pub fn encryption(algorithm: Option<Algorithm>, key: Option<String>) -> Result<Option<ServerEncryption>> {
    match (algorithm, key) {
        (None, None) => Ok(None),
        (Some(Algorithm::Aes256), None) => Ok(Some(ServerEncryption { algorithm: "AES256".to_owned(), key: None })),
        (Some(Algorithm::KeyService), key) => Ok(Some(ServerEncryption { algorithm: "aws:kms".to_owned(), key })),
        (_, Some(_)) => Err(Error::new(Kind::Recipe, "`kms_key` is for `encryption = \"aws:kms\"` alone")
            .hint("leave it out, or say `encryption = \"aws:kms\"`")),
    }
}

/// How an object can be locked.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LockMode {
    Governance,
    Compliance,
}

/// The requested lock; a mode without a time, or a time without a mode, is a mistake.
pub fn lock(mode: Option<LockMode>, time: Option<Duration>, now: DateTime<FixedOffset>) -> Result<Option<Lock>> {
    let mode = mode.map(|mode| match mode {
        LockMode::Governance => "GOVERNANCE",
        LockMode::Compliance => "COMPLIANCE",
    });
    match (mode, time) {
        (None, None) => Ok(None),
        (Some(mode), Some(time)) => Ok(Some(Lock { mode, until: now + time })),
        _ => Err(Error::new(Kind::Recipe, "`lock` and `lock_for` are given together")
            .hint("write `lock = \"GOVERNANCE\", lock_for = \"30d\"`")),
    }
}

/// The options of `stream:put`.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub struct PutOptions {
    storage_class: Option<String>,
    encryption: Option<Algorithm>,
    kms_key: Option<String>,
    lock: Option<LockMode>,
    #[serde(default, deserialize_with = "duration")]
    lock_for: Option<Duration>,
    part_size: Option<String>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
    #[serde(default)]
    allow_empty: bool,
    restore: Option<String>,
}

impl PutOptions {
    /// The target and its metadata, and how long the upload may take.
    pub fn put(self, object: Object, now: DateTime<FixedOffset>) -> Result<(Put, Writing)> {
        let encryption = encryption(self.encryption, self.kms_key)?;
        let lock = lock(self.lock, self.lock_for, now)?;
        let mut put = Put { storage_class: self.storage_class, encryption, lock, ..Put::new(object) };
        if let Some(text) = &self.part_size {
            put.part_bytes = parse_size(text)?;
        }
        if !PART_BYTES.contains(&put.part_bytes) {
            let what = "`part_size` of `:put` must be from `5 MiB` to `5 GiB`";
            return Err(Error::new(Kind::Recipe, what).hint("one part is held in memory"));
        }
        let (total, idle, allow_empty, restore) = (self.timeout, self.idle_timeout, self.allow_empty, self.restore);
        Ok((put, Writing { total, idle, allow_empty, restore }))
    }
}
