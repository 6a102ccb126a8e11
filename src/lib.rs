//! Hikae runs backup recipes and trusts only what was proved; the modules are listed by layer, the top layer first.

/// The command line: one file per subcommand.
pub mod cli;
/// The harness: simulated worlds, assertions, `each_failure`, rehearsals.
pub mod specs;
/// Recipes: declaration, params and needs; one run of a recipe and its outcome.
pub mod recipe;
/// An outcome as a message: events, channels, throttling, the outbox.
pub mod alert;
/// The configuration folder, read once: `hikae.toml`, `.env`, where recipes and state are.
pub mod config;
/// The functions that Lua can call: one thin file per Lua module, with the same name.
pub mod modules;
/// One Lua state on its own thread: sandbox, limits, loader, options, and the only place where errors cross over.
pub mod lua;
/// PostgreSQL: the inspector of dumps, restores, throwaway servers. No Lua.
pub mod postgres;
/// How a backup is made and read back: pipeline, writer, targets, unpacking, cancellation. No Lua, no database.
pub mod backup;
/// The durable record: runs, backups, notifications, audit; and the manifest beside each backup.
pub mod catalog;
/// The only interface to everything outside: the trait, `Effect`, the decorators, the real world.
pub mod world;
/// How bytes move: source, stage, sink, pump, tally, compression.
pub mod stream;
/// The reports of a run in progress: events, and the listeners that show them.
pub mod report;

/// Sizes and ages as people write them.
pub mod units;
/// Suggests the known word nearest to an unknown one.
pub mod suggest;
/// What failed and what to try.
pub mod error;
/// A value that never prints itself.
pub mod secret;
