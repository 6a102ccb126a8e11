//! Reads and writes the marker in the source: an unmounted disk does not have it, and it identifies a copy of the source.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};
use crate::stream::sha256::Sha256;
use crate::world::Caller;

/// The name of the marker in the source.
pub const MARKER: &str = ".hikae-sync.json";

const MAX_BYTES: u64 = 1 << 20;
const MODE: u32 = 0o600;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    pub sync: u32,
    /// The id of this source.
    pub id: String,
    /// Keyed by the title of each store and prefix that it is copied to.
    #[serde(default)]
    pub targets: BTreeMap<String, Lineage>,
}

/// The last run that wrote to a target, and a run that has begun to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Lineage {
    /// Whether this run is the last one, as far as the source knows.
    pub fn knows(&self, run: &str) -> bool {
        self.last.as_deref() == Some(run) || self.next.as_deref() == Some(run)
    }
}

impl Marker {
    pub fn new(id: String) -> Marker {
        Marker { sync: 1, id, targets: BTreeMap::new() }
    }
}

/// An id that distinguishes the source from all others: it includes the run that begins the sync.
pub fn new_id(run_id: &str, host: &str, source: &Path) -> String {
    Sha256::of(format!("{run_id} {host} {}", source.display()))[..32].to_owned()
}

/// The id of a source that is only read: derived from its place.
pub fn id_of_place(host: &str, source: &Path) -> String {
    Sha256::of(format!("{host} {}", source.display()))[..32].to_owned()
}

pub async fn read(caller: &Caller, source: &Path) -> Result<Option<Marker>> {
    let path = source.join(MARKER);
    if caller.stat(&path).await?.is_none() {
        return Ok(None);
    }
    let bytes = caller.read(&path, MAX_BYTES).await?;
    serde_json::from_slice(&bytes).map(Some).map_err(|cause| {
        Error::new(Kind::Integrity, format!("cannot read the marker `{}`", path.display()))
            .because(cause)
            .hint("remove it, and say once `takeover = true`")
    })
}

pub async fn write(caller: &Caller, source: &Path, marker: &Marker) -> Result<()> {
    let cannot = |cause| Error::new(Kind::Other, "cannot write the marker").because(cause);
    let text = serde_json::to_string_pretty(marker).map_err(cannot)? + "\n";
    let why = Some("by it the sync knows the folder again".to_owned());
    let caller = Caller { why, ..caller.clone() };
    caller
        .write(&source.join(MARKER), text.into_bytes(), MODE, true)
        .await
        .map_err(|error| error.or_hint("a source that is only read takes `marker = false`"))
}
