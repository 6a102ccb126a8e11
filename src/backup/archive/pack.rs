//! Opens the stream of a new archive: counts and lists its bytes as they pass, and reports what was noticed.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use serde_json::Value;

use crate::backup::expected;
use crate::error::{Error, Kind, Result};
use crate::report::remark::{Level as Weight, Remark};
use crate::report::{self, Level};
use crate::stream::stage::Staged;
use crate::stream::taps::Count;
use crate::stream::tar::listing::{ListOutlet, Listing};
use crate::stream::{Piece, SharedFacts, Source};
use crate::world::Caller;
use crate::world::command::quoted;
use crate::world::packing::findings::{Named, Noticed};
use crate::world::packing::{Findings, OnChange, Packing};

/// How many files are listed by name.
const MOST_NAMED: usize = 10;

/// The facts about an archive before it is written.
pub fn prepare(packing: &Packing, facts: &SharedFacts) {
    let attributes = match (packing.xattrs, packing.acls) {
        (true, true) => " --xattrs --xattrs-include='*' --acls",
        (true, false) => " --xattrs --xattrs-include='*'",
        (false, true) => " --acls",
        (false, false) => "",
    };
    let mut facts = facts.lock();
    facts.load = Some(format!("tar -xpf - -C {}{attributes}", quoted(&packing.base.display().to_string())));
    facts.shapes.insert("archive".to_owned(), Value::Object(serde_json::Map::new()));
}

/// Starts reading the files.
pub async fn open(
    caller: &Caller,
    packing: Arc<Packing>,
    outlet: ListOutlet,
    facts: SharedFacts,
) -> Result<Box<dyn Source>> {
    expected::of_folders(caller, &packing, &facts).await;
    let packed = caller.pack((*packing).clone()).await?;
    let counted = Staged::new(packed.source, Count::new(&facts));
    let listing = Listing::new(Box::new(counted), outlet, &facts)?;
    let site = caller.site.clone();
    Ok(Box::new(Noted { source: Box::new(listing), findings: packed.findings, facts, packing, site }))
}

/// An archive whose manifest also states what was noticed while it was read.
struct Noted {
    source: Box<dyn Source>,
    findings: Findings,
    facts: SharedFacts,
    packing: Arc<Packing>,
    site: Option<crate::error::Site>,
}

impl Noted {
    async fn step(&mut self) -> Result<Piece> {
        let piece = self.source.next().await?;
        if piece == Piece::End {
            let noticed = self.findings.lock().clone();
            self.note(&noticed)?;
            self.log(&noticed);
        }
        Ok(piece)
    }

    /// Adds what was noticed to the counts of the list.
    fn note(&self, noticed: &Noticed) -> Result<()> {
        let cannot = |cause| Error::new(Kind::Other, "cannot describe the archive").because(cause);
        let mut facts = self.facts.lock();
        let archive = facts.sections.entry("archive".to_owned()).or_insert_with(|| Value::Object(Default::default()));
        if let (Some(archive), Value::Object(noticed)) =
            (archive.as_object_mut(), serde_json::to_value(noticed).map_err(cannot)?)
        {
            archive.insert("base".to_owned(), self.packing.base.display().to_string().into());
            let roots = self.packing.roots.iter().map(|root| root.path.display().to_string());
            archive.insert("roots".to_owned(), roots.collect());
            archive.extend(noticed);
        }
        facts.remarks.extend(self.remarks(noticed));
        Ok(())
    }

    fn log(&self, noticed: &Noticed) {
        let left_out = [
            (noticed.sockets, "sockets"),
            (noticed.fifos, "pipes"),
            (noticed.devices, "devices"),
            (noticed.unfinished, "partial files"),
            (noticed.other_file_systems.count, "other file systems"),
        ];
        let left_out = left_out.iter().filter(|(count, _)| *count > 0);
        let shown: Vec<_> = left_out.map(|(count, what)| format!("{count} {what}")).collect();
        let log = |text: String| report::log(Level::Info, &text, self.site.as_ref());
        if !shown.is_empty() {
            log(format!("Left out of the archive: {}", shown.join(", ")));
        }
        if noticed.absent.count > 0 {
            let first = noticed.absent.first.iter().take(MOST_NAMED).map(String::as_str);
            let more = (noticed.absent.count > MOST_NAMED as u64).then_some("…");
            log(format!("Not there, and not required: {}", first.chain(more).collect::<Vec<_>>().join(", ")));
        }
    }

    /// The remarks: warnings about files that changed, and notes about accepted omissions.
    fn remarks(&self, noticed: &Noticed) -> Vec<Remark> {
        let changed = (self.packing.on_change != OnChange::Accept).then_some(&noticed.changed);
        let changed = changed.into_iter().flat_map(|changed| named("changed while it was packed", changed));
        let unreadable = named("could not be read and was left out, as the recipe accepts", &noticed.unreadable);
        let changed = changed.map(|text| Remark::new(Weight::Warning, "changed", text));
        changed.chain(unreadable.into_iter().map(|text| Remark::new(Weight::Note, "unreadable", text))).collect()
    }
}

impl Source for Noted {
    fn next(&mut self) -> BoxFuture<'_, Result<Piece>> {
        Box::pin(self.step())
    }
}

fn named(what: &str, names: &Named) -> Vec<String> {
    let mut lines: Vec<_> = names
        .first
        .iter()
        .take(MOST_NAMED)
        .map(|name| match name.split_once(": ") {
            Some((path, how)) => format!("`{path}` {what}: {how}"),
            None => format!("`{name}` {what}"),
        })
        .collect();
    let more = names.count.saturating_sub(lines.len() as u64);
    if more > 0 {
        lines.push(format!("{more} more files: each {what}"));
    }
    lines
}
