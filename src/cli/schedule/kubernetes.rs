//! Writes a CronJob for each recipe, with claims for its folders; values and secrets are named, never written.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::{Value, json};

use super::entries::Entry;
use super::place::Place;
use super::{MADE_BY, units, yaml};
use crate::cli::files::TextFile;
use crate::error::{Error, Kind, Result};
use crate::recipe::job::DEFAULT_TIMEOUT;
use crate::world::real::config_files;

/// A name of a CronJob has room for the suffix of its jobs.
const LONGEST_NAME: usize = 52;
/// Who runs in the image.
const UID: u32 = 10001;
const STATE_DIR: &str = "/var/lib/hikae";

const HEAD: &str = "\
# The values come from a secret, the recipes and `hikae.toml` from config maps. kubectl keeps quotes as a part of a value: write values without them.
#   kubectl create secret generic hikae-env --from-env-file=CONFIG/.env
#   kubectl create configmap hikae-config --from-file=CONFIG/hikae.toml
#   kubectl create configmap hikae-recipes --from-file=CONFIG/recipes
";

/// One file with the claims and all jobs.
pub fn files(entries: &[Entry], place: &Place) -> Result<Vec<TextFile>> {
    for entry in entries {
        refuse_other_reading(entry, "Kubernetes")?;
    }
    let folders = folders(entries);
    let mut documents = vec![claim("hikae-state", "1Gi"), claim("hikae-backups", "20Gi")];
    documents.extend(entries.iter().map(|entry| cron_job(entry, place, &folders)));
    let head = HEAD.replace("CONFIG", &place.config_dir.display().to_string());
    let documents: Vec<String> = documents.iter().map(yaml::document).collect();
    Ok(vec![TextFile::new("hikae.yaml", format!("{MADE_BY}\n{head}---\n{}", documents.join("---\n")))])
}

/// Refuses a schedule that is read in another way there: `*/2` as one of the fields of days is a star for cron alone.
pub fn refuse_other_reading(entry: &Entry, reader: &str) -> Result<()> {
    let fields: Vec<&str> = entry.cron.split_whitespace().collect();
    let (Some(days), Some(weekdays)) = (fields.get(2), fields.get(4)) else { return Ok(()) };
    let is_odd = |one: &str, other: &str| one.starts_with("*/") && other != "*";
    if !is_odd(days, weekdays) && !is_odd(weekdays, days) {
        return Ok(());
    }
    let what = format!("{reader} reads the schedule `{}` of `{}` in another way than cron", entry.cron, entry.recipe);
    Err(Error::new(Kind::Recipe, what).hint("write the days out: `1-31/2`, or `mon,wed,fri`"))
}

/// Every folder that an entry writes to, with its place in the claim.
fn folders(entries: &[Entry]) -> BTreeMap<PathBuf, String> {
    let all = entries.iter().flat_map(units::writes);
    let place = |folder: &PathBuf| folder.display().to_string().trim_matches('/').replace('/', "-");
    all.filter(|folder| !folder.starts_with("/tmp") && !folder.starts_with("/var/tmp"))
        .map(|folder| (folder.clone(), place(&folder)))
        .collect()
}

fn claim(name: &str, size: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": { "name": name, "labels": { "app.kubernetes.io/name": "hikae" } },
        "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": size } } },
    })
}

fn cron_job(entry: &Entry, place: &Place, folders: &BTreeMap<PathBuf, String>) -> Value {
    let name = name(entry);
    let deadline = entry.job.declaration.timeout.unwrap_or(DEFAULT_TIMEOUT).as_secs() + 300;
    let mut spec = json!({
        "schedule": entry.cron,
        "concurrencyPolicy": "Forbid",
        "startingDeadlineSeconds": 3600,
        "successfulJobsHistoryLimit": 3,
        "failedJobsHistoryLimit": 7,
    });
    if let Some(zone) = &place.zone {
        spec["timeZone"] = json!(zone);
    }
    spec["jobTemplate"] = json!({
        "spec": {
            // A failed run is not retried at once, but at its next scheduled time: hikae has already reported it.
            "backoffLimit": 0,
            "activeDeadlineSeconds": deadline,
            "template": { "metadata": { "labels": labels(&name) }, "spec": pod(entry, place, folders) },
        },
    });
    json!({
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": { "name": name, "labels": labels(&name) },
        "spec": spec,
    })
}

fn pod(entry: &Entry, place: &Place, folders: &BTreeMap<PathBuf, String>) -> Value {
    let mut mounts = vec![
        json!({ "name": "config", "mountPath": "/etc/hikae", "readOnly": true }),
        json!({ "name": "state", "mountPath": STATE_DIR }),
        json!({ "name": "tmp", "mountPath": "/tmp" }),
        json!({ "name": "tmp", "mountPath": "/var/tmp" }),
    ];
    let mount =
        |(folder, below): (&PathBuf, &String)| json!({ "name": "backups", "mountPath": folder, "subPath": below });
    mounts.extend(folders.iter().map(mount));
    json!({
        "restartPolicy": "Never",
        "automountServiceAccountToken": false,
        "securityContext": {
            "runAsNonRoot": true, "runAsUser": UID, "runAsGroup": UID, "fsGroup": UID,
            "seccompProfile": { "type": "RuntimeDefault" },
        },
        "containers": [{
            "name": "hikae",
            "image": place.image,
            "command": ["hikae"],
            "args": ["run", entry.recipe, "--quiet"],
            "env": [{ "name": "HIKAE_STATE_DIR", "value": STATE_DIR }],
            "envFrom": [{ "secretRef": { "name": "hikae-env" } }],
            "securityContext": {
                "allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": { "drop": ["ALL"] },
            },
            "volumeMounts": mounts,
        }],
        "volumes": [
            { "name": "config", "projected": { "sources": configuration(place) } },
            { "name": "state", "persistentVolumeClaim": { "claimName": "hikae-state" } },
            { "name": "backups", "persistentVolumeClaim": { "claimName": "hikae-backups" } },
            { "name": "tmp", "emptyDir": {} },
        ],
    })
}

/// The configuration folder as one volume: a volume cannot be mounted below one of a config map, which is read-only.
fn configuration(place: &Place) -> Vec<Value> {
    let map = |name: &str, items: Vec<Value>| match items.is_empty() {
        true => json!({ "configMap": { "name": name, "optional": true } }),
        false => json!({ "configMap": { "name": name, "optional": true, "items": items } }),
    };
    let recipes = config_files::names(&place.config_dir.join("recipes"));
    let mut recipes: Vec<String> = recipes.into_iter().filter(|name| is_key(name)).collect();
    recipes.sort();
    let items = recipes.iter().map(|name| json!({ "key": name, "path": format!("recipes/{name}") })).collect();
    let mut sources = vec![map("hikae-config", Vec::new())];
    if !recipes.is_empty() {
        sources.push(map("hikae-recipes", items));
    }
    sources
}

/// Whether a file can be an entry of a config map.
fn is_key(name: &str) -> bool {
    name.ends_with(".lua") && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn labels(name: &str) -> Value {
    json!({ "app.kubernetes.io/name": "hikae", "app.kubernetes.io/instance": name })
}

/// A name that Kubernetes takes.
fn name(entry: &Entry) -> String {
    let name = format!("hikae-{}", entry.slug());
    let end = name.len().min(LONGEST_NAME);
    name[..end].trim_end_matches('-').to_owned()
}
