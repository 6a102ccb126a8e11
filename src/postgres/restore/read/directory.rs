//! Converts a folder by `pg_dump --format=directory` in a tar file to plain SQL, and reads the file to its last byte.

use std::path::{Path, PathBuf};

use futures_util::future::BoxFuture;

use crate::backup::archive::names::{Names, inside, refused};
use crate::backup::scratch_dir::ScratchDir;
use crate::error::{Error, Kind, Result};
use crate::postgres::restore::load::decode_folder;
use crate::postgres::restore::read::Reader;
use crate::stream::tar::{Tar, TarKind};
use crate::stream::{Piece, Sink, Source, abort_after};
use crate::world::Caller;
use crate::world::partial::FOLDER_MODE;
use crate::world::program::{ProgramSource, failure};

/// The offset of the magic bytes in a tar header.
const MAGIC_AT: usize = 257;
const MAGIC: &[u8] = b"ustar";

const FILE_MODE: u32 = 0o600;

/// The table of contents, without which a folder is no dump.
const CONTENTS: &str = "toc.dat";

pub fn begins_as_tar(head: &[u8]) -> bool {
    head.get(MAGIC_AT..).is_some_and(|rest| rest.starts_with(MAGIC))
}

/// The dump in a tar file as plain SQL, and its folder in the tar file.
pub async fn decoded(reader: &Reader, tar: Box<dyn Source>) -> Result<(Box<dyn Source>, String)> {
    let Some(work) = &reader.work else {
        return Err(Error::new(Kind::Recipe, "the dump is a folder in a tar file, and has no place to be unpacked")
            .hint("name a private folder with room for it: `work = …`; in the built-in recipes: --set work_dir=/backups/work"));
    };
    let space = work.make(&reader.caller).await?;
    match start(reader, tar, &space).await {
        Ok((output, folder)) => Ok((Box::new(Decoded { output, space: Some(space) }), folder)),
        Err(error) => Err(space.remove_after(error).await),
    }
}

/// Unpacks all of the tar file, and runs `pg_restore` on the folder of the dump.
async fn start(reader: &Reader, tar: Box<dyn Source>, space: &ScratchDir) -> Result<(ProgramSource, String)> {
    unpack(&reader.caller, tar, space.folder()).await?;
    let dump = dump_in(space, reader).await?;
    let child = reader.caller.spawn(decode_folder(&dump.display().to_string())).await?;
    let output = ProgramSource::new("pg_restore", child).explain(|exit| {
        let hint = "the export is incomplete or damaged, or `pg_restore` is older than the `pg_dump` that wrote it";
        Error::new(Kind::Integrity, "cannot decode the folder of the dump")
            .because(failure("pg_restore", exit))
            .hint(hint)
    });
    let below = dump.strip_prefix(space.folder()).unwrap_or(&dump);
    Ok((output, below.display().to_string()))
}

/// Unpacks the whole tar file into the folder, up to its verified end.
async fn unpack(caller: &Caller, tar: Box<dyn Source>, folder: &Path) -> Result<()> {
    let (mut tar, mut names) = (Tar::new(tar), Names::default());
    while let Some(entry) = tar.next_entry().await? {
        let path = inside(&entry.path)?;
        let above = match entry.kind {
            TarKind::Dir => Some(path.as_path()),
            TarKind::File => path.parent(),
            TarKind::Link | TarKind::HardLink | TarKind::Other => return Err(refused(&entry)),
        };
        for missing in names.folder(above.unwrap_or(Path::new("")))? {
            caller.mkdir(&folder.join(missing), FOLDER_MODE).await?;
        }
        if entry.kind == TarKind::File {
            names.file(&path)?;
            let mut sink = caller.create(&folder.join(&path), FILE_MODE).await?;
            if let Err(error) = fill(&mut *sink, &mut tar).await {
                // Removed right here: an unfinished file would prevent the removal of its folder.
                return Err(abort_after(sink, error).await);
            }
            sink.commit().await?;
        }
    }
    Ok(())
}

/// Writes the current entry.
async fn fill(sink: &mut dyn Sink, tar: &mut Tar) -> Result<()> {
    while let Some(data) = tar.data().await? {
        sink.write(data).await?;
    }
    sink.seal().await
}

/// The one folder that is a dump.
async fn dump_in(space: &ScratchDir, reader: &Reader) -> Result<PathBuf> {
    let files = space.files(&reader.caller).await?;
    let mut dumps = files.iter().filter(|file| file.path.ends_with(CONTENTS)).filter_map(|file| file.path.parent());
    match (dumps.next(), dumps.next()) {
        (Some(dump), None) => Ok(dump.to_owned()),
        (None, _) => Err(Error::new(Kind::Integrity, "the tar file holds no dump")
            .because_text(format!("there is no `{CONTENTS}` in it"))
            .hint("it should be a folder by `pg_dump --format=directory`")),
        (Some(one), Some(other)) => {
            let name = |path: &Path| path.strip_prefix(space.folder()).unwrap_or(path).display().to_string();
            Err(Error::new(Kind::Integrity, "the tar file holds more than one dump")
                .because_text(format!("`{}` and `{}`", name(one), name(other)))
                .hint("take a backup of one database"))
        }
    }
}

struct Decoded {
    output: ProgramSource,
    space: Option<ScratchDir>,
}

impl Decoded {
    async fn step(&mut self) -> Result<Piece> {
        match (self.output.next().await, self.space.take()) {
            (Ok(Piece::End), Some(space)) => space.remove().await.map(|()| Piece::End),
            (Err(error), Some(space)) => Err(space.remove_after(error).await),
            (piece, space) => {
                self.space = space;
                piece
            }
        }
    }
}

impl Source for Decoded {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}
