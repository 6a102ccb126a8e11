//! Lists what Lua may call, one file per module.
