//! Suggests replacements for the well-known Lua names that recipes do not have.

/// What to use instead of the global `name`; `None` for a name that Lua never had.
pub fn advice(name: &str) -> Option<&'static str> {
    Some(match name {
        "os" => {
            "use `process` for programs, `fs` for files, `clock` for the time, and a param for an environment variable"
        }
        "io" => "use `fs` for files, and `log.info` to log a message",
        "print" => "use `log.info`",
        "warn" => "use `log.warn`",
        "load" | "loadstring" | "loadfile" | "dofile" => "put the code into a file, and use `require`",
        "package" | "module" => "use `require`",
        "coroutine" => "use `parallel` to do several things at once",
        "xpcall" => "use `errors.try`: its error knows where it was raised",
        "pcall" => "use `errors.try`",
        "rawset" => "write `t[key] = value`",
        "debug" => "an error shows its place by itself",
        "collectgarbage" => "Lua frees memory by itself",
        "getfenv" | "setfenv" => "pass what a function needs as its arguments",
        "unpack" => "use `table.unpack`",
        _ => return None,
    })
}
