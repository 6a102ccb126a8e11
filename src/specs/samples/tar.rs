//! An archive as GNU tar writes it, or one that was cut off, or one that no tar should write.

use std::collections::BTreeMap;
use std::io::{self, Write};

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde::Deserialize;
use tar::{Builder, EntryType, Header};

use crate::error::{Error, Kind, Result};
use crate::world::simulated::setup_values;

/// The content of a sample archive, and how it is packed.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    files: BTreeMap<String, Packed>,
    #[serde(default)]
    gzip: bool,
    /// The place where it ends too early.
    cut: Option<usize>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct PackedTable {
    #[serde(deserialize_with = "setup_values::bytes")]
    content: Bytes,
    dir: bool,
    link: Option<String>,
    #[serde(deserialize_with = "setup_values::mode")]
    mode: Option<u32>,
}

/// One entry: a file, a folder or a link.
struct Packed(PackedTable);

impl From<PackedTable> for Packed {
    fn from(table: PackedTable) -> Packed {
        Packed(table)
    }
}

impl Packed {
    fn text(text: Vec<u8>) -> Packed {
        Packed(PackedTable { content: text.into(), ..PackedTable::default() })
    }

    fn pack(&self, name: &str, archive: &mut Builder<Vec<u8>>) -> io::Result<()> {
        let Packed(entry) = self;
        let (kind, mode) = match (&entry.link, entry.dir) {
            (Some(_), _) => (EntryType::Symlink, 0o777),
            (None, true) => (EntryType::Directory, 0o755),
            (None, false) => (EntryType::Regular, 0o644),
        };
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(entry.mode.unwrap_or(mode));
        header.set_size(entry.content.len() as u64);
        if let Some(link) = &entry.link {
            header.set_link_name_literal(link)?;
        }
        let field = &mut header.as_old_mut().name;
        if name.len() > field.len() {
            return archive.append_data(&mut header, name, &entry.content[..]);
        }
        // Unchanged: a spec may test a name that no tar would write.
        field[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        archive.append(&header, &entry.content[..])
    }
}

setup_values::table_or_text!(Packed via PackedTable, "the file's text, or a table such as { link = \"other\" }", Packed::text);

pub fn bytes(options: Options) -> Result<Vec<u8>> {
    let mut bytes = pack(&options)
        .map_err(|cause| Error::new(Kind::Other, "cannot write the sample of an archive").because(cause))?;
    bytes.truncate(options.cut.unwrap_or(bytes.len()));
    Ok(bytes)
}

fn pack(options: &Options) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for (name, entry) in &options.files {
        entry.pack(name, &mut archive)?;
    }
    let plain = archive.into_inner()?;
    if !options.gzip {
        return Ok(plain);
    }
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(&plain)?;
    packed.finish()
}
