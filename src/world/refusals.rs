//! Builds the error messages of file systems and programs, the same in every world, with hints for the user.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::Space;
use super::packages::package_of;
use crate::error::{Error, Kind};
use crate::units::show_size;

/// What a world knows about the surroundings of a path, for the hint.
pub trait Around {
    /// The file that is in the place of a folder above `path`.
    fn file_above(&self, path: &Path) -> Option<PathBuf>;

    /// The file system that holds `path`, and its space.
    fn space(&self, path: &Path) -> Option<(PathBuf, Space)>;
}

/// The error of an operation on a path.
pub fn refused(act: &str, path: &Path, cause: io::Error, around: &impl Around) -> Error {
    let errno = Errno::from_io_error(&cause);
    let error = Error::io(format!("cannot {act} `{}`", path.display()), cause);
    match errno.and_then(|errno| advice(errno, path, around)) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn advice(errno: Errno, path: &Path, around: &impl Around) -> Option<String> {
    match errno {
        Errno::NOTDIR => around.file_above(path).map(|file| format!("`{}` is a file, not a folder", file.display())),
        Errno::NOSPC => Some(match around.space(path) {
            Some((place, space)) => format!("{} are free on `{}`", show_size(space.free_bytes), place.display()),
            None => "free some space on this file system".into(), // the write's own error is the one to report
        }),
        Errno::DQUOT => Some("the quota of this user is used up on this file system".into()),
        Errno::FBIG => Some("the file is larger than `ulimit -f` or the file system allows".into()),
        Errno::ACCESS | Errno::PERM => {
            Some("check the owner and the mode of the path and of the folders above it".into())
        }
        Errno::ROFS => Some("the file system is mounted read-only".into()),
        Errno::XDEV => Some("the two paths are on different file systems: copy instead".into()),
        Errno::NOTEMPTY => Some("the folder is not empty".into()),
        Errno::NAMETOOLONG => Some("choose a shorter name".into()),
        _ => None,
    }
}

/// The error of an operation on a path outside the declared folders; `root` is the declared folder above it.
pub fn out_of_reach(act: &str, path: &Path, root: Option<&Path>, cause: io::Error) -> Error {
    let error = Error::new(Kind::Denied, format!("cannot {act} `{}`", path.display()));
    match root {
        Some(root) => error
            .because_text(format!("a link leads out of `{}`", root.display()))
            .hint("declare the folder that the link leads to, and name the file there"),
        None => error.because(cause).hint("add the path to the recipe's needs"),
    }
}

/// The error when a new file would replace another.
pub fn taken(path: &Path) -> Error {
    Error::new(Kind::AlreadyExists, format!("cannot create `{}`", path.display()))
        .because_text("a file of this name exists")
        .hint("nothing was changed: choose another name, or remove the old file first")
}

/// The error when a file is larger than the requested limit.
pub fn too_large(path: &Path, max_bytes: u64) -> Error {
    Error::new(Kind::Other, format!("cannot read `{}` whole", path.display()))
        .because_text(format!("it is larger than {}", show_size(max_bytes)))
        .hint("read it as a stream")
}

/// The error when something to read is not a regular file.
pub fn not_plain(path: &Path, is_dir: bool) -> Error {
    let what = if is_dir { "it is a folder" } else { "it is not a plain file" };
    Error::new(Kind::Other, format!("cannot read `{}`", path.display())).because_text(what)
}

/// The error when something else exists in the place of a new folder.
pub fn not_a_folder(path: &Path) -> Error {
    Error::new(Kind::AlreadyExists, format!("cannot make the folder `{}`", path.display()))
        .because_text("something that is not a folder exists there")
}

/// The error when a link is found instead of a file or folder.
pub fn is_a_link(act: &str, path: &Path) -> Error {
    Error::new(Kind::Denied, format!("cannot {act} `{}`", path.display()))
        .because_text("it is a link")
        .hint("name the file that it leads to: a link is never followed")
}

/// The error when no user or group has this name.
pub fn unknown_owner(what: &str, name: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no {what} `{name}`")).hint("give a name or a number of this machine")
}

/// The paths that could not be removed.
pub struct Kept {
    all: usize,
    kept: usize,
    first: Option<Error>,
}

impl Kept {
    pub fn of(paths: &[PathBuf]) -> Kept {
        Kept { all: paths.len(), kept: 0, first: None }
    }

    pub fn add(&mut self, error: Error) {
        self.kept += 1;
        self.first.get_or_insert(error);
    }

    /// The first error, with the number of all errors.
    pub fn finish(self) -> crate::error::Result<()> {
        match self.first {
            None => Ok(()),
            Some(error) if self.all == 1 => Err(error),
            Some(error) => Err(error.within(format!("cannot remove {} of {} files", self.kept, self.all))),
        }
    }
}

/// Sorts paths for removal: the content of a folder before the folder.
pub fn deepest_first(mut paths: Vec<PathBuf>) -> Vec<PathBuf> {
    paths.sort_unstable_by(|a, b| b.as_os_str().cmp(a.as_os_str()));
    paths
}

/// The error after a failed write: the content of the file is unknown.
pub fn torn() -> Error {
    Error::new(Kind::Other, "cannot go on writing after a write that failed")
}

/// The time format in which a lock shows since when it is held.
pub const SINCE: &str = "%Y-%m-%d %H:%M:%S";

/// The error when a lock is held; with the process and the start time, if known.
pub fn held(path: &Path, holder: Option<(&str, &str)>) -> Error {
    let error = Error::new(Kind::Locked, format!("cannot lock `{}`", path.display()));
    match holder {
        Some((pid, since)) => error
            .because_text(format!("process {pid} has held it since {since}"))
            .hint(format!("wait until it has ended; `ps -fp {pid}` shows what it is")),
        None => error.because_text("another process holds it").hint("wait until that has ended"),
    }
}

/// The error when a program is not found along `path`.
pub fn not_on_path(program: &str, path: &str) -> Error {
    let hint = match package_of(program) {
        Some(package) => format!("install it: `apt-get install {package}`"),
        None => format!("install it, or add its folder to the PATH, which is `{path}`"),
    };
    Error::new(Kind::NotFound, format!("cannot start `{program}`: it is not on the PATH")).hint(hint)
}

/// The error when the working folder of a program does not exist.
pub fn no_such_cwd(error: Error, cwd: &Path) -> Error {
    error.hint(format!("there is no folder `{}`", cwd.display()))
}

/// The error when a program stopped reading its input. The reason is in its exit.
pub fn stopped_reading(program: &str) -> Error {
    Error::new(Kind::Command, format!("`{program}` stopped reading before the end"))
}
