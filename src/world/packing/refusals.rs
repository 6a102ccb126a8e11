//! The errors of archives that cannot be made, the same in every world.

use std::io;
use std::path::Path;

use super::Packing;
use super::findings::Noticed;
use super::meta::MetaKind;
use crate::error::{Error, Kind};

/// A required root does not exist.
pub fn missing(path: &Path, cause: io::Error) -> Error {
    Error::io(format!("cannot pack `{}`", path.display()), cause)
        .hint("name a file or folder that is there, or put it under `optional` when it may be missing")
}

/// A root is neither a file nor a folder.
pub fn no_root(path: &Path, kind: MetaKind) -> Error {
    let error = Error::new(Kind::Recipe, format!("cannot pack `{}`", path.display()));
    match kind {
        MetaKind::Link => error
            .because_text("it is a link")
            .hint("name the folder that it leads to: a link alone would be packed without its target"),
        _ => error.because_text("it is neither a file nor a folder").hint("name a file or a folder"),
    }
}

/// The patterns exclude everything in a required root.
pub fn nothing_of(root: &Path) -> Error {
    Error::new(Kind::Recipe, format!("the patterns leave nothing of `{}` to pack", root.display()))
        .hint("patterns are relative to the root, and `*` names everything: make `exclude` narrower")
}

/// The archive would be empty.
pub fn nothing_at_all(packing: &Packing, noticed: &Noticed) -> Error {
    let why = if noticed.excluded > 0 {
        format!("the patterns leave out all that is there: {}", noticed.excluded)
    } else if noticed.out_of_age > 0 {
        format!("no file is of the age that is asked for: {} are not", noticed.out_of_age)
    } else if noticed.absent.count > 0 {
        "none of the optional roots is there".to_owned()
    } else {
        "there is no file".to_owned()
    };
    Error::new(Kind::NotFound, format!("there is nothing to pack in `{}`", packing.title()))
        .because_text(why)
        .hint("an archive without files backs up nothing; `allow_empty = true` if that is right")
}

/// A file changed while it was read.
pub fn changed(path: &Path, how: &str) -> Error {
    Error::new(Kind::Integrity, format!("`{}` changed while it was packed", path.display()))
        .because_text(how.to_owned())
        .hint("stop the program that writes to it meanwhile, or accept it: `on_change = \"warn\"`")
}

/// A file or folder cannot be read.
pub fn unreadable(path: &Path, error: Error) -> Error {
    let accept = format!("`accept_unreadable = {{ {:?} }}`", path.display().to_string());
    match error.hint_text() {
        Some(hint) => {
            let hint = format!("{hint}; {accept} leaves it out");
            error.hint(hint)
        }
        None => error.hint(format!("{accept} leaves it out")),
    }
}

/// The archive would contain itself.
pub fn itself(target: &Path, packed: &Path, below: &Path) -> Error {
    let top = below.iter().next().unwrap_or_default();
    Error::new(Kind::Recipe, format!("cannot save the archive as `{}`", target.display()))
        .because_text(format!("it would be in `{}`, which is packed", packed.display()))
        .hint(format!("save it elsewhere, or leave that folder out: `exclude = {{ \"/{}\" }}`", top.display()))
}
