//! Writes the status as metrics, in the text format that Prometheus' textfile collector reads.

use std::fmt::Write;

use super::{Status, rto_secs, secs};
use crate::catalog::Status as RunStatus;
use crate::recipe::overview::Overview;

/// One family of metrics: its name, what it is, and its samples, each with its labels.
struct Family {
    name: &'static str,
    help: &'static str,
    samples: Vec<(Vec<(&'static str, String)>, f64)>,
}

/// All families that have a sample.
pub fn text(status: &Status) -> String {
    let families = targets(status).into_iter().chain(rest(status));
    let mut text = String::new();
    for family in families.filter(|family| !family.samples.is_empty()) {
        family.write(&mut text);
    }
    text
}

/// What there is to say of each target that is in use.
fn targets(status: &Status) -> Vec<Family> {
    let used: Vec<&Overview> = status.recipes.iter().filter(|recipe| !recipe.unused).collect();
    let family = |name, help, value: &dyn Fn(&Overview) -> Option<f64>| {
        let labels = |one: &Overview| vec![("recipe", one.recipe.clone()), ("target", one.target.clone())];
        let samples = used.iter().filter_map(|one| Some((labels(one), value(one)?))).collect();
        Family { name, help, samples }
    };
    let age = |one: &Overview| Some((status.now - one.good.as_ref()?.created_at).num_seconds() as f64);
    vec![
        family("hikae_backup_ok", "Whether nothing is wrong with the target", &|one| Some(flag(one.wrong.is_empty()))),
        family("hikae_backup_last_run_timestamp_seconds", "When its last run began", &|one| {
            Some(one.history.as_ref()?.last.started_at.timestamp() as f64)
        }),
        family("hikae_backup_last_run_success", "Whether its last run that ended was a success", &|one| {
            let last = &one.history.as_ref()?.last;
            (last.status != RunStatus::Running).then(|| flag(last.status == RunStatus::Success))
        }),
        family("hikae_backup_last_success_timestamp_seconds", "When its last successful run ended", &|one| {
            Some(one.history.as_ref()?.last_success.as_ref()?.ended_at?.timestamp() as f64)
        }),
        family("hikae_backup_duration_seconds", "How long its last run took", &|one| {
            one.history.as_ref()?.last.duration_ms.map(secs)
        }),
        family("hikae_backup_failures_in_a_row", "How many runs have failed since the last success", &|one| {
            Some(one.history.as_ref()?.failures as f64)
        }),
        family("hikae_backup_last_good_timestamp_seconds", "When its last good backup was made", &|one| {
            Some(one.good.as_ref()?.created_at.timestamp() as f64)
        }),
        family("hikae_backup_age_seconds", "How old its last good backup is", &age),
        family("hikae_backup_size_bytes", "How large its last good backup is", &|one| {
            Some(one.good.as_ref()?.size_bytes as f64)
        }),
        family("hikae_backup_objective_seconds", "How old its last good backup may be (RPO)", &|one| {
            one.objective.map(|objective| objective.as_secs_f64())
        }),
    ]
}

/// What belongs to no target.
fn rest(status: &Status) -> Vec<Family> {
    let one = |name, help, value: Option<f64>| Family {
        name,
        help,
        samples: value.map(|value| (Vec::new(), value)).into_iter().collect(),
    };
    let folder = |name, help, value: fn(&crate::world::Space) -> u64| {
        let sample = |(path, space): &(std::path::PathBuf, _)| {
            (vec![("folder", path.display().to_string())], value(space) as f64)
        };
        Family { name, help, samples: status.spaces.iter().map(sample).collect() }
    };
    let drill = status.drill.as_ref();
    vec![
        one(
            "hikae_drill_last_timestamp_seconds",
            "When the last restore test began",
            drill.map(|drill| drill.started_at.timestamp() as f64),
        ),
        one(
            "hikae_drill_success",
            "Whether the last restore test was a success",
            drill.map(|drill| flag(drill.status == RunStatus::Success)),
        ),
        one("hikae_drill_rto_seconds", "How long its restore took (RTO)", drill.and_then(rto_secs)),
        folder("hikae_disk_free_bytes", "Free space where the backups are", |space| space.free_bytes),
        folder("hikae_disk_total_bytes", "Size of the file system where the backups are", |space| space.total_bytes),
        one("hikae_alerts_waiting", "Alerts that did not go out", Some(status.waiting as f64)),
        one("hikae_things_wrong", "How many things are wrong", Some(status.wrong() as f64)),
        one("hikae_status_timestamp_seconds", "When these figures were taken", Some(status.now.timestamp() as f64)),
    ]
}

fn flag(yes: bool) -> f64 {
    f64::from(u8::from(yes))
}

impl Family {
    fn write(&self, text: &mut String) {
        let Family { name, help, samples } = self;
        // Writing to a `String` cannot fail.
        writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge").unwrap_or_default();
        for (labels, value) in samples {
            let pairs: Vec<String> =
                labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
            let labels = if pairs.is_empty() { String::new() } else { format!("{{{}}}", pairs.join(",")) };
            writeln!(text, "{name}{labels} {value}").unwrap_or_default();
        }
    }
}

/// A label as the format has it.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
