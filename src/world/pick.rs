//! Decides which names and ages a listing includes, the same in every world.

use std::ffi::OsStr;

use chrono::{DateTime, FixedOffset};
use globset::{GlobBuilder, GlobMatcher};

use super::partial::is_partial;
use super::{Entry, EntryKind, ListQuery, Stat};
use crate::error::{Error, Kind, Result};

const SECS_PER_DAY: i64 = 86_400;

/// The filter of a listing, compiled once for all its entries.
pub struct Pick {
    name: Option<GlobMatcher>,
    found: ListQuery,
    now: DateTime<FixedOffset>,
}

impl Pick {
    pub fn new(found: &ListQuery, now: DateTime<FixedOffset>) -> Result<Pick> {
        let name = found.name.as_deref().map(matcher).transpose()?;
        Ok(Pick { name, found: found.clone(), now })
    }

    /// Whether an entry of this name is included. Partial files never are.
    pub fn takes_name(&self, name: &OsStr) -> bool {
        !is_partial(name) && self.name.as_ref().is_none_or(|glob| glob.is_match(name))
    }

    /// Whether an entry of this age and size is included.
    pub fn takes(&self, stat: &Stat) -> bool {
        let ListQuery { older_than_days, newer_than_days, modified_before, modified_after, .. } = &self.found;
        let days = age_days(self.now, stat.modified);
        older_than_days.is_none_or(|limit| days > i128::from(limit))
            && newer_than_days.is_none_or(|limit| days < i128::from(limit))
            && modified_before.is_none_or(|moment| stat.modified < moment)
            && modified_after.is_none_or(|moment| stat.modified >= moment)
            && self.takes_size(stat)
    }

    /// Only files have a size that is useful to a recipe.
    fn takes_size(&self, stat: &Stat) -> bool {
        let ListQuery { larger_than, smaller_than, .. } = &self.found;
        (larger_than.is_none() && smaller_than.is_none())
            || stat.kind == EntryKind::File
                && larger_than.is_none_or(|limit| stat.size_bytes > limit)
                && smaller_than.is_none_or(|limit| stat.size_bytes < limit)
    }
}

/// Sorts entries byte by byte, like `LC_ALL=C sort`.
pub fn put_in_order(entries: &mut [Entry]) {
    entries.sort_unstable_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
}

/// Age in whole days, as `find -mtime` counts: 30 days and 23 hours are 30 days. A time in the future has a negative age.
fn age_days(now: DateTime<FixedOffset>, modified: DateTime<FixedOffset>) -> i128 {
    let mut secs = now.timestamp() - modified.timestamp();
    if now.timestamp_subsec_nanos() < modified.timestamp_subsec_nanos() {
        secs -= 1;
    }
    i128::from(secs.div_euclid(SECS_PER_DAY))
}

/// A compiled name pattern in shell syntax.
pub fn matcher(pattern: &str) -> Result<GlobMatcher> {
    let glob = GlobBuilder::new(pattern).literal_separator(true).backslash_escape(true).build().map_err(|cause| {
        Error::new(Kind::Recipe, format!("`{pattern}` is not a file name pattern"))
            .because(cause)
            .hint("write it as the shell has it, such as `db_backup_*.sql.gz`")
    })?;
    Ok(glob.compile_matcher())
}
