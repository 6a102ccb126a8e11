//! Creates a view of the file tree for the children of root, in which only the declared folders can be changed.
//!
//! Landlock does not block `chmod` and `chown`, and root's children can bypass file modes. A read-only mount blocks both. The view is
//! created before Landlock closes, which forbids mount changes, and each child enters it.

use std::ffi::CString;
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;
use rustix::mount::{MountPropagationFlags, MoveMountFlags, OpenTreeFlags, mount_change, move_mount, open_tree};

/// The kernel's `struct mount_attr`.
#[repr(C)]
struct MountAttributes {
    set: u64,
    clear: u64,
    propagation: u64,
    user_namespace: u64,
}

const READ_ONLY: u64 = 0x1;
const NO_DEVICES: u64 = 0x4;

/// A file tree in which only some folders can be changed.
#[derive(Debug)]
pub struct View {
    namespace: OwnedFd,
    /// The working folder of a child that has no folder set.
    here: Option<CString>,
}

impl View {
    /// Creates a view in which only `write` and everything below it can be changed.
    pub fn of(write: Vec<PathBuf>) -> io::Result<View> {
        let here = std::env::current_dir().ok().and_then(|folder| in_c(&folder)); // a folder that is gone is none
        // On a separate thread: the process itself keeps its current view.
        let made = std::thread::spawn(move || make(&write)).join();
        let namespace = made.map_err(|_| io::Error::other("a thread crashed"))??;
        Ok(View { namespace, here })
    }

    /// Moves the calling process into this view, in `folder`. Only system calls.
    pub fn enter(&self, folder: Option<&CString>) -> io::Result<()> {
        // SAFETY: the call takes two numbers; the descriptor is ours and open.
        if unsafe { libc::setns(self.namespace.as_raw_fd(), libc::CLONE_NEWNS) } != 0 {
            return Err(io::Error::last_os_error());
        }
        match folder.or(self.here.as_ref()) {
            Some(folder) => Ok(rustix::process::chdir(folder.as_c_str())?),
            None => Ok(()),
        }
    }
}

/// A path in the form that system calls take.
pub fn in_c(path: &Path) -> Option<CString> {
    CString::new(path.as_os_str().as_bytes()).ok()
}

fn make(write: &[PathBuf]) -> io::Result<OwnedFd> {
    // SAFETY: the thread exists only for this; no code relies on sharing its working folder with other threads.
    if unsafe { libc::unshare(libc::CLONE_NEWNS) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // Later outside mounts are visible here; mounts made here are not visible outside.
    mount_change("/", MountPropagationFlags::DOWNSTREAM | MountPropagationFlags::REC)?;
    let copies: Vec<(OwnedFd, &PathBuf)> = topmost(write)
        .map(|path| {
            let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::AT_RECURSIVE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
            Ok((open_tree(CWD, path, flags)?, path))
        })
        .collect::<io::Result<_>>()?;
    set_attributes(CWD, c"/", READ_ONLY)?;
    for (copy, path) in &copies {
        if !Path::new("/dev").starts_with(path) {
            set_attributes(copy.as_fd(), c"", NO_DEVICES)?;
        }
        move_mount(copy, "", CWD, *path, MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
    }
    Ok(rustix::fs::open("/proc/thread-self/ns/mnt", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

/// The `paths` that are not below another of them.
fn topmost(paths: &[PathBuf]) -> impl Iterator<Item = &PathBuf> {
    paths
        .iter()
        .enumerate()
        .filter(|(place, path)| {
            let below = |(other, above): (usize, &PathBuf)| {
                path.starts_with(above) && (path.as_path() != above.as_path() || other < *place)
            };
            !paths.iter().enumerate().any(below)
        })
        .map(|(_, path)| path)
}

fn set_attributes(at: impl AsFd, path: &std::ffi::CStr, set: u64) -> io::Result<()> {
    let attributes = MountAttributes { set, clear: 0, propagation: 0, user_namespace: 0 };
    let flags = libc::AT_EMPTY_PATH | libc::AT_RECURSIVE;
    // SAFETY: the kernel reads the path up to its zero byte, and only the given number of bytes of the structure.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            at.as_fd().as_raw_fd(),
            path.as_ptr(),
            flags,
            &raw const attributes,
            size_of::<MountAttributes>(),
        )
    };
    if answer == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Why no view can be created here, in words; `None` if it can.
pub fn obstacle() -> Option<String> {
    match View::of(Vec::new()) {
        Ok(_) => None,
        Err(error) => Some(match Errno::from_io_error(&error) {
            Some(Errno::PERM) => "this container may not make mount namespaces".to_owned(),
            Some(Errno::NOSYS) => "it takes Linux 5.12".to_owned(),
            Some(Errno::INVAL) => "this root is no mount of its own (chroot)".to_owned(),
            _ => error.to_string(),
        }),
    }
}
