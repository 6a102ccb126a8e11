//! The module `objects`: what lies in the buckets of object stores that the recipe declares.

pub mod put;
mod sync;

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use mlua::{AnyUserData, Lua, MultiValue, Table, Value};
use serde::Deserialize;

use self::put::{StoreHandle, store_of};
use crate::backup::pipeline::Pipeline;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module, waiting};
use crate::lua::options::Text;
use crate::lua::traceback::from_lua;
use crate::modules::stream::Stream;
use crate::secret::Secret;
use crate::stream::SharedFacts;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::world::http::Address;
use crate::world::objects::{Object, ObjectStat, Store, StoreKind};
use crate::world::{Caller, SecretOrText};

/// The largest file of certificates.
const CA_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StoreOptions {
    bucket: String,
    endpoint: Option<String>,
    region: Option<String>,
    path_style: Option<bool>,
    access_key: Text,
    secret_key: Text,
    session_token: Option<Text>,
    ca_file: Option<PathBuf>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RemoveOptions {
    why: Option<String>,
}

/// What a function does with the store that stands before its other arguments.
type Act = fn(Rc<Call>, Arc<Store>, MultiValue) -> LocalBoxFuture<'static, Result<Value>>;

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    let of_store = |name, act: Act| {
        waiting(lua, name, move |call: Rc<Call>, mut args: MultiValue| async move {
            let store = store_of(&call, &args.pop_front().unwrap_or(Value::Nil))?;
            act(call, store, args).await
        })
    };
    let get = lua.create_function(|lua, mut args: MultiValue| {
        let call = Call::new(lua, "objects.get").map_err(mlua::Error::external)?;
        let store = store_of(&call, &args.pop_front().unwrap_or(Value::Nil));
        store.and_then(|store| get(&call, store, args)).map_err(|error| call.raise(error))
    })?;
    sync::add(lua, Module::new(lua)?)?
        .wait("objects.store", |call, (options,): (StoreOptions,)| store(call, options))?
        .add("objects.list", of_store("objects.list", |call, store, args| Box::pin(list(call, store, args)))?)?
        .add("objects.stat", of_store("objects.stat", |call, store, args| Box::pin(stat(call, store, args)))?)?
        .add("objects.get", get)?
        .add("objects.remove", of_store("objects.remove", |call, store, args| Box::pin(remove(call, store, args)))?)?
        .add(
            "objects.make_bucket",
            of_store("objects.make_bucket", |call, store, args| {
                Box::pin(async move {
                    let () = call.args(args)?;
                    Ok(Value::Boolean(call.world()?.make_bucket(store).await?))
                })
            })?,
        )
}

async fn store(call: Rc<Call>, options: StoreOptions) -> Result<AnyUserData> {
    let caller = call.world()?;
    let roots = match &options.ca_file {
        Some(path) => Some(caller.read(path, CA_BYTES).await?),
        None => None,
    };
    let endpoint = options.endpoint.filter(|text| !text.is_empty()).map(|text| Address::parse(&text)).transpose()?;
    let store = Store {
        kind: StoreKind::S3,
        path_style: options.path_style.unwrap_or(endpoint.is_some()),
        endpoint,
        region: options.region.unwrap_or_else(|| "us-east-1".to_owned()),
        bucket: options.bucket,
        access_key: options.access_key.0.expose().to_owned(),
        secret_key: secret("secret_key", options.secret_key)?,
        session_token: options.session_token.map(|token| secret("session_token", token)).transpose()?,
        roots,
    };
    store.check()?;
    call.lua.create_userdata(StoreHandle(Arc::new(store))).map_err(from_lua)
}

/// What would be readable in the recipe must not pass for a secret.
fn secret(name: &str, given: Text) -> Result<Secret> {
    match given.0 {
        SecretOrText::Secret(secret) => Ok(secret),
        SecretOrText::Plain(_) => {
            Err(Error::new(Kind::Recipe, format!("`{name}` of `objects.store` must be a secret, not a text"))
                .hint(format!("take it from a param: `{name} = {{ env = \"AWS_SECRET_ACCESS_KEY\", secret = true }}`")))
        }
    }
}

async fn list(call: Rc<Call>, store: Arc<Store>, args: MultiValue) -> Result<Value> {
    let (prefix,): (Option<String>,) = call.args(args)?;
    let entries = call.world()?.list_objects(store, &prefix.unwrap_or_default()).await?;
    let list = call.lua.create_table().map_err(from_lua)?;
    for entry in entries {
        let table = describe(&call, &entry.stat).map_err(from_lua)?;
        table.raw_set("key", entry.key).map_err(from_lua)?;
        list.raw_push(table).map_err(from_lua)?;
    }
    Ok(Value::Table(list))
}

async fn stat(call: Rc<Call>, store: Arc<Store>, args: MultiValue) -> Result<Value> {
    let (key,): (String,) = call.args(args)?;
    match call.world()?.stat_object(Object::new(store, key)?).await? {
        Some(stat) => describe(&call, &stat).map(Value::Table).map_err(from_lua),
        None => Ok(Value::Nil),
    }
}

async fn remove(call: Rc<Call>, store: Arc<Store>, args: MultiValue) -> Result<Value> {
    let (key, options): (String, Option<RemoveOptions>) = call.args(args)?;
    let caller = Caller { why: options.unwrap_or_default().why, ..call.world()? };
    caller.remove_object(Object::new(store, key)?).await.map(|()| Value::Nil)
}

/// A stream of the bytes of an object.
fn get(call: &Call, store: Arc<Store>, args: MultiValue) -> Result<AnyUserData> {
    let (key,): (String,) = call.args(args)?;
    let (caller, object) = (call.world()?, Object::new(store, key)?);
    let facts = SharedFacts::default();
    let count = Count::new(&facts);
    let pipeline = Pipeline::new(object.to_string(), caller.limits, facts, move || async move {
        Ok(Box::new(Staged::new(caller.get(object).await?, count)) as _)
    });
    Stream::create(call, pipeline, Vec::new())
}

fn describe(call: &Call, stat: &ObjectStat) -> mlua::Result<Table> {
    let age = call.session.caller.world.now().signed_duration_since(stat.modified);
    let table = call.lua.create_table()?;
    table.raw_set("size_bytes", stat.size_bytes)?;
    table.raw_set("modified", stat.modified.timestamp())?;
    table.raw_set("age_secs", age.num_seconds())?;
    table.raw_set("etag", stat.etag.as_str())?;
    table.raw_set("storage_class", stat.storage_class.as_deref())?;
    Ok(table)
}
