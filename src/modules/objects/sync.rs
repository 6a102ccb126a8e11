//! `objects.plan` and `objects.apply`: a sync for Lua, which sees the whole plan before anything is done.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use globset::{GlobBuilder, GlobMatcher};
use mlua::{AnyUserData, Lua, MetaMethod, MultiValue, Table, UserData, UserDataFields, UserDataMethods, Value};
use serde::Deserialize;

use super::put::{Algorithm, LockMode, encryption, lock, store_of};
use crate::backup::pool::spawn_cancellable;
use crate::backup::sync::apply::{Applied, Job, apply};
use crate::backup::sync::item::{Act, Item, Rules};
use crate::backup::sync::plan::{Ask, Plan, plan};
use crate::backup::sync::work::Options;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module, waiting};
use crate::lua::options::Size;
use crate::lua::traceback::from_lua;
use crate::units::duration;

/// The default for the largest share that may be deleted, in percent.
const USUAL_SHARE: f64 = 10.0;

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct PlanOptions {
    prefix: Option<String>,
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
    #[serde(default)]
    include_unproved: bool,
    #[serde(default)]
    delete: bool,
    #[serde(default)]
    delete_foreign: bool,
    #[serde(default)]
    delete_last: bool,
    max_delete: Option<Share>,
    #[serde(default)]
    replace: bool,
    #[serde(default)]
    takeover: bool,
    #[serde(default)]
    allow_empty: bool,
    marker: Option<bool>,
}

/// A share in percent, as a number or as `"10 %"`.
#[derive(Deserialize)]
#[serde(try_from = "GivenShare")]
struct Share(f64);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a share in percent, such as `10` or `\"10 %\"`")]
enum GivenShare {
    Whole(i64),
    Number(f64),
    Text(String),
}

impl TryFrom<GivenShare> for Share {
    type Error = String;

    fn try_from(given: GivenShare) -> std::result::Result<Share, String> {
        let share = match &given {
            GivenShare::Whole(number) => Some(*number as f64),
            GivenShare::Number(number) => Some(*number),
            GivenShare::Text(text) => text.trim().trim_end_matches('%').trim_end().parse().ok(),
        };
        let within = share.filter(|share| (0.0..=100.0).contains(share));
        within.map(Share).ok_or_else(|| "it must be a share from 0 to 100 percent, such as `10 %`".to_owned())
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct ApplyOptions {
    storage_class: Option<String>,
    encryption: Option<Algorithm>,
    kms_key: Option<String>,
    lock: Option<LockMode>,
    #[serde(default, deserialize_with = "duration")]
    lock_for: Option<Duration>,
    limit: Option<Size>,
    #[serde(default)]
    tags: bool,
}

/// The Lua handle of a plan.
struct PlanHandle(Arc<Plan>);

impl UserData for PlanHandle {
    fn add_fields<F: UserDataFields<Self>>(fields: &mut F) {
        fields.add_meta_field(MetaMethod::Type, "plan");
        for act in [Act::Upload, Act::Skip, Act::Delete] {
            fields.add_field_method_get(act.word(), move |lua, this| items(lua, &this.0, act));
        }
        fields.add_field_method_get("refusals", |lua, this| refusals(lua, &this.0));
        fields.add_field_method_get("target", |_, this| Ok(this.0.target()));
        fields.add_field_method_get("upload_bytes", |_, this| {
            Ok(this.0.of(Act::Upload).map(|item| item.size_bytes).sum::<u64>())
        });
    }

    fn add_methods<M: UserDataMethods<Self>>(methods: &mut M) {
        methods.add_meta_method(MetaMethod::ToString, |_, this, ()| {
            let count = |act| this.0.of(act).count();
            let (upload, skip, delete) = (count(Act::Upload), count(Act::Skip), count(Act::Delete));
            Ok(format!("{upload} to upload, {skip} to skip, {delete} to delete"))
        });
    }
}

fn items(lua: &Lua, plan: &Plan, act: Act) -> mlua::Result<Table> {
    let tables = plan.of(act).map(|item| describe(lua, plan, item)).collect::<mlua::Result<Vec<_>>>()?;
    lua.create_sequence_from(tables)
}

fn describe(lua: &Lua, plan: &Plan, item: &Item) -> mlua::Result<Table> {
    let table = lua.create_table()?;
    table.raw_set("name", &*item.name)?;
    table.raw_set("key", plan.key(&item.name))?;
    table.raw_set("size_bytes", item.size_bytes)?;
    table.raw_set("why", item.reason.to_string())?;
    table.raw_set("reason", item.reason.word())?;
    Ok(table)
}

fn refusals(lua: &Lua, plan: &Plan) -> mlua::Result<Table> {
    let one = |refusal: &crate::backup::sync::guards::Refusal| {
        let table = lua.create_table()?;
        table.raw_set("guard", refusal.guard)?;
        table.raw_set("kind", refusal.kind.word())?;
        table.raw_set("message", refusal.what.as_str())?;
        table.raw_set("why", refusal.why.as_str())?;
        table.raw_set("hint", refusal.hint.as_str())?;
        Ok(table)
    };
    let tables = plan.refusals.iter().map(one).collect::<mlua::Result<Vec<_>>>()?;
    lua.create_sequence_from(tables)
}

/// Adds both functions to the module.
pub fn add(lua: &Lua, module: Module) -> mlua::Result<Module> {
    let planned = waiting(lua, "objects.plan", |call: Rc<Call>, mut args: MultiValue| async move {
        let source = args.pop_front().unwrap_or(Value::Nil);
        let store = store_of(&call, &args.pop_front().unwrap_or(Value::Nil))?;
        let (options,): (Option<PlanOptions>,) = call.args(args)?;
        let (dir,): (PathBuf,) = call.args(MultiValue::from_iter([source]))?;
        let options = options.unwrap_or_default();
        // If the lookup fails, the deletion counts as not recorded.
        let removed = (call.session.record.removed)().unwrap_or_default();
        let ask = Ask {
            caller: call.world()?,
            dir: crate::world::paths::plain(&dir)?,
            store,
            rules: rules(options)?,
            run_id: call.session.identity.run_id.clone(),
            removed,
        };
        let plan = spawn_cancellable(call.session.pool.guard()?, plan(ask)).await?;
        if let Some(error) = &plan.no_bucket {
            call.session.accept(error, "the sync makes the bucket", call.site().as_ref());
        }
        call.lua.create_userdata(PlanHandle(Arc::new(plan))).map_err(from_lua)
    })?;
    let applied = waiting(lua, "objects.apply", |call: Rc<Call>, mut args: MultiValue| async move {
        let given = args.pop_front().unwrap_or(Value::Nil);
        let (options,): (Option<ApplyOptions>,) = call.args(args)?;
        carry_out(&call, plan_of(&given)?, options.unwrap_or_default()).await
    })?;
    module.add("objects.plan", planned)?.add("objects.apply", applied)
}

fn plan_of(given: &Value) -> Result<Arc<Plan>> {
    let plan =
        given.as_userdata().and_then(|data: &AnyUserData| data.borrow::<PlanHandle>().ok().map(|plan| plan.0.clone()));
    plan.ok_or_else(|| {
        Error::new(Kind::Recipe, "`objects.apply` was called without a plan")
            .hint("`local plan = objects.plan(dir, store)` makes one")
    })
}

async fn carry_out(call: &Call, plan: Arc<Plan>, options: ApplyOptions) -> Result<Table> {
    let ApplyOptions { storage_class, encryption: algorithm, kms_key, lock: mode, lock_for, limit, tags } = options;
    let options = Options {
        storage_class: storage_class.filter(|class| !class.is_empty()),
        encryption: encryption(algorithm, kms_key)?,
        lock: lock(mode, lock_for, call.session.caller.world.now())?,
        tags,
        bytes_per_sec: limit.map(|size| size.0),
    };
    let step = call.session.step(format!("{} to {}", plan.dir.display(), plan.target()), call.site());
    let guard = call.session.pool.guard()?;
    let job = Job {
        caller: call.world()?,
        plan,
        options,
        run_id: call.session.identity.run_id.clone(),
        step: step.number,
        guard: guard.clone(),
    };
    let answer = spawn_cancellable(guard, apply(job)).await;
    let bytes = answer.as_ref().map_or(0, |applied| applied.uploaded_bytes);
    step.end(bytes, bytes, answer.as_ref().err());
    done(call, &answer?).map_err(from_lua)
}

fn done(call: &Call, applied: &Applied) -> mlua::Result<Table> {
    let table = call.lua.create_table()?;
    table.raw_set("uploaded", applied.uploaded)?;
    table.raw_set("uploaded_bytes", applied.uploaded_bytes)?;
    table.raw_set("skipped", applied.skipped)?;
    table.raw_set("deleted", applied.deleted)?;
    let kept = applied.kept.iter().map(|(name, why)| {
        let one = call.lua.create_table()?;
        one.raw_set("name", name.as_str())?;
        one.raw_set("why", why.as_str())?;
        Ok(one)
    });
    let kept = kept.collect::<mlua::Result<Vec<_>>>()?;
    table.raw_set("kept", call.lua.create_sequence_from(kept)?)?;
    Ok(table)
}

fn rules(options: PlanOptions) -> Result<Rules> {
    let prefix = options.prefix.unwrap_or_default();
    let prefix = prefix.trim_matches('/');
    Ok(Rules {
        prefix: if prefix.is_empty() { String::new() } else { format!("{prefix}/") },
        include: matchers(options.include)?,
        exclude: matchers(options.exclude)?,
        include_unproved: options.include_unproved,
        delete: options.delete,
        delete_foreign: options.delete_foreign,
        delete_last: options.delete_last,
        max_delete: options.max_delete.map_or(USUAL_SHARE, |share| share.0),
        replace: options.replace,
        takeover: options.takeover,
        allow_empty: options.allow_empty,
        marker: options.marker.unwrap_or(true),
    })
}

/// Patterns as in the vendors' tools: a star also matches slashes.
fn matchers(patterns: Option<Vec<String>>) -> Result<Vec<GlobMatcher>> {
    let one = |pattern: String| {
        let glob = GlobBuilder::new(&pattern).literal_separator(false).backslash_escape(true).build();
        glob.map(|glob| glob.compile_matcher()).map_err(|cause| {
            Error::new(Kind::Recipe, format!("`{pattern}` is not a file name pattern"))
                .because(cause)
                .hint("write it as the shell has it, such as `*.tmp`")
        })
    };
    patterns.unwrap_or_default().into_iter().map(one).collect()
}
