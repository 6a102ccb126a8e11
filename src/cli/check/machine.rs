//! Checks the clock, the time zone, and the space for the next backup.

use std::path::Path;

use super::point::Point;
use crate::catalog::{Catalog, Run, RunFilter, Status};
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
            Point::not_tried("time zone", format!("`{here}` ({offset}) in this shell, and `{system}` for schedulers"))
        }
        (Some(here), _) => Point::ok("time zone", format!("`{here}` ({offset})")),
        (None, _) => Point::not_tried("time zone", format!("{offset}, without a name")),
    }
}

/// Whether there is room for another backup as large as the last one.
pub fn space(context: &Context, job: &Job) -> Option<Point> {
    let filter = RunFilter {
        recipe: Some(job.source.name.clone()),
        status: Some(Status::Success),
        limit: Some(1),
        ..RunFilter::default()
    };
    let run = last(context, &filter)?;
    let size: u64 = run.backups.iter().map(|backup| backup.size_bytes).sum();
    let folder =
        run.backups.iter().find_map(|backup| Path::new(&backup.path).parent().filter(|dir| dir.is_absolute()))?;
    let free = path_checks::space(folder)?.free_bytes;
    let (free_shown, size_shown) = (show_size(free), show_size(size));
    let (subject, shown) = (&job.source.name, folder.display());
    Some(match () {
        // A little more than the last one: backups grow.
        () if free < size + size / 10 => {
            let what = format!("`{shown}` has {free_shown} free, and the last backup took {size_shown}");
            Point::wrong(subject, &Error::new(Kind::Space, what).hint("make room, or keep fewer: `RETENTION_DAYS`"))
        }
        () if free < 3 * size => Point::warning(
            subject,
            format!("`{shown}` has {free_shown} free, and the last backup took {size_shown}"),
            "make room soon, or keep fewer: `RETENTION_DAYS`",
        ),
        () => Point::ok(subject, format!("`{shown}` has {free_shown} free; the last backup took {size_shown}")),
    })
}

fn last(context: &Context, filter: &RunFilter) -> Option<Run> {
    let catalog = Catalog::open_existing(&context.config.state_dir.join("catalog.db")).ok()?;
    catalog.runs(filter, &|run| crate::cli::runs::alive(context, run)).ok()?.into_iter().next()
}
