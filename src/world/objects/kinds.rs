//! The kinds of stores, and the names that each of them accepts.

use std::path::Path;

use super::Store;
use crate::error::{Error, Kind, Result};
use crate::world::paths::plain;

/// Which protocol a store speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StoreKind {
    /// Amazon's S3, and compatible stores.
    #[default]
    S3,
    /// Google's own JSON API.
    Google,
    /// Azure Blob Storage.
    Azure,
    /// Files of another machine, through the program `ssh`.
    Sftp,
    /// Any remote of the program `rclone`.
    Rclone,
    /// A folder: a mounted disk, NFS.
    Folder,
}

impl StoreKind {
    pub const ALL: [StoreKind; 6] =
        [StoreKind::S3, StoreKind::Google, StoreKind::Azure, StoreKind::Sftp, StoreKind::Rclone, StoreKind::Folder];

    /// The prefix of the addresses in this store.
    pub fn scheme(self) -> &'static str {
        match self {
            StoreKind::S3 => "s3",
            StoreKind::Google => "gs",
            StoreKind::Azure => "azblob",
            StoreKind::Sftp => "sftp",
            StoreKind::Rclone => "rclone",
            StoreKind::Folder => "file",
        }
    }

    /// Whether keys are file paths, so that no part of one can be empty.
    pub fn is_tree(self) -> bool {
        matches!(self, StoreKind::Sftp | StoreKind::Rclone | StoreKind::Folder)
    }

    /// The program that accesses this kind of store.
    pub fn program(self) -> Option<&'static str> {
        match self {
            StoreKind::Sftp => Some("ssh"),
            StoreKind::Rclone => Some("rclone"),
            _ => None,
        }
    }

    /// Refuses names that are invalid for this kind of store.
    pub(super) fn check(self, store: &Store) -> Result<()> {
        let name = store.bucket.as_str();
        if store.root.split('/').any(|part| matches!(part, "." | "..")) || store.root.chars().any(char::is_control) {
            let what = format!("`{}` cannot be the address of a store", store.title().escape_debug());
            return Err(Error::new(Kind::Recipe, what).hint("no part of its path may be `.` or `..`"));
        }
        match self {
            StoreKind::S3 => {
                region(store)?;
                if arn(name).is_some() { Ok(()) } else { bucket(name, 222, "-._") }
            }
            StoreKind::Google => bucket(name, 222, "-._"),
            StoreKind::Azure if name == "$root" || name == "$web" => Ok(()),
            StoreKind::Azure => bucket(name, 63, "-"),
            StoreKind::Sftp => host(name),
            StoreKind::Rclone => remote(name),
            StoreKind::Folder => plain(Path::new(&store.root)).map(drop),
        }
    }
}

fn bucket(name: &str, longest: usize, beside: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || beside.contains(c);
    if (3..=longest).contains(&name.len()) && name.chars().all(plain) && !name.contains("..") {
        return Ok(());
    }
    let what = format!("`{}` cannot be the name of a bucket", name.escape_debug());
    Err(Error::new(Kind::Recipe, what)
        .hint("three or more small letters, digits, dots and hyphens, such as `our-backups`"))
}

/// The region, the account and the name of an Amazon access point.
pub fn arn(bucket: &str) -> Option<(&str, &str, &str)> {
    let mut parts = bucket.strip_prefix("arn:aws:s3:")?.splitn(3, ':');
    let (region, account, point) = (parts.next()?, parts.next()?, parts.next()?);
    let name = point.strip_prefix("accesspoint/").or_else(|| point.strip_prefix("accesspoint:"))?;
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    (word(region) && word(account) && word(name)).then_some((region, account, name))
}

fn region(store: &Store) -> Result<()> {
    let word = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    match &store.region {
        Some(region) if !word(region) => {
            let what = format!("`{}` cannot be a region", region.escape_debug());
            Err(Error::new(Kind::Recipe, what).hint("write it as the vendor does, such as `ap-northeast-1`"))
        }
        _ => Ok(()),
    }
}

/// Checks a host for `ssh`; one that begins with a hyphen would be an option.
fn host(name: &str) -> Result<()> {
    let plain = |c: char| c.is_alphanumeric() || "-._@:[]%".contains(c);
    if !name.is_empty() && !name.starts_with('-') && !name.contains("@-") && name.chars().all(plain) {
        return Ok(());
    }
    let what = format!("`{}` cannot be the host of an SFTP server", name.escape_debug());
    Err(Error::new(Kind::Recipe, what).hint("write `sftp://HOST/absolute/path`, with HOST as `~/.ssh/config` knows it"))
}

fn remote(name: &str) -> Result<()> {
    let plain = |c: char| c.is_alphanumeric() || "-_.+@ ".contains(c);
    if !name.is_empty() && !name.starts_with('-') && name.chars().all(plain) {
        return Ok(());
    }
    let what = format!("`{}` cannot be the name of a remote", name.escape_debug());
    Err(Error::new(Kind::Recipe, what).hint("write `rclone://REMOTE/path`, with REMOTE as `rclone listremotes` has it"))
}
