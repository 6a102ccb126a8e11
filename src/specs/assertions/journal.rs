//! The effects of a run as a table, for a spec that looks at them itself.

use mlua::{Table, Value};

use crate::lua::exports::Call;
use crate::lua::traceback::from_lua;
use crate::specs::handle::Method;
use crate::specs::journal::word;
use crate::specs::trial::run_handle::Run;
use crate::world::journal::Record;

pub const METHODS: &[Method<Run>] = &[("run:journal", |call, run, _| {
    let entries = run.rehearsed.journal.iter().map(|record| entry(call, record));
    let list = entries.collect::<mlua::Result<Vec<_>>>().and_then(|entries| call.lua.create_sequence_from(entries));
    list.map(Value::Table).map_err(from_lua)
})];

fn entry(call: &Call, record: &Record) -> mlua::Result<Table> {
    let entry = call.lua.create_table()?;
    entry.raw_set("effect", record.effect.verb())?;
    entry.raw_set("object", crate::secret::redact(&record.effect.object()))?;
    entry.raw_set("line", record.site.as_ref().map(ToString::to_string))?;
    entry.raw_set("outcome", word(&record.outcome))?;
    entry.raw_set("bytes", record.size_bytes)?;
    Ok(entry)
}
