//! The checklist of regular tasks (guide §8.1): each point with what hikae knows about it.

use std::path::Path;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Status, rto_secs};
use crate::catalog::{AuditFilter, Catalog, Moment, Overdue, Run, RunFilter, Status as RunStatus, Wrong};
use crate::config::Language;
use crate::error::Result;
use crate::recipe::overview::Overview;
use crate::units::{show_age, show_duration, show_size};

/// How often the points of a list are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Rhythm {
    Daily,
    Weekly,
    Monthly,
}

/// Below this share of the usual size, a backup is too small; below this share of free space, a disk is too full.
const LEAST_SIZE_PERCENT: u64 = 50;
const LEAST_FREE_PERCENT: u64 = 10;
/// How many backups before the newest say what is usual, and how many it takes.
const USUAL: usize = 7;
const ENOUGH: usize = 3;
/// How many runs are looked at, and how many entries of the audit.
const MOST: usize = 10_000;

/// One point: what is to be looked at, and what is known of it; nobody knows whether it is well where `well` is absent.
pub struct Point {
    rhythm: Rhythm,
    title: (&'static str, &'static str),
    well: Option<bool>,
    known: Vec<String>,
}

/// What the points are made of.
struct Looking<'a> {
    status: &'a Status,
    catalog: &'a Catalog,
    alive: &'a dyn Fn(&crate::catalog::NewRun) -> bool,
    ja: bool,
}

/// The points of the lists that are asked for; all when none is.
pub fn points(
    status: &Status,
    catalog: &Catalog,
    alive: &dyn Fn(&crate::catalog::NewRun) -> bool,
    language: Language,
    asked: Option<Rhythm>,
) -> Result<Vec<Point>> {
    let looking = Looking { status, catalog, alive, ja: language == Language::Ja };
    let all = [
        looking.runs(),
        looking.sizes(),
        looking.errors()?,
        looking.drill(Rhythm::Weekly, 7, ("Restore test", "バックアップ復旧テスト実行")),
        looking.removals()?,
        looking.space(Rhythm::Weekly, ("Storage in use", "ストレージ使用量確認")),
        looking.drill(Rhythm::Monthly, 31, ("Review of the disaster recovery", "災害復旧手順の見直し")),
        looking.strategy()?,
        looking.space(Rhythm::Monthly, ("Review of the capacity", "容量計画の見直し")),
    ];
    Ok(all.into_iter().filter(|point| asked.is_none_or(|asked| point.rhythm == asked)).collect())
}

/// The list for people: `✓ Backups ran: …`, a heading before each rhythm.
pub fn text(points: &[Point], language: Language) -> String {
    let ja = language == Language::Ja;
    let mut text = String::new();
    let mut before = None;
    for point in points {
        if before != Some(point.rhythm) {
            let heading = match (point.rhythm, ja) {
                (Rhythm::Daily, false) => "Daily",
                (Rhythm::Weekly, false) => "Weekly",
                (Rhythm::Monthly, false) => "Monthly",
                (Rhythm::Daily, true) => "日次作業",
                (Rhythm::Weekly, true) => "週次作業",
                (Rhythm::Monthly, true) => "月次作業",
            };
            let gap = if before.is_some() { "\n" } else { "" };
            text.push_str(&format!("{gap}{heading}\n"));
        }
        before = Some(point.rhythm);
        let known: String = point.known.iter().map(|line| format!("      {line}\n")).collect();
        text.push_str(&format!("  {} {}\n{known}", point.mark(), point.title(ja)));
    }
    text
}

impl Point {
    pub fn is_wrong(&self) -> bool {
        self.well == Some(false)
    }

    fn mark(&self) -> char {
        match self.well {
            Some(true) => '✓',
            Some(false) => '✗',
            None => '–',
        }
    }

    fn title(&self, ja: bool) -> &'static str {
        if ja { self.title.1 } else { self.title.0 }
    }

    pub fn json(&self) -> Value {
        json!({ "list": self.rhythm, "point": self.title.0, "ok": self.well, "known": self.known })
    }
}

impl Looking<'_> {
    fn word(&self, en: impl Into<String>, ja: impl Into<String>) -> String {
        if self.ja { ja.into() } else { en.into() }
    }

    fn used(&self) -> impl Iterator<Item = &Overview> {
        self.status.recipes.iter().filter(|recipe| !recipe.unused)
    }

    /// Whether every target ran when it should have, and well.
    fn runs(&self) -> Point {
        let wrong = |wrong: &&Overdue| wrong.verdict != Wrong::Stale;
        let line = |one: &Overview| {
            let last = one
                .history
                .as_ref()
                .map(|history| format!("{} {}", minute(history.last.started_at), history.last.status));
            let verdict = one.wrong.iter().find(wrong).map_or("ok", |wrong| wrong.verdict.word());
            format!("{}: {verdict}, {}", one.shown, last.unwrap_or_else(|| "-".to_owned()))
        };
        let known: Vec<String> = self.used().map(line).collect();
        let well = (!known.is_empty()).then(|| self.used().all(|one| !one.wrong.iter().any(|found| wrong(&found))));
        Point { rhythm: Rhythm::Daily, title: ("Backups ran", "バックアップ実行状況確認"), well, known }
    }

    /// Whether the newest backup of each target is about as large as those before it.
    fn sizes(&self) -> Point {
        let (mut known, mut all_well) = (Vec::new(), true);
        for one in self.used() {
            let Some(good) = &one.good else { continue };
            let usual = one.history.as_ref().and_then(|history| usual_size(history.backups.get(1..)?));
            let small = usual.is_some_and(|usual| good.size_bytes * 100 < usual * LEAST_SIZE_PERCENT);
            all_well &= !small;
            let before = usual.map(show_size).unwrap_or_else(|| "-".to_owned());
            let usually = self.word(format!("usually {before}"), format!("通常 {before}"));
            known.push(format!("{}: {} ({usually})", one.shown, show_size(good.size_bytes)));
        }
        let well = (!known.is_empty()).then_some(all_well);
        Point {
            rhythm: Rhythm::Daily, title: ("Sizes of the backups", "バックアップファイルサイズ確認"), well, known
        }
    }

    /// The failures of the last day, and alerts that did not go out.
    fn errors(&self) -> Result<Point> {
        let runs = self.runs_of(1)?;
        let failed = runs.iter().filter(|run| !matches!(run.status, RunStatus::Success | RunStatus::Running));
        let line = |run: &Run| {
            let why = run.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
            format!("{} {}: {why}", run.id, run.status)
        };
        let mut known: Vec<String> = failed.map(line).collect();
        let waiting = self.status.waiting;
        if waiting > 0 {
            known.push(
                self.word(format!("alerts that did not go out: {waiting}"), format!("未送信のアラート: {waiting}件")),
            );
        }
        let well = (!runs.is_empty() || !known.is_empty()).then_some(known.is_empty());
        Ok(Point { rhythm: Rhythm::Daily, title: ("Errors", "エラーログ確認"), well, known })
    }

    /// Whether a restore test was a success in this many days.
    fn drill(&self, rhythm: Rhythm, days: i64, title: (&'static str, &'static str)) -> Point {
        let Some(drill) = &self.status.drill else {
            let known = self.word(
                "no restore test so far: `hikae run backup-test`",
                "復旧テストは未実施です: `hikae run backup-test`",
            );
            return Point { rhythm, title, well: Some(false), known: vec![known] };
        };
        let young = self.status.now - drill.started_at < chrono::TimeDelta::days(days) + chrono::TimeDelta::hours(1);
        let took = rto_secs(drill).map(|secs| format!(", RTO {}", show_duration(Duration::from_secs_f64(secs))));
        let known =
            format!("{} {} {}{}", drill.recipe, minute(drill.started_at), drill.status, took.unwrap_or_default());
        Point { rhythm, title, well: Some(young && drill.status == RunStatus::Success), known: vec![known] }
    }

    /// What was removed in a week, and how old the oldest backup is; whether that is right depends on the retention.
    fn removals(&self) -> Result<Point> {
        let since = self.status.now - chrono::TimeDelta::days(7);
        let entries = self.catalog.audits(&AuditFilter { limit: Some(MOST), ..AuditFilter::default() })?;
        let young = entries.iter().filter(|entry| entry.created_at >= since);
        let removed =
            young.filter_map(|entry| entry.details["effects"].as_array()).flatten().filter(is_removal).count();
        let there =
            |path: &str| crate::world::real::config_files::look(Path::new(path)).is_ok_and(|found| found.is_some());
        let mut known = vec![self.word(format!("removed in 7 days: {removed}"), format!("7日間の削除: {removed}件"))];
        for one in self.used() {
            let backups = one.history.iter().flat_map(|history| &history.backups);
            if let Some(oldest) = backups.filter(|backup| there(&backup.path)).map(|backup| backup.created_at).min() {
                let age = show_age((self.status.now - oldest).to_std().unwrap_or_default());
                let said =
                    self.word(format!("the oldest of the last ones is {age} old"), format!("直近の最古 {age}前"));
                known.push(format!("{}: {said}", one.shown));
            }
        }
        Ok(Point {
            rhythm: Rhythm::Weekly,
            title: ("Old backups removed", "古いバックアップファイル削除確認"),
            well: None,
            known,
        })
    }

    /// Whether the disks of the backups have room.
    fn space(&self, rhythm: Rhythm, title: (&'static str, &'static str)) -> Point {
        let spaces = &self.status.spaces;
        let line = |(folder, space): &(std::path::PathBuf, crate::world::Space)| {
            let (free, total) = (show_size(space.free_bytes), show_size(space.total_bytes));
            let said = self.word(format!("{free} of {total} free"), format!("空き {free} / {total}"));
            format!("{}: {said}", folder.display())
        };
        let roomy =
            |(_, space): &(_, crate::world::Space)| space.free_bytes * 100 >= space.total_bytes * LEAST_FREE_PERCENT;
        let well = (!spaces.is_empty()).then(|| spaces.iter().all(roomy));
        Point { rhythm, title, well, known: spaces.iter().map(line).collect() }
    }

    /// How many runs of the last month were a success, and whether every backup is as young as it must be.
    fn strategy(&self) -> Result<Point> {
        let runs = self.runs_of(31)?;
        let ended = runs.iter().filter(|run| run.status != RunStatus::Running);
        let (good, all) =
            ended.fold((0, 0), |(good, all), run| (good + usize::from(run.status == RunStatus::Success), all + 1));
        let stale: Vec<&str> = self
            .used()
            .filter(|one| one.wrong.iter().any(|wrong| wrong.verdict == Wrong::Stale))
            .map(|one| one.shown.as_str())
            .collect();
        let mut known = vec![
            self.word(format!("successful runs in 31 days: {good} of {all}"), format!("31日間の成功: {good} / {all}")),
        ];
        if !stale.is_empty() {
            let names = stale.join(", ");
            known.push(
                self.word(format!("older than the objective (RPO): {names}"), format!("目標 (RPO) より古い: {names}")),
            );
        }
        let well = (all > 0).then_some(good == all && stale.is_empty());
        Ok(Point {
            rhythm: Rhythm::Monthly, title: ("Review of the strategy", "バックアップ戦略の評価"), well, known
        })
    }

    fn runs_of(&self, days: i64) -> Result<Vec<Run>> {
        let since = self.status.now - chrono::TimeDelta::days(days);
        let runs = self.catalog.runs(&RunFilter { limit: Some(MOST), ..RunFilter::default() }, self.alive)?;
        Ok(runs.into_iter().take_while(|run| run.started_at >= since).collect())
    }
}

/// Whether an effect of a run has removed a file.
fn is_removal(effect: &&Value) -> bool {
    effect["effect"].as_str().is_some_and(|name| name.starts_with("remove")) && effect["outcome"] == "done"
}

/// The middle size of the backups before the newest.
fn usual_size(before: &[crate::catalog::Backup]) -> Option<u64> {
    let mut sizes: Vec<u64> = before.iter().take(USUAL).map(|backup| backup.size_bytes).collect();
    sizes.sort_unstable();
    (sizes.len() >= ENOUGH).then(|| sizes[sizes.len() / 2])
}

fn minute(at: Moment) -> String {
    at.format("%Y-%m-%d %H:%M").to_string()
}
