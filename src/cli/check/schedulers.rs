//! Checks whether a scheduler runs each recipe that has a schedule, and whether two schedulers run the same one: reads crontabs and timers.

use std::path::Path;

use super::planned::Plan;
use super::point::Point;
use super::{crontabs, timers};
use crate::cli::context::Context;
use crate::recipe::job::Job;
use crate::recipe::schedule::{self, Schedule};

/// What there is to say of the schedules of these recipes.
pub fn points(context: &Context, jobs: &[Job]) -> Vec<Point> {
    let mut plans = crontabs::plans(context);
    plans.extend(timers::plans(context));
    let scheduled: Vec<(&Job, &str, Schedule)> = jobs
        .iter()
        .filter_map(|job| {
            let text = job.declaration.schedule.as_deref()?;
            Some((job, text, schedule::read(text).ok()?))
        })
        .collect();
    let started_by =
        |name: &str| scheduled.iter().find(|(job, ..)| job.needs.recipes.iter().any(|known| known == name));
    let mut points = Vec::new();
    for (job, text, schedule) in &scheduled {
        let name = &job.source.name;
        let own: Vec<&Plan> = plans.iter().filter(|plan| plan.recipe == *name).collect();
        points.push(match (own.as_slice(), started_by(name)) {
            ([], Some((other, ..))) => Point::ok("schedule", format!("`{name}` is run by `{}`", other.source.name)),
            ([], None) => Point::warning(
                "schedule",
                format!("no scheduler runs `{name}`, which is due at `{text}`"),
                "`hikae schedule --install` hands what is in use to cron; named recipes take the place of those",
            ),
            ([plan], None) => one(name, text, schedule, plan),
            ([plan, ..], Some((other, ..))) => Point::warning(
                "schedule",
                format!("`{name}` is run by `{}` and by {}", other.source.name, plan.origin),
                "one of the two is enough: the second finds the lock held",
            ),
            (several, None) => Point::warning(
                "schedule",
                format!("`{name}` is scheduled {} times", several.len()),
                several.iter().map(|plan| plan.origin.clone()).collect::<Vec<_>>().join(", "),
            ),
        });
    }
    points.extend(daemon(&plans, &scheduled));
    points.extend(collisions(&scheduled));
    points
}

fn one(name: &str, text: &str, schedule: &Schedule, plan: &Plan) -> Point {
    if plan.keeps(schedule) {
        return Point::ok("schedule", format!("`{name}` is run by {}", plan.origin));
    }
    Point::warning(
        "schedule",
        format!(
            "{} runs `{name}` at `{}`, and its schedule is `{text}`",
            plan.origin,
            plan.times.as_deref().unwrap_or_default()
        ),
        "`[schedules]` in `hikae.toml` says which time is meant: status and monitor go by it",
    )
}

/// Whether cron itself runs, where a crontab is all that runs a recipe.
fn daemon(plans: &[Plan], scheduled: &[(&Job, &str, Schedule)]) -> Option<Point> {
    let of_ours = |plan: &&Plan| scheduled.iter().any(|(job, ..)| job.source.name == plan.recipe);
    plans.iter().filter(of_ours).find(|plan| plan.is_cron)?;
    (crontabs::daemon_runs() == Some(false)).then(|| {
        Point::warning(
            "schedule",
            "crontabs name recipes, and no cron runs on this machine",
            "start it: `systemctl enable --now cron`, or `service cron start`",
        )
    })
}

/// Pairs that begin in the same minute and write into the same folder, of which the second finds the first at work.
fn collisions(scheduled: &[(&Job, &str, Schedule)]) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, (job, text, schedule)) in scheduled.iter().enumerate() {
        for (other, other_text, other_schedule) in &scheduled[index + 1..] {
            let shared = job.needs.write.iter().find(|path| other.needs.write.iter().any(|own| overlap(path, own)));
            let related = [(job, other), (other, job)].iter().any(|(a, b)| a.needs.recipes.contains(&b.source.name));
            let Some(shared) = shared.filter(|_| !related && meet(schedule, other_schedule)) else { continue };
            points.push(Point::warning(
                "schedule",
                format!(
                    "`{}` ({text}) and `{}` ({other_text}) begin in the same minute, and both write into `{}`",
                    job.source.name,
                    other.source.name,
                    shared.display()
                ),
                "give one of them another time: `[schedules]` in `hikae.toml`",
            ));
        }
    }
    points
}

/// Whether one folder is the other, or is in it.
fn overlap(one: &Path, other: &Path) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

/// Whether two schedules have a minute in common, on some day.
fn meet(one: &Schedule, other: &Schedule) -> bool {
    let days =
        one.either_day || other.either_day || (one.days & other.days != 0 && one.weekdays & other.weekdays & 0x7f != 0);
    one.minutes & other.minutes != 0 && one.hours & other.hours != 0 && one.months & other.months != 0 && days
}
