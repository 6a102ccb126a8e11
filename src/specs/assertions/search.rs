//! Searches for a text in everything that a run showed or left.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;

use crate::error::{Error, Result};
use crate::secret::Forms;
use crate::specs::trial::run_handle::Run;
use crate::world::simulated::Ran;

/// Describes the first place of the text; escaped forms are found too.
pub fn find(run: &Run, text: &str) -> Option<String> {
    let rehearsed = &run.rehearsed;
    let forms = &Forms::of(text);
    let has = |place: &str, shown: &str| forms.stand_in(shown.as_bytes()).then(|| place.to_owned());
    let said = rehearsed.said.iter().find_map(|line| has("what the run said", line));
    let errors = || {
        rehearsed
            .error
            .iter()
            .chain(&rehearsed.troubles)
            .chain(&rehearsed.lua.swallowed)
            .chain(&rehearsed.lua.unused_streams)
    };
    said.or_else(|| {
        errors().find_map(|error| {
            has("an error", &format!("{} {}", error.one_line(), error.hint_text().unwrap_or_default()))
        })
    })
    .or_else(|| has("the record of the run", &format!("{:?}", rehearsed.run)))
    .or_else(|| rehearsed.journal.iter().find_map(|record| has("the journal", &record.to_json().to_string())))
    .or_else(|| rehearsed.after.ran.iter().skip(rehearsed.before.ran.len()).find_map(|ran| in_call(ran, forms)))
    .or_else(|| in_files(run, forms))
}

/// Searches what `ps` and `/proc` show of a program; only its variables without secrets are known here.
fn in_call(ran: &Ran, forms: &Forms) -> Option<String> {
    let has = |shown: &str| forms.stand_in(shown.as_bytes());
    let place = |what: &str| format!("{what} of `{}`", ran.program);
    if has(&ran.program) || ran.args.iter().any(|arg| has(arg)) {
        return Some(place("the arguments"));
    }
    if let Some((name, _)) = ran.env.iter().find(|(name, value)| has(name) || has(value)) {
        return Some(place(&format!("the variable `{name}`, which is no secret,")));
    }
    let stderr = ran.exit.as_ref().is_some_and(|exit| has(&exit.stderr));
    stderr.then(|| place("the standard error"))
}

/// Searches the names and bytes of files that the run made or changed, packed or plain.
fn in_files(run: &Run, forms: &Forms) -> Option<String> {
    let before = &run.rehearsed.before;
    run.rehearsed.after.files.iter().filter(|(path, seen)| before.at(path) != Some(*seen)).find_map(|(path, seen)| {
        let named = before.at(path).is_none() && forms.stand_in(path.as_os_str().as_encoded_bytes());
        let content = seen.content.clone().unwrap_or_default();
        let packed = [gunzipped(&content), unzstded(&content)];
        let inside = std::iter::once(content).chain(packed.into_iter().flatten());
        let shown = named || inside.into_iter().any(|bytes| forms.stand_in(&bytes));
        shown.then(|| format!("the file `{}`", path.display()))
    })
}

/// A gzip file as plain bytes, by another decoder than the one that hikae restores with.
pub fn gunzipped(content: &[u8]) -> Result<Bytes> {
    let mut all = Vec::new();
    let read = MultiGzDecoder::new(content).read_to_end(&mut all);
    read.map(|_| all.into()).map_err(|cause| Error::io("cannot unpack it as gzip", cause))
}

/// A zstd file as plain bytes.
pub fn unzstded(content: &[u8]) -> Result<Bytes> {
    zstd::decode_all(content).map(Bytes::from).map_err(|cause| Error::io("cannot unpack it as zstd", cause))
}
