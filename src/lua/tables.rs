//! Gives recipes `concat`, `insert`, `remove`, `move` and `sort`, whose work counts as instructions and is bounded.

use mlua::{Function, Lua, LuaString, Table, Value};

use crate::lua::arguments::{Arguments, MAX_RESULT, type_name};
use crate::lua::fuse::Fuse;

/// More elements than fit into Lua's memory.
const MAX_ELEMENTS: i64 = 16 << 20;

/// Sorting a million strings takes about a second.
const MAX_SORTED: i64 = 1 << 20;

/// Puts the bounded functions into the library `table`.
pub fn install(lua: &Lua, library: &Table) -> mlua::Result<()> {
    let concat = |lua: &Lua, (a, b, c, d): (Value, Value, Value, Value)| {
        concat(&Arguments { lua, function: "table.concat", values: &[a, b, c, d] })
    };
    let remove =
        |lua: &Lua, (a, b): (Value, Value)| remove(&Arguments { lua, function: "table.remove", values: &[a, b] });
    let shift = |lua: &Lua, (a, b, c, d, e): (Value, Value, Value, Value, Value)| {
        shift(&Arguments { lua, function: "table.move", values: &[a, b, c, d, e] })
    };
    library.raw_set("concat", lua.create_function(concat)?)?;
    library.raw_set(
        "insert",
        lua.create_function(|lua, values: mlua::Variadic<Value>| {
            insert(&Arguments { lua, function: "table.insert", values: &values })
        })?,
    )?;
    library.raw_set("remove", lua.create_function(remove)?)?;
    library.raw_set("move", lua.create_function(shift)?)?;
    let stock: Function = lua.globals().raw_get::<Table>("table")?.raw_get("sort")?;
    let sort = lua.create_function(move |lua, (a, b): (Value, Value)| {
        sort(&Arguments { lua, function: "table.sort", values: &[a, b] }, &stock)
    })?;
    library.raw_set("sort", sort)
}

fn concat(args: &Arguments) -> mlua::Result<LuaString> {
    let table = args.table(1)?;
    let separator = if args.at(2).is_nil() { args.lua.create_string("")? } else { args.string(2)? };
    let first = args.integer_or(3, 1)?;
    let last = if args.at(4).is_nil() { table.len()? } else { args.integer(4)? };
    let fuse = Fuse::of(args.lua);
    let mut out = Vec::new();
    for index in first..=last {
        let value: Value = table.get(index)?;
        let given = type_name(&value);
        let is_text = value.is_string() || value.is_integer() || value.is_number();
        let text = if is_text { args.lua.coerce_string(value)? } else { None };
        let text = text.ok_or_else(|| {
            args.refuse(format!("invalid value ({given}) at index {index} in table for `table.concat`"))
        })?;
        out.extend_from_slice(&text.as_bytes());
        if index < last {
            out.extend_from_slice(&separator.as_bytes());
        }
        if out.len() > MAX_RESULT {
            return Err(args.too_large());
        }
        fuse.spend(args.lua, 1)?;
    }
    args.lua.create_string(out)
}

fn insert(args: &Arguments) -> mlua::Result<()> {
    let table = args.table(1)?;
    let end = table.len()?.wrapping_add(1);
    match args.values.len() {
        2 => table.set(end, args.at(2)),
        3 => {
            let position = args.integer(2)?;
            if position < 1 || position > end {
                return Err(args.bad(2, "position out of bounds"));
            }
            bounded(args, end - position)?;
            for index in (position..end).rev() {
                table.set(index + 1, table.get::<Value>(index)?)?;
            }
            table.set(position, args.at(3))
        }
        _ => Err(args.refuse("wrong number of arguments to `table.insert`".to_owned())),
    }
}

fn remove(args: &Arguments) -> mlua::Result<Value> {
    let table = args.table(1)?;
    let size = table.len()?;
    let position = args.integer_or(2, size)?;
    if position != size && (position < 1 || position > size.wrapping_add(1)) {
        return Err(args.bad(2, "position out of bounds"));
    }
    bounded(args, size.saturating_sub(position))?;
    let removed: Value = table.get(position)?;
    for index in position..size {
        table.set(index, table.get::<Value>(index + 1)?)?;
    }
    table.set(position.max(size), Value::Nil)?;
    Ok(removed)
}

fn shift(args: &Arguments) -> mlua::Result<Table> {
    let (from, first, last, target) = (args.table(1)?, args.integer(2)?, args.integer(3)?, args.integer(4)?);
    let to = if args.at(5).is_nil() { from.clone() } else { args.table(5)? };
    let Some(count) = last.checked_sub(first).and_then(|span| span.checked_add(1)) else {
        return if last < first { Ok(to) } else { Err(args.bad(3, "too many elements to move")) };
    };
    if count <= 0 {
        return Ok(to);
    }
    bounded(args, count)?;
    if target.checked_add(count - 1).is_none() {
        return Err(args.bad(4, "destination wrap around"));
    }
    let copy = |offset: i64| to.set(target + offset, from.get::<Value>(first + offset)?);
    // Backwards if the target is inside the range, so that no element is overwritten before it is copied.
    let forward = target > last || target <= first || !to.equals(&from)?;
    if forward {
        (0..count).try_for_each(copy)?
    } else {
        (0..count).rev().try_for_each(copy)?
    }
    Ok(to)
}

fn sort(args: &Arguments, stock: &Function) -> mlua::Result<()> {
    let table = args.table(1)?;
    let compare = match args.at(2) {
        Value::Nil => None,
        // A comparison in C or Rust runs no Lua instruction, so nothing could stop the sort: `pcall` would swallow each attempt.
        Value::Function(function) if function.info().what == "C" => {
            return Err(args.bad(2, "write the comparison as a function of your own"));
        }
        Value::Function(function) => Some(function.clone()),
        _ => return Err(args.wrong(2, "function")),
    };
    let count = table.len()?;
    if count > MAX_SORTED {
        return Err(args.refuse(format!("cannot sort {count} values: a recipe may sort {MAX_SORTED} at once")));
    }
    let rounds = u64::from(count.max(1).unsigned_abs().ilog2()) + 1;
    Fuse::of(args.lua).spend(args.lua, count.max(0).unsigned_abs() * rounds)?;
    stock.call((table, compare))
}

/// Counts `elements` as work, or fails if there cannot be so many.
fn bounded(args: &Arguments, elements: i64) -> mlua::Result<()> {
    if elements > MAX_ELEMENTS {
        return Err(args.refuse(format!("`{}` would move {elements} values", args.function)));
    }
    Fuse::of(args.lua).spend(args.lua, elements.max(0).unsigned_abs())
}
