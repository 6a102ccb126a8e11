//! Archives of real trees: other programs read ours with every attribute, and nothing that changes meanwhile goes unnoticed.

mod attributes;
mod changing;
mod itself;
mod killed;
mod refused;
mod rehearsed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use hikae::error::Result;
use hikae::stream::tar::{Tar, TarEntry};
use hikae::stream::{Piece, Source};
use hikae::world::packing::findings::Noticed;
use hikae::world::packing::{OnChange, Packed, Packing, Root};
use hikae::world::real::Real;
use hikae::world::{Caller, Limits};

/// All of `root`, with every attribute, relative to itself.
fn packing(root: &Path) -> Packing {
    Packing {
        roots: vec![Root { path: root.to_owned(), optional: false }],
        base: root.to_owned(),
        include: Vec::new(),
        exclude: Vec::new(),
        newer_than: None,
        older_than: None,
        one_file_system: false,
        xattrs: true,
        acls: true,
        allow_empty: false,
        on_change: OnChange::Warn,
        accept_unreadable: Vec::new(),
        contents: true,
        outputs: Default::default(),
    }
}

/// The real world beneath these folders.
fn caller(roots: impl IntoIterator<Item = PathBuf>) -> Caller {
    let limits = Limits { total: std::time::Duration::from_secs(120), idle: std::time::Duration::from_secs(60) };
    Caller::new(Arc::new(Real::beneath(roots).unwrap()), limits)
}

async fn pack(packing: Packing) -> Result<Packed> {
    caller(packing.roots.iter().map(|root| root.path.clone()).collect::<Vec<_>>()).pack(packing).await
}

/// The bytes of a whole archive, and what was noticed.
async fn whole(mut packed: Packed) -> Result<(Vec<u8>, Noticed)> {
    let mut bytes = Vec::new();
    while let Piece::Data(data) = packed.source.next().await? {
        bytes.extend_from_slice(&data);
    }
    let noticed = packed.findings.lock().clone();
    Ok((bytes, noticed))
}

/// The entries of an archive with their data; it must be whole.
async fn entries(bytes: Vec<u8>) -> Vec<(TarEntry, Vec<u8>)> {
    let mut tar = Tar::new(Box::new(Whole(Some(bytes))));
    let mut entries = Vec::new();
    while let Some(entry) = tar.next_entry().await.unwrap() {
        let mut data = Vec::new();
        while let Some(piece) = tar.data().await.unwrap() {
            data.extend_from_slice(&piece);
        }
        entries.push((entry, data));
    }
    entries
}

struct Whole(Option<Vec<u8>>);

impl Source for Whole {
    fn next(&mut self) -> futures_util::future::BoxFuture<'_, Result<Piece>> {
        let piece = self.0.take().map_or(Piece::End, |bytes| Piece::Data(bytes.into()));
        Box::pin(std::future::ready(Ok(piece)))
    }
}

fn run(program: &str, args: &[&str]) -> std::process::Output {
    std::process::Command::new(program)
        .args(args)
        .env("LC_ALL", "C.UTF-8")
        .output()
        .unwrap_or_else(|error| panic!("`{program}`: {error}; install it: scripts/test does"))
}

fn must(program: &str, args: &[&str]) {
    let output = run(program, args);
    assert!(output.status.success(), "{program} {args:?}: {}", String::from_utf8_lossy(&output.stderr));
}
