//! Hikae runs backup recipes and believes only what was proved; the rooms stand here in floor order, the top floor first.

/// What a person types: one file a subcommand.
pub mod cli;
/// What a recipe is: its declaration, its params, its needs; one run of it and its outcome.
pub mod recipe;
/// An outcome as a message: its event, its words, its channels; whom it is told, how often, and what waits to be told.
pub mod alert;
/// The configuration folder, read once: `hikae.toml`, `.env`, where recipes and state lie.
pub mod config;
/// One Lua state on its own thread: sandbox, loader, limits, watchdog.
pub mod host;
/// What Lua may call: one file per Lua module, of the same name; and the one crossing of errors.
pub mod bind;
/// What `pg_dump` writes: the inspector that proves and counts it; how PostgreSQL's programs are called.
pub mod postgres;
/// The durable record: runs, backups, notifications, audit; and the manifest beside each backup.
pub mod catalog;
/// Everything outside, the one seam: the trait, `Effect`, the decorators, the real world.
pub mod world;
/// How bytes move: source, stage, sink, pump, tally, compression.
pub mod stream;
/// What a run tells while it goes: events, and the listeners that show them.
pub mod report;

/// Sizes and ages as people write them.
pub mod units;
/// The nearest known word to one that is not known.
pub mod suggest;
/// What failed and what to try.
pub mod error;
/// A value that never prints itself.
pub mod secret;
