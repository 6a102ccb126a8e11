//! Checks whether a scheduler runs each recipe that has a schedule, and whether two schedulers run the same one: reads crontabs and timers.

use std::path::{Path, PathBuf};

use super::point::Point;
use crate::cli::context::Context;
use crate::cli::files::called;
use crate::recipe::job::Job;
use crate::recipe::schedule::{self, Schedule};
use crate::world::Command;
use crate::world::real::{config_files, this_process};

const CRONTABS: [&str; 2] = ["/var/spool/cron/crontabs", "/var/spool/cron"];
const UNITS: [&str; 3] = ["/etc/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system"];

/// A line of a crontab, or a timer, that runs a recipe.
struct Plan {
    recipe: String,
    origin: String,
    /// Its five fields, where it has them.
    cron: Option<String>,
}

/// What there is to say of the schedules of these recipes.
pub fn points(context: &Context, jobs: &[Job]) -> Vec<Point> {
    let plans = plans(context);
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
    for (job, text, _) in &scheduled {
        let name = &job.source.name;
        let own: Vec<&Plan> = plans.iter().filter(|plan| plan.recipe == *name).collect();
        points.push(match (own.as_slice(), started_by(name)) {
            ([], Some((other, ..))) => Point::ok("schedule", format!("`{name}` is run by `{}`", other.source.name)),
            ([], None) => Point::warning(
                "schedule",
                format!("no scheduler runs `{name}`, which is due at `{text}`"),
                "`hikae schedule --install` hands what is in use to cron; named recipes take the place of those",
            ),
            ([plan], None) => one(name, text, plan),
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
    points.extend(collisions(&scheduled));
    points
}

fn one(name: &str, text: &str, plan: &Plan) -> Point {
    match &plan.cron {
        Some(cron) if schedule::read(cron).ok() != schedule::read(text).ok() => Point::warning(
            "schedule",
            format!("{} runs `{name}` at `{cron}`, and its schedule is `{text}`", plan.origin),
            "`[schedules]` in `hikae.toml` says which time is meant: status and monitor go by it",
        ),
        _ => Point::ok("schedule", format!("`{name}` is run by {}", plan.origin)),
    }
}

/// Pairs that begin in the same minute and write into the same folder, of which the second finds the first at work.
fn collisions(scheduled: &[(&Job, &str, Schedule)]) -> Vec<Point> {
    let mut points = Vec::new();
    for (index, (job, text, schedule)) in scheduled.iter().enumerate() {
        for (other, other_text, other_schedule) in &scheduled[index + 1..] {
            let shared = job.needs.write.iter().find(|path| other.needs.write.contains(path));
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

/// Whether two schedules have a minute in common, on some day.
fn meet(one: &Schedule, other: &Schedule) -> bool {
    let days =
        one.either_day || other.either_day || (one.days & other.days != 0 && one.weekdays & other.weekdays & 0x7f != 0);
    one.minutes & other.minutes != 0 && one.hours & other.hours != 0 && one.months & other.months != 0 && days
}

fn plans(context: &Context) -> Vec<Plan> {
    let mut plans = Vec::new();
    for (origin, text) in crontabs(context) {
        plans.extend(text.lines().filter_map(|line| of_line(line, &origin)));
    }
    let home = context.environment.get("HOME").map(|home| Path::new(home).join(".config/systemd/user"));
    let mut seen: Vec<String> = Vec::new();
    for folder in UNITS.iter().map(PathBuf::from).chain(home) {
        for plan in timers(&folder) {
            if !seen.contains(&plan.origin) {
                seen.push(plan.origin.clone());
                plans.push(plan);
            }
        }
    }
    plans
}

/// The crontabs that can be read, each with what it is called.
fn crontabs(context: &Context) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut add = |path: PathBuf| {
        // What cannot be read is somebody else's.
        if let Ok(Some(text)) = config_files::read(&path) {
            found.push((format!("`{}`", path.display()), text));
        }
    };
    add(PathBuf::from("/etc/crontab"));
    let all = |folder: &str| config_files::list(Path::new(folder)).ok().flatten().unwrap_or_default();
    all("/etc/cron.d").into_iter().for_each(|name| add(Path::new("/etc/cron.d").join(name)));
    if this_process::user_id() == 0 {
        for folder in CRONTABS {
            all(folder).into_iter().for_each(|name| add(Path::new(folder).join(name)));
        }
    } else if this_process::find_program("crontab", &context.environment).is_ok() {
        let mut command = Command::new("crontab");
        command.args.push("-l".to_owned());
        if let Ok((text, exit)) = called(command, None)
            && exit.success()
        {
            found.push(("your crontab".to_owned(), text));
        }
    }
    found
}

/// What a line of a crontab runs.
fn of_line(line: &str, origin: &str) -> Option<Plan> {
    let line = line.trim();
    if line.starts_with('#') {
        return None;
    }
    let words: Vec<&str> = line.split_whitespace().collect();
    let recipe = recipe_of(&words)?;
    let cron = (!line.starts_with('@')).then(|| words.iter().take(5).copied().collect::<Vec<_>>().join(" "));
    Some(Plan { recipe, origin: origin.to_owned(), cron })
}

/// The recipe of a command line `… hikae … run RECIPE …`.
fn recipe_of(words: &[&str]) -> Option<String> {
    let bare = |word: &str| word.trim_matches(['\'', '"', '`']).to_owned();
    let program = words.iter().position(|word| bare(word).rsplit('/').next() == Some("hikae"))?;
    let run = program + words[program..].iter().position(|word| bare(word) == "run")?;
    let recipe = words[run + 1..].iter().map(|word| bare(word)).find(|word| !word.starts_with('-'))?;
    let name = recipe.rsplit('/').next().unwrap_or(&recipe);
    Some(name.trim_end_matches(".lua").to_owned())
}

/// The timers of a folder that are enabled and start a recipe.
fn timers(folder: &Path) -> Vec<Plan> {
    let names = config_files::list(folder).ok().flatten().unwrap_or_default();
    let of = |name: &String| {
        let timer = name.strip_suffix(".timer")?;
        let enabled = folder.join("timers.target.wants").join(name);
        config_files::look(&enabled).ok().flatten()?;
        let text = config_files::read(&folder.join(name)).ok().flatten()?;
        let unit = text.lines().find_map(|line| line.strip_prefix("Unit=")).map(|unit| unit.trim().to_owned());
        let service =
            config_files::read(&folder.join(unit.unwrap_or_else(|| format!("{timer}.service")))).ok().flatten()?;
        let command = service.lines().find_map(|line| line.strip_prefix("ExecStart="))?;
        let words: Vec<&str> = command.split_whitespace().collect();
        Some(Plan { recipe: recipe_of(&words)?, origin: format!("the timer `{name}`"), cron: None })
    };
    names.iter().filter_map(of).collect()
}
