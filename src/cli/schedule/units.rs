//! Derives the access rights of a systemd unit from the needs of its recipe; everything else is denied.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use super::entries::Entry;
use super::place::Place;
use crate::recipe::values::ParamValue;
use crate::world::real::config_files;

/// Folders of everybody, of which a unit gets its own.
const TEMPORARY: [&str; 2] = ["/tmp", "/var/tmp"];
/// What root keeps: to read what others own, to become the user of a server, and to build the walls of a run.
const ROOT_KEEPS: [&str; 8] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_DAC_READ_SEARCH",
    "CAP_FOWNER",
    "CAP_KILL",
    "CAP_SETGID",
    "CAP_SETUID",
    "CAP_SYS_ADMIN",
];

/// The folders that a recipe writes to, beside the state folder.
pub fn writes(entry: &Entry) -> Vec<PathBuf> {
    let folder = |path: &PathBuf| match config_files::look(path) {
        // Replacing a file by renaming changes its folder.
        Ok(Some(seen)) if !seen.is_folder => path.parent().unwrap_or(path).to_owned(),
        _ => path.clone(),
    };
    let all: BTreeSet<PathBuf> = entry.job.needs.write.iter().map(folder).collect();
    all.into_iter().collect()
}

/// Whether the unit can have temporary folders of its own: nothing that it needs is in those of everybody.
pub fn private_temporary(entry: &Entry, place: &Place) -> bool {
    let inside = |path: &Path| TEMPORARY.iter().any(|folder| path.starts_with(folder) && path != Path::new(folder));
    !touched(entry, place).iter().any(|path| inside(path))
}

/// The folders to which the unit must be let, of those that it does not have for itself.
pub fn writable(entry: &Entry, place: &Place) -> Vec<PathBuf> {
    let private = private_temporary(entry, place);
    let has_own = |path: &PathBuf| private && TEMPORARY.iter().any(|folder| path == Path::new(folder));
    let mut all = writes(entry);
    all.push(place.state_dir.clone());
    all.retain(|path| !has_own(path));
    all
}

fn touched(entry: &Entry, place: &Place) -> Vec<PathBuf> {
    let needs = &entry.job.needs;
    let mut all = writes(entry);
    all.extend(needs.read.iter().chain(&needs.sockets).cloned());
    all.extend([place.program.clone(), place.config_dir.clone(), place.state_dir.clone()]);
    all.extend(host(entry).filter(|host| host.starts_with('/')).map(PathBuf::from));
    all
}

/// The addresses that the unit may reach; nothing where one of them has a name, which can move.
pub fn addresses(entry: &Entry, place: &Place) -> Option<Vec<String>> {
    let needs = &entry.job.needs;
    if place.alerts || !needs.objects.is_empty() || !needs.recipes.is_empty() {
        return None;
    }
    let hosts = needs.connect.iter().filter(|host| !host.trim().is_empty()).map(|host| bare(host)).chain(host(entry));
    let mut all = BTreeSet::new();
    for host in hosts {
        match host.as_str() {
            "localhost" => drop(all.insert("localhost".to_owned())),
            socket if socket.starts_with('/') => {}
            address => {
                let address: IpAddr = address.parse().ok()?;
                all.insert(if address.is_loopback() { "localhost".to_owned() } else { address.to_string() });
            }
        }
    }
    Some(all.into_iter().collect())
}

/// The host of a recipe's database.
fn host(entry: &Entry) -> impl Iterator<Item = String> {
    let host = match entry.job.params.get("host") {
        Some(ParamValue::String(host)) => Some(host.clone()),
        Some(ParamValue::Path(path)) => Some(path.display().to_string()),
        _ => None,
    };
    host.into_iter()
}

/// A declared host without its port and what a URL has around it.
fn bare(host: &str) -> String {
    let host = host.split_once("://").map_or(host, |(_, rest)| rest);
    let host = host.split('/').next().unwrap_or(host);
    match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((address, _)) => address.to_owned(),
        None => host.rsplit_once(':').filter(|(name, _)| !name.contains(':')).map_or(host, |(name, _)| name).to_owned(),
    }
}

/// The rights of root that the unit keeps.
pub fn capabilities(entry: &Entry, place: &Place) -> String {
    if !place.is_root {
        return String::new();
    }
    let declared = entry.job.needs.capabilities.iter().map(|right| format!("CAP_{}", right.to_string().to_uppercase()));
    let declared = declared.map(|right| right.replace("CAP_CAP_", "CAP_"));
    let all: BTreeSet<String> = ROOT_KEEPS.iter().map(|right| (*right).to_owned()).chain(declared).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// Whether a program of the recipe makes code while it runs, as PostgreSQL's server does.
pub fn makes_code(entry: &Entry) -> bool {
    entry.job.needs.run.iter().any(|program| program == "postgres") || !entry.job.needs.recipes.is_empty()
}
