//! Sets the mode and the owner of a file or folder, and never follows a link.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Gid, Mode, OFlags, Uid};

use super::fence::Fence;
use super::packing::owners::{group_number, user_number};
use crate::error::Result;
use crate::world::refusals::{is_a_link, unknown_owner};

pub fn set_mode(fence: &Fence, path: &Path, mode: u32) -> Result<()> {
    let act = "set the mode of";
    let file = point_at(fence, act, path)?;
    // fchmod rejects a path-only handle; its name under /proc refers to the same file.
    let name = format!("/proc/self/fd/{}", file.as_raw_fd());
    let set = rustix::fs::chmodat(CWD, name, Mode::from_raw_mode(mode), AtFlags::empty());
    set.map_err(|errno| fence.trouble(act, path, errno.into()))
}

pub fn set_owner(fence: &Fence, path: &Path, user: Option<&str>, group: Option<&str>) -> Result<()> {
    let act = "set the owner of";
    let known = |what, name: &str, number: Option<u32>| number.ok_or_else(|| unknown_owner(what, name));
    let user = user.map(|name| known("user", name, user_number(name))).transpose()?;
    let group = group.map(|name| known("group", name, group_number(name))).transpose()?;
    let file = point_at(fence, act, path)?;
    let (user, group) = (user.map(Uid::from_raw), group.map(Gid::from_raw));
    let set = rustix::fs::chownat(&file, "", user, group, AtFlags::EMPTY_PATH);
    set.map_err(|errno| fence.trouble(act, path, errno.into()))
}

/// A handle on exactly this name; a pipe or a socket is not opened by it.
fn point_at(fence: &Fence, act: &str, path: &Path) -> Result<OwnedFd> {
    let fail = |cause: io::Error| fence.trouble(act, path, cause);
    let spot = fence.spot(path, None).map_err(fail)?;
    let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let pointed = rustix::fs::openat(&spot.folder, &spot.name, flags, Mode::empty());
    let file = pointed.map_err(|errno| fail(errno.into()))?;
    let seen = rustix::fs::fstat(&file).map_err(|errno| fail(errno.into()))?;
    match FileType::from_raw_mode(seen.st_mode) {
        FileType::Symlink => Err(is_a_link(act, path)),
        _ => Ok(file),
    }
}
