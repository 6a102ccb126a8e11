//! Hikae runs backup recipes and believes only what was proved; the rooms are here in floor order, the top floor first.

/// What a person types: one file a subcommand.
pub mod cli;
/// The harness: simulated worlds, assertions, `each_failure`, rehearsals.
pub mod specs;
/// What a recipe is: its declaration, its params, its needs; one run of it and its outcome.
pub mod recipe;
/// An outcome as a message: events, channels, throttling, the outbox.
pub mod alert;
/// The configuration folder, read once: `hikae.toml`, `.env`, where recipes and state are.
pub mod config;
/// What Lua may call: one thin file per Lua module, of the same name.
pub mod modules;
/// One Lua state on its own thread: sandbox, limits, loader, options, and the only crossing of errors.
pub mod lua;
/// PostgreSQL: the inspector of dumps, restores, throwaway servers. No Lua.
pub mod postgres;
/// How a backup is made and read back: pipeline, writer, targets, unpacking, cancellation. No Lua, no database.
pub mod backup;
/// The durable record: runs, backups, notifications, audit; and the manifest beside each backup.
pub mod catalog;
/// Everything outside, the one seam: the trait, `Effect`, the decorators, the real world.
pub mod world;
/// How bytes move: source, stage, sink, pump, tally, compression.
pub mod stream;
/// What a run reports while it goes: events, and the listeners that show them.
pub mod report;

/// Sizes and ages as people write them.
pub mod units;
/// The nearest known word to one that is not known.
pub mod suggest;
/// What failed and what to try.
pub mod error;
/// A value that never prints itself.
pub mod secret;
