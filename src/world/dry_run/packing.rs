//! Examines the files of a planned archive, so that a plan shows what a run would refuse, and reads none of them.

use super::plan::{Where, unreadable};
use super::{DryRun, Unread, Withheld};
use crate::error::{Error, Kind, Result};
use crate::stream::Piece;
use crate::world::packing::{Packed, Packing};
use crate::world::{Effect, Reply, Request, World};

/// An archive of unknown bytes. Planned files are not examined.
pub async fn pack<W: World + 'static>(dry: &DryRun<W>, packing: &Packing, request: &Request) -> Result<Packed> {
    let mut looked = Packing { contents: false, roots: Vec::new(), ..packing.clone() };
    for root in &packing.roots {
        let at = dry.plan.lock().locate(&root.path);
        match at {
            Where::Below(path) if path == root.path => looked.roots.push(root.clone()),
            Where::Nothing if !root.optional => return Err(unreadable(&root.path, &at)),
            Where::Below(_) | Where::Planned(..) | Where::Nothing => looked.allow_empty = true,
        }
    }
    let Reply::Packed(mut packed) = dry.inner_perform(Effect::Pack(Box::new(looked)), request).await? else {
        return Err(Error::new(Kind::Other, "the world gave the wrong reply to `pack`"));
    };
    while packed.source.next().await? != Piece::End {}
    let error = Error::new(Kind::Cancelled, format!("`{}` was not read", packing.title())).because(Withheld::Archive);
    Ok(Packed { source: Box::new(Unread(error)), ..packed })
}
