//! An unfinished file: under a partial name while it is written, then under its own name in one step.

use std::io;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::state::State;
use super::tree::{Content, What};
use crate::error::Result;
use crate::stream::Stamp;
use crate::world::partial::{FOLDER_MODE, partial_name};
use crate::world::refusals::taken;

#[derive(Clone)]
pub struct Part {
    path: PathBuf,
    /// Its final path, and its path until then.
    spot: PathBuf,
    partial: PathBuf,
}

impl Part {
    pub fn start(state: &mut State, path: &Path, mode: u32, replace: bool) -> Result<Part> {
        let spot = match state.view().spot(path, Some(FOLDER_MODE)) {
            Ok(spot) => spot,
            Err(cause) => return Err(state.view().trouble("create", path, cause)),
        };
        if state.tree.node(&spot).is_some() && !replace {
            return Err(taken(path));
        }
        let allowed = state.view().may_change(&spot);
        allowed.map_err(|cause| state.view().trouble("create", path, cause))?;
        state.parts += 1;
        let unique = format!("{}-{}", state.process_id, state.parts);
        let partial = spot.with_file_name(partial_name(spot.file_name().unwrap_or_default(), &unique));
        let node = state.tree.ours(What::File(Content::Pieces(Vec::new())), mode, state.now());
        state.tree.put(&partial, node);
        state.writing.insert(partial.clone());
        Ok(Part { path: path.to_owned(), spot, partial })
    }

    pub fn write(&self, state: &mut State, data: &Bytes) -> Result<()> {
        let now = state.now();
        let written = state.tree.append(&self.partial, data, now);
        written.map_err(|cause| state.view().trouble("write", &self.path, cause))
    }

    /// The bytes so far.
    pub fn content(&self, state: &State) -> Content {
        match state.tree.node(&self.partial).map(|node| &node.what) {
            Some(What::File(content)) => content.clone(),
            _ => Content::Pieces(Vec::new()),
        }
    }

    /// Shows the file under its own name; returns its stamp.
    pub fn publish(&self, state: &mut State, replace: bool) -> Result<Stamp> {
        let now = state.now();
        match state.tree.node(&self.spot) {
            Some(node) if replace && node.is_dir() => {
                let cause: io::Error = rustix::io::Errno::ISDIR.into();
                return Err(state.view().trouble("create", &self.path, cause));
            }
            Some(_) if !replace => return Err(taken(&self.path)),
            Some(_) => drop(state.tree.take(&self.spot, now)),
            None => {}
        }
        state.tree.shift(&self.partial, &self.spot, now);
        state.writing.remove(&self.partial);
        match state.tree.node(&self.spot).map(|node| node.stat().stamp()) {
            Some(stamp) => Ok(stamp),
            None => Err(state.view().trouble("create", &self.path, rustix::io::Errno::NOENT.into())),
        }
    }

    /// Removes the written bytes, unless they are published.
    pub fn discard(&self, state: &mut State) {
        if state.writing.remove(&self.partial) {
            let now = state.now();
            state.tree.take(&self.partial, now);
        }
    }
}
