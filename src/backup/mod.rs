//! How a backup is made and read back: pipeline, writer, targets, scratch folders, cancellation.

pub mod archive;
pub mod pipeline;
pub mod pool;
pub mod scratch_dir;
pub mod target;
