//! Makes backups and reads them back: pipeline, writer, targets, scratch folders, cancellation.

pub mod archive;
pub mod at_end;
pub mod decrypting;
pub mod expected;
pub mod fetch;
pub mod gpg;
pub mod judged;
pub mod list_file;
pub mod pipeline;
pub mod pool;
pub mod read_back;
pub mod recorder;
pub mod scratch_dir;
pub mod series;
pub mod set;
pub mod sources;
pub mod stream_memory;
pub mod sync;
pub mod target;
pub mod unchanged;
pub mod usual;
pub mod writer;
