//! Carries out a plan: first uploads, each verified; deletions only after all of them; the real results are recorded.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::index::{self, INDEX, Index, Record};
use super::item::{Act, Hash, Item, Reason, Role};
use super::marker::{self, Marker};
use super::names;
use super::pace::Pace;
use super::plan::Plan;
use super::progress::Progress;
use super::upload::upload;
use super::work::{Options, Work};
use crate::backup::pool::{TaskGuard, spawn_into, stopped};
use crate::error::{Error, Kind, Result};
use crate::report::{Level, log};
use crate::world::Caller;

/// The total weight of concurrent uploads, and the weight of one: a large upload holds parts in memory.
const WEIGHT: usize = 48;
const SMALL: u32 = 3;
const LARGE: u32 = 16;
const LARGE_BYTES: u64 = 8 << 20;

/// A plan to carry out.
pub struct Job {
    pub caller: Caller,
    pub plan: Arc<Plan>,
    pub options: Options,
    pub run_id: String,
    pub step: u64,
    pub guard: TaskGuard,
}

/// The result.
#[derive(Clone, Debug, Default)]
pub struct Applied {
    pub uploaded: usize,
    pub uploaded_bytes: u64,
    pub skipped: usize,
    pub deleted: usize,
    /// The objects that the store refused to delete, each with its message.
    pub kept: Vec<(String, String)>,
}

/// The result of each upload, by name.
type Uploads = BTreeMap<Box<str>, Result<Option<Hash>>>;

/// The uploaded objects as the store lists them: size and etag.
type Listed = BTreeMap<Box<str>, (u64, Box<str>)>;

pub async fn apply(job: Job) -> Result<Applied> {
    let plan = job.plan.clone();
    if let Some(refusal) = plan.refusals.first() {
        return Err(refusal.error());
    }
    let skipped = plan.of(Act::Skip).count();
    // The result of a comparison by bytes is recorded, so that the next sync need not repeat it.
    let is_news = |item: &Item| item.act != Act::Skip || matches!(item.reason, Reason::SameChecksum | Reason::NotOlder);
    if is_continued(&plan) && !plan.items.iter().any(is_news) {
        return Ok(Applied { skipped, ..Applied::default() });
    }
    let (mut marker, planned) = begin(&job).await?;
    let (work, uploads) = upload_all(&job, planned).await?;
    let failed: Vec<&Error> = uploads.values().filter_map(|result| result.as_ref().err()).collect();
    let (listed, unsure) = verify(&job, &work, &uploads).await?;
    let failure = failed.first().map(|error| not_all(error, failed.len(), uploads.len())).or(unsure);
    let mut applied = Applied { skipped, ..Applied::default() };
    let mut deleted = Vec::new();
    if failure.is_none() {
        deleted = delete_all(&job, &mut applied).await?;
    }
    for item in plan.of(Act::Upload).filter(|item| matches!(uploads.get(&item.name), Some(Ok(_)))) {
        applied.uploaded += 1;
        applied.uploaded_bytes += item.size_bytes;
    }
    write_down(&job, &uploads, &listed, &deleted).await?;
    end(&job, &mut marker).await?;
    match failure {
        Some(error) => Err(error),
        None => Ok(applied),
    }
}

/// Whether both sides know each other already, so that nothing about it needs to be written.
fn is_continued(plan: &Plan) -> bool {
    let Some(index) = plan.index.as_ref().filter(|index| index.id == plan.id) else { return false };
    let knows = |marker: &Marker| marker.targets.get(&plan.target()).is_some_and(|line| line.knows(&index.written_by));
    !plan.rules.marker || plan.marker.as_ref().is_some_and(knows)
}

fn not_all(first: &Error, failed: usize, of: usize) -> Error {
    let left = format!("{failed} of {of} objects could not be uploaded; nothing was deleted");
    first.clone().within(left).or_hint("the next sync goes on with them")
}

/// Creates the bucket, and records the intended changes on both sides; returns whether all is only planned.
async fn begin(job: &Job) -> Result<(Option<Marker>, bool)> {
    let Job { caller, plan, run_id, .. } = job;
    if plan.no_bucket.is_some() {
        caller.make_bucket(plan.store.clone()).await?;
    }
    let mut marker = None;
    if plan.rules.marker {
        let mut known = plan.marker.clone().unwrap_or_else(|| Marker::new(plan.id.clone()));
        let line = known.targets.entry(plan.target()).or_default();
        line.last = plan.index.as_ref().map(|index| index.written_by.clone());
        line.next = Some(run_id.clone());
        marker::write(caller, &plan.dir, &known).await?;
        marker = Some(known);
    }
    let intent = plan.items.iter().filter(|item| item.act == Act::Upload || is_kept(item));
    let records = intent.map(|item| Record::of(item, item.act == Act::Upload));
    let planned = index::write(caller, plan.object(INDEX)?, index::packed(&head(job), records)?, plan.index.is_none());
    Ok((marker, planned.await?))
}

/// Whether an existing object is recorded.
fn is_kept(item: &Item) -> bool {
    item.there && item.reason != Reason::Foreign
}

fn head(job: &Job) -> Index {
    let world = &job.caller.world;
    let written_at = world.now().to_rfc3339_opts(chrono::SecondsFormat::Secs, false);
    let source = job.plan.dir.display().to_string();
    Index::new(&job.plan.id, &world.machine().host, &source, &job.run_id, &written_at)
}

/// The uploads in groups: the files that describe a backup are uploaded before it.
fn units(plan: &Plan) -> Vec<Vec<Item>> {
    let mut units: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for item in plan.of(Act::Upload) {
        let of = names::described(&item.name).unwrap_or(&item.name);
        units.entry(of).or_default().push(item.clone());
    }
    let order = |item: &Item| item.role != Role::Beside;
    let mut units: Vec<Vec<Item>> = units.into_values().collect();
    units.iter_mut().for_each(|unit| unit.sort_by_key(order));
    units
}

async fn upload_all(job: &Job, planned: bool) -> Result<(Arc<Work>, Uploads)> {
    let Job { caller, plan, options, .. } = job;
    let (bytes, objects) =
        plan.of(Act::Upload).fold((0, 0), |(bytes, count), item| (bytes + item.size_bytes, count + 1));
    let pace = Pace::new(options.bytes_per_sec, caller.world.elapsed());
    let progress = Progress::new(caller.world.clone(), job.step, bytes, objects);
    let (caller, plan, options) = (caller.clone(), plan.clone(), options.clone());
    let work = Arc::new(Work { caller, plan, options, pace, progress, planned });
    let room = Arc::new(Semaphore::new(WEIGHT));
    let (mut running, mut uploads) = (JoinSet::new(), Uploads::new());
    for unit in units(&work.plan) {
        let weight = if unit.iter().any(|item| item.size_bytes > LARGE_BYTES) { LARGE } else { SMALL };
        let closed = |cause| Error::new(Kind::Cancelled, "the sync has ended").because(cause);
        let place = room.clone().acquire_many_owned(weight).await.map_err(closed)?;
        let work = work.clone();
        spawn_into(&mut running, job.guard.clone(), async move {
            let result = upload_unit(&work, unit).await;
            drop(place);
            Ok(result)
        });
        while let Some(result) = running.try_join_next() {
            uploads.extend(result.map_err(stopped)??);
        }
    }
    while let Some(result) = running.join_next().await {
        uploads.extend(result.map_err(stopped)??);
    }
    Ok((work, uploads))
}

/// Uploads a backup only after the files that describe it.
async fn upload_unit(work: &Work, unit: Vec<Item>) -> Uploads {
    let mut uploads = Uploads::new();
    for item in unit {
        let result = upload(work, &item).await;
        if let Err(error) = &result {
            log(Level::Warn, &format!("not uploaded: `{}`: {}", item.name, error.one_line()), None);
        }
        let failed = result.is_err();
        uploads.insert(item.name, result);
        if failed {
            break;
        }
    }
    uploads
}

/// Lists the objects again: each upload must exist, with its size.
async fn verify(job: &Job, work: &Work, uploads: &Uploads) -> Result<(Listed, Option<Error>)> {
    let plan = &job.plan;
    if work.planned || uploads.is_empty() {
        return Ok((Listed::new(), None));
    }
    let mut listed = Listed::new();
    for entry in job.caller.list_objects(plan.store.clone(), &plan.rules.prefix).await? {
        if let Some(name) = entry.key.strip_prefix(&plan.rules.prefix)
            && uploads.contains_key(name)
        {
            listed.insert(name.into(), (entry.stat.size_bytes, entry.stat.etag.into()));
        }
    }
    let is_missing = |item: &&Item| {
        matches!(uploads.get(&item.name), Some(Ok(_)))
            && listed.get(&item.name).is_none_or(|(size, _)| *size != item.size_bytes)
    };
    let unsure = plan.of(Act::Upload).find(is_missing).map(|item| {
        let what =
            format!("`{}` was uploaded, and the store does not list it so", plan.store.title_of(&plan.key(&item.name)));
        Error::new(Kind::Integrity, what)
            .because_text("nothing was deleted")
            .hint("another program works on the same prefix, or the store lists late: sync again")
    });
    Ok((listed, unsure))
}

/// Carries out the deletions, backups before the files that describe them; returns the deleted names.
async fn delete_all(job: &Job, applied: &mut Applied) -> Result<Vec<Box<str>>> {
    let mut items: Vec<&Item> = job.plan.of(Act::Delete).collect();
    items.sort_by_key(|item| !item.role.is_data());
    let mut deleted = Vec::new();
    for item in items {
        let caller = Caller { why: Some(item.reason.to_string()), ..job.caller.clone() };
        match caller.remove_object(job.plan.object(&item.name)?).await {
            Ok(()) => applied.deleted += 1,
            Err(error) if error.kind() == Kind::NotFound => {}
            // A lock or a policy keeps it: that does not make the sync fail.
            Err(error) if matches!(error.kind(), Kind::Denied | Kind::Locked) => {
                applied.kept.push((item.name.to_string(), error.one_line()));
                continue;
            }
            Err(error) => return Err(error),
        }
        deleted.push(item.name.clone());
    }
    Ok(deleted)
}

/// Records the current objects in the store.
async fn write_down(job: &Job, uploads: &Uploads, listed: &Listed, deleted: &[Box<str>]) -> Result<()> {
    let plan = &job.plan;
    let mut records = Vec::new();
    for item in plan.items.iter().filter(|item| !deleted.contains(&item.name)) {
        match uploads.get(&item.name) {
            Some(Ok(hash)) => {
                let etag = listed.get(&item.name).map(|(_, etag)| etag.clone()).unwrap_or_default();
                records.push(Record::of(&Item { sha256: *hash, etag, ..item.clone() }, false));
            }
            _ if item.act == Act::Upload => records.push(Record::of(item, true)),
            _ if is_kept(item) => records.push(Record::of(item, false)),
            _ => {}
        }
    }
    let data = index::packed(&head(job), records.into_iter())?;
    index::write(&job.caller, plan.object(INDEX)?, data, false).await.map(drop)
}

/// Records in the source that this run was the last one.
async fn end(job: &Job, marker: &mut Option<Marker>) -> Result<()> {
    let Some(marker) = marker else { return Ok(()) };
    let line = marker.targets.entry(job.plan.target()).or_default();
    (line.last, line.next) = (Some(job.run_id.clone()), None);
    marker::write(&job.caller, &job.plan.dir, marker).await
}
