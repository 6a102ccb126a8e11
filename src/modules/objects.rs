//! The module `objects`: the objects in the buckets of declared object stores.

pub mod open;
pub mod put;
mod lifecycle;
mod sync;

use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::LocalBoxFuture;
use mlua::{AnyUserData, Lua, MultiValue, Table, Value};
use serde::Deserialize;

use self::open::{OpenOptions, StoreOptions};
use self::put::store_of;
use crate::backup::expected;
use crate::backup::pipeline::Pipeline;
use crate::backup::unchanged::When;
use crate::error::Result;
use crate::lua::exports::{Call, Module, waiting};
use crate::lua::traceback::from_lua;
use crate::modules::stream::Stream;
use crate::stream::SharedFacts;
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::world::Caller;
use crate::world::objects::{Object, ObjectStat, Store};

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct RemoveOptions {
    why: Option<String>,
}

/// The work of a function with the store that is its first argument.
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
    lifecycle::add(lua, sync::add(lua, Module::new(lua)?)?)?
        .wait("objects.open", |call, (options,): (OpenOptions,)| open::open(call, options))?
        .wait("objects.store", |call, (options,): (StoreOptions,)| open::store(call, options))?
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
    // Objects may be removed because of a backup of this run in this store, so the backup must still be as it was proved.
    let proved = call.session.proved.borrow().clone();
    for one in proved.iter().filter(|one| one.is_in_store(&store)) {
        one.must_be_the_same(&caller, When::BeforeRemoval).await?;
    }
    caller.remove_object(Object::new(store, key)?).await.map(|()| Value::Nil)
}

/// A stream of the bytes of an object.
fn get(call: &Call, store: Arc<Store>, args: MultiValue) -> Result<AnyUserData> {
    let (key,): (String,) = call.args(args)?;
    let (caller, object) = (call.world()?, Object::new(store, key)?);
    let facts = SharedFacts::default();
    let count = Count::new(&facts);
    let noted = facts.clone();
    let pipeline = Pipeline::new(object.to_string(), caller.limits, facts, move || async move {
        expected::of_object(&caller, &object, &noted).await;
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
