//! Removes old rows from the record when a run ends, as set in `[catalog] keep`, and reports that.

use std::path::Path;
use std::time::Duration;

use chrono::TimeDelta;

use super::context::Context;
use crate::catalog::{AuditEntry, Catalog, Limits, Moment, Removed};
use crate::error::Result;
use crate::report::{self, Level};
use crate::units::show_age;
use crate::world::real::{Real, config_files, this_process};
use crate::world::{Machine, World};

/// Removes what is too old. A record that cannot be cleaned up is no fault of the run: it is only reported.
pub fn after_run(context: &Context, catalog: &Catalog) {
    match remove_old(context, catalog, this_process::now()) {
        Ok(removed) if removed.any() => {
            let keep = show_age(context.config.settings.catalog.keep());
            let Removed { runs, notifications, audit } = removed;
            let what = format!("{runs} runs, {notifications} notifications, {audit} audit entries");
            report::log(Level::Info, &format!("Removed from the catalog, older than {keep}: {what}"), None);
        }
        Ok(_none) => {}
        Err(error) => report::log(Level::Warn, &error.one_line(), None),
    }
}

fn remove_old(context: &Context, catalog: &Catalog, now: Moment) -> Result<Removed> {
    let keep = context.config.settings.catalog.keep();
    let since = |keep: Duration| now - TimeDelta::from_std(keep).unwrap_or(TimeDelta::MAX / 1000);
    let limits = Limits { runs_since: since(keep), audit_since: since(keep * 2) };
    let removed = catalog.remove_old(&limits, &exists)?;
    if removed.any() {
        let Machine { host, user, .. } = Real::ambient().machine();
        let Removed { runs, notifications, audit } = removed;
        catalog.audit(&AuditEntry {
            operation: "catalog keep".to_owned(),
            backup_id: None,
            username: user,
            ip_address: None,
            status: "success".to_owned(),
            details: serde_json::json!({ "host": host, "runs": runs, "notifications": notifications, "audit": audit }),
            created_at: now,
        })?;
    }
    Ok(removed)
}

/// Whether a backup still exists. What cannot be looked at, such as an object store, counts as if it did.
fn exists(path: &Path) -> bool {
    !path.is_absolute() || !matches!(config_files::look(path), Ok(None))
}
