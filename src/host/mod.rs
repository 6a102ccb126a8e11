//! Holds one Lua state: sandbox, limits, traceback.
