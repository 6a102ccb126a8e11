//! Hikae runs backup recipes and believes only what was proved; the rooms stand here in floor order, the top floor first.

/// What Lua may call: one file per Lua module, of the same name.
pub mod bind;
/// The durable record: runs, backups, notifications, audit.
pub mod catalog;
/// What a person types: one file a subcommand.
pub mod cli;
/// The configuration folder, read once: `hikae.toml`, `.env`, where recipes and state lie.
pub mod config;
/// One Lua state on its own thread: sandbox, loader, traceback, limits, watchdog.
pub mod host;
/// What `pg_dump` writes: the inspector that proves and counts it.
pub mod postgres;
/// What a recipe is: its declaration, its params, its needs; one run of it and its outcome.
pub mod recipe;
/// What a run tells while it goes: events, and the listeners that show them.
pub mod report;
/// How bytes move: source, stage, sink, pump, tally, compression.
pub mod stream;
/// Everything outside, the one seam: the trait, `Effect`, the decorators, the real world.
pub mod world;

/// What failed and what to try.
pub mod error;
/// A value that never prints itself.
pub mod secret;
/// Sizes and ages as people write them.
pub mod units;
