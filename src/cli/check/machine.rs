//! Checks the clock, the time zone, and the space for the next backup.

use std::path::Path;

use super::point::Point;
use crate::catalog::{Run, RunFilter, Status};
use crate::cli::context::Context;
use crate::cli::schedule::zone;
use crate::error::{Error, Kind};
use crate::recipe::job::Job;
use crate::units::show_size;
use crate::world::real::{clock, path_checks, this_process};

/// What the clock may be behind the record: two machines are never quite alike.
const SLACK_SECS: i64 = 60;

/// The clock and the time zone.
pub fn clock_points(context: &Context) -> Vec<Point> {
    let now = this_process::now();
    let newest = last(context, &RunFilter { limit: Some(1), ..RunFilter::default() });
    let behind = newest.filter(|run| (run.started_at - now).num_seconds() > SLACK_SECS);
    let clock = match (behind, clock::is_synchronized()) {
        (Some(run), _) => {
            let what = format!("it shows {}, and the last run began at {}", shown(now), shown(run.started_at));
            Point::wrong(
                "clock",
                &Error::new(Kind::Other, what).hint("set it: ages and schedules go by it; `timedatectl`"),
            )
        }
        (None, Some(true)) => Point::ok("clock", format!("{}, synchronized", shown(now))),
        (None, _) => Point::not_tried("clock", format!("{}; nothing says that it is synchronized", shown(now))),
    };
    vec![clock, time_zone(context, now)]
}

fn shown(at: crate::catalog::Moment) -> String {
    at.format("%Y-%m-%d %H:%M:%S").to_string()
}

fn time_zone(context: &Context, now: crate::catalog::Moment) -> Point {
    let (here, offset) = (zone(context), now.format("%:z"));
    let system = crate::cli::schedule::system_zone();
    match (here, system) {
        (Some(here), Some(system)) if here != system => {
            let what = format!("`{here}` ({offset}) in this shell, and `{system}` for schedulers");
            Point::not_tried("time zone", what).in_summary()
        }
        (Some(here), _) => Point::ok("time zone", format!("`{here}` ({offset})")),
        (None, _) => Point::not_tried("time zone", format!("{offset}, without a name")),
    }
}

/// Whether there is room for another backup as large as the last one. Before the first one, what it reads has `source_bytes`.
pub fn space(context: &Context, job: &Job, source_bytes: u64) -> Option<Point> {
    let filter = RunFilter {
        recipe: Some(job.source.name.clone()),
        status: Some(Status::Success),
        limit: Some(1),
        ..RunFilter::default()
    };
    let Some(run) = last(context, &filter) else { return first_space(job, source_bytes) };
    let size: u64 = run.backups.iter().map(|backup| backup.size_bytes).sum();
    let used =
        run.backups.iter().find_map(|backup| Path::new(&backup.path).parent().filter(|dir| dir.is_absolute()))?;
    // The last backup may be in another place than the next one.
    let is_written = |dir: &Path| job.needs.write.iter().any(|folder| dir.starts_with(folder));
    let folder = if is_written(used) { used } else { job.needs.write.first()? };
    let free = path_checks::space(folder)?.free_bytes;
    let subject = &job.source.name;
    let what =
        format!("`{}` has {} free, and the last backup took {}", folder.display(), show_size(free), show_size(size));
    Some(match () {
        // A little more than the last backup, because backups grow.
        () if free < size + size / 10 => {
            Point::wrong(subject, &Error::new(Kind::Space, what).hint("make room, or keep fewer: `RETENTION_DAYS`"))
        }
        () if free < 3 * size => Point::warning(subject, what, "make room soon, or keep fewer: `RETENTION_DAYS`"),
        () => Point::ok(subject, what),
    })
}

/// How large a first backup becomes is not known: compressed, it is smaller than what it reads.
fn first_space(job: &Job, source_bytes: u64) -> Option<Point> {
    let folder = job.needs.write.first().filter(|_| source_bytes > 0)?;
    // A store that is not a disk has no free space to compare.
    let free = path_checks::space(folder).filter(|space| space.total_bytes > 0)?.free_bytes;
    let sizes = (folder.display(), show_size(free), show_size(source_bytes));
    let what = format!("`{}` has {} free, and what is backed up has {}", sizes.0, sizes.1, sizes.2);
    Some(match free < source_bytes {
        true => Point::warning(&job.source.name, what, "make room, or back up to another folder: `BACKUP_DIR`"),
        false => Point::ok(&job.source.name, what),
    })
}

fn last(context: &Context, filter: &RunFilter) -> Option<Run> {
    let catalog = crate::cli::runs::catalog(context).ok()?;
    catalog.runs(filter, &|run| crate::cli::runs::alive(context, run)).ok()?.into_iter().next()
}
