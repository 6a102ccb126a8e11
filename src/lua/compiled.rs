//! Caches the Lua that this process has compiled: a library that hundreds of specs require is compiled once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mlua::Function;

/// More than the files of the library and of a folder of recipes; if there are more, the cache is cleared.
const MOST: usize = 256;

/// The key is the name of the chunk and its whole text: a changed text is another chunk.
type Chunks = HashMap<(String, String), Arc<[u8]>>;

static CHUNKS: Mutex<Option<Chunks>> = Mutex::new(None);

/// The earlier result for this text in this process.
pub fn of(name: &str, text: &str) -> Option<Arc<[u8]>> {
    chunks().as_ref()?.get(&(name.to_owned(), text.to_owned())).cloned()
}

/// Keeps a function that was just compiled, with its lines and names.
pub fn keep(name: String, text: &str, function: &Function) {
    let mut chunks = chunks();
    let chunks = chunks.get_or_insert_default();
    if chunks.len() >= MOST {
        chunks.clear();
    }
    chunks.insert((name, text.to_owned()), function.dump(false).into());
}

fn chunks() -> MutexGuard<'static, Option<Chunks>> {
    CHUNKS.lock().unwrap_or_else(PoisonError::into_inner)
}
