//! Sets the mode and the owner of files in the tree, as far as the user of this world may.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::founding::number;
use super::setup::SimulatedSetup;
use super::tree::{Node, What};
use super::ways::View;
use crate::error::Result;
use crate::world::refusals::{is_a_link, unknown_owner};

pub fn set_mode(view: &mut View<'_>, path: &Path, mode: u32) -> Result<()> {
    let act = "set the mode of";
    let user = view.tree.person.user;
    let spot = spot(view, act, path)?;
    let set = change(view, &spot, |node| {
        if user != 0 && node.owner != user {
            return Err(Errno::PERM.into());
        }
        node.mode = mode;
        Ok(())
    });
    set.map_err(|cause| view.trouble(act, path, cause))
}

pub fn set_owner(
    view: &mut View<'_>,
    setup: &SimulatedSetup,
    path: &Path,
    (user, group): (Option<String>, Option<String>),
) -> Result<()> {
    let act = "set the owner of";
    let find = |what, name: String| number(setup, &name).ok_or_else(|| unknown_owner(what, &name));
    let user = user.map(|name| find("user", name)).transpose()?;
    let group = group.map(|name| find("group", name)).transpose()?;
    let person = view.tree.person;
    let spot = spot(view, act, path)?;
    let set = change(view, &spot, |node| {
        let given_away =
            user.is_some_and(|user| user != node.owner) || group.is_some_and(|group| group != person.group);
        if person.user != 0 && (given_away || node.owner != person.user) {
            return Err(Errno::PERM.into());
        }
        node.owner = user.unwrap_or(node.owner);
        node.group = group.unwrap_or(node.group);
        Ok(())
    });
    set.map_err(|cause| view.trouble(act, path, cause))
}

/// The real place of a name; a link is refused.
fn spot(view: &mut View<'_>, act: &str, path: &Path) -> Result<PathBuf> {
    let spot = match view.spot(path, None) {
        Ok(spot) => spot,
        Err(cause) => return Err(view.trouble(act, path, cause)),
    };
    match view.at(&spot) {
        Ok(Node { what: What::Link(_), .. }) => Err(is_a_link(act, path)),
        Ok(_) => Ok(spot),
        Err(cause) => Err(view.trouble(act, path, cause)),
    }
}

fn change(view: &mut View<'_>, spot: &Path, change: impl FnOnce(&mut Node) -> io::Result<()>) -> io::Result<()> {
    change(view.tree.node_mut(spot).ok_or(Errno::NOENT)?)
}
