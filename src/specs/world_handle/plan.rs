//! `world:plan`: what a run would do, as `hikae run --dry-run` shows it; the world stays as it is.

use mlua::Value;
use mlua::serde::{LuaSerdeExt, SerializeOptions};
use serde_json::json;

use crate::error::{Error, Result};
use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::recipe::planning::End;
use crate::specs::rehearsal;
use crate::specs::world_handle::run_options::{RunOptions, RunRequest};
use crate::specs::world_handle::{World, run_options};

/// `world:plan(recipe, options)`: how the plan ends, and what would change.
pub async fn plan(call: &Call, world: &World, args: &[Value]) -> Result<Value> {
    let [recipe, options] = run_options::two(call, args)?;
    let rehearsal = RunRequest::read::<RunOptions>(call, world, &recipe, &options)?.rehearsal(call, world);
    let plan = world.players.beside(rehearsal::plan(&world.config, &world.world, rehearsal)).await??;
    let (ended, error) = end(&plan.end);
    let changes: Vec<_> = plan
        .planned
        .iter()
        .map(|planned| {
            let line = planned.site.as_ref().map(|site| site.line);
            json!({ "effect": planned.verb, "object": planned.object, "detail": planned.detail, "why": planned.why, "line": line })
        })
        .collect();
    let fields = json!({ "ended": ended, "error": error.map(shown), "changes": changes });
    let absent_is_nil = SerializeOptions::new().serialize_none_to_null(false).serialize_unit_to_null(false);
    call.lua.to_value_with(&fields, absent_is_nil).map_err(from_lua)
}

fn end(end: &End) -> (&'static str, Option<&Error>) {
    match end {
        End::Whole => ("whole", None),
        End::Unknown(error) => ("unknown", Some(error)),
        End::Partial(error) => ("partial", Some(error)),
        End::Failed(error) => ("failed", Some(error)),
        End::Interrupted(_) => ("interrupted", None),
    }
}

fn shown(error: &Error) -> serde_json::Value {
    json!({ "kind": error.kind().word(), "message": error.one_line(), "hint": error.hint_text() })
}
