//! The servers of the simulated world that specs of `http` and `objects` run in, and what these have heard.

use hikae::world::simulated::Simulated;
use mlua::{Lua, Table};
use serde_json::json;

pub fn setup() -> serde_json::Value {
    json!({
        "now": "2026-02-15T02:00:00+09:00",
        "objects": {
            "s3://shop": {},
            "s3://shop/old/a.gz": { "content": "old", "age": "40d", "storage_class": "GLACIER" },
            "s3://shop/old/b 控え": "new",
        },
        "http": {
            "GET https://api.example/hello": { "body": "hello", "headers": { "X-Kind": "greeting" } },
            "https://api.example/json": { "body": "{\"rows\": [1, 2], \"none\": null}" },
            "https://api.example/exports": { "body": "[{\"id\": \"exp-1\", \"url\": \"https://files.example/export-of-exp-1?signed\"}]" },
            "https://api.example/created": { "status": 201 },
            "https://api.example/empty": { "status": 204 },
            "https://api.example/denied": { "status": 403, "body": "<html>you may not</html>" },
            "https://api.example/missing": { "status": 404 },
            "https://api.example/flaky": [{ "status": 500 }, { "status": 503 }, "at last"],
            "https://api.example/down": { "status": 502 },
            "https://api.example/busy": [{ "status": 429, "headers": { "Retry-After": "7" } }, "thanks"],
            "https://api.example/hangs": { "hangs": true },
            "https://api.example/away": { "status": 302, "headers": { "Location": "https://other.example/here" } },
            "https://other.example/here": "moved",
            "https://api.example/big": { "size": "10 GB" },
            "https://api.example/cut": { "body": "0123456789", "cut_after": 4 },
            "https://hooks.example/T0/secret": "ok",
        },
    })
}

/// The requests so far: `method`, `url`, `headers`, `body`, without secrets.
pub fn requested(lua: &Lua, world: Option<&Simulated>) -> mlua::Result<Table> {
    let world = world.expect("a spec that asks for requests is tagged #simulated");
    let requests = world.snapshot().requested.into_iter().map(|request| {
        let table = lua.create_table()?;
        table.raw_set("method", request.method)?;
        table.raw_set("url", request.url)?;
        table.raw_set("headers", lua.create_table_from(request.headers)?)?;
        table.raw_set("body", request.body)?;
        Ok(table)
    });
    lua.create_sequence_from(requests.collect::<mlua::Result<Vec<_>>>()?)
}
