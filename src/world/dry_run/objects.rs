//! Plans what would be stored and removed in object stores, and shows it to later looks.

use std::sync::Arc;

use super::sink::PlannedSink;
use super::{DryRun, Unread, Withheld};
use crate::error::{Error, Kind, Result};
use crate::units::show_size;
use crate::world::objects::words::{no_object, taken};
use crate::world::objects::{Object, ObjectEntry, ObjectStat, Put, Store};
use crate::world::{Effect, Reply, Request, World};

pub async fn get<W: World + 'static>(dry: &DryRun<W>, object: &Object, request: &Request) -> Result<Reply> {
    let planned = dry.plan.lock().objects.get(&object.to_string()).cloned();
    match planned {
        None => dry.inner_perform(request.effect.clone(), request).await,
        Some(None) => Err(no_object("get", object)),
        Some(Some(_)) => {
            let error = Error::new(Kind::Other, format!("cannot get `{object}`")).because(Withheld::Object);
            Ok(Reply::Source(Box::new(Unread(error))))
        }
    }
}

/// The metadata of an object, with the planned changes applied; `act` is the operation that needs it.
pub async fn stat<W: World + 'static>(
    dry: &DryRun<W>,
    object: &Object,
    act: &str,
    request: &Request,
) -> Result<Option<ObjectStat>> {
    let planned = {
        let plan = dry.plan.lock();
        let of_new_bucket = plan.buckets.contains(&object.store.container()).then_some(None);
        plan.objects.get(&object.to_string()).cloned().or(of_new_bucket)
    };
    if let Some(planned) = planned {
        return Ok(planned);
    }
    match dry.inner_perform(Effect::StatObject(object.clone()), request).await {
        Ok(Reply::ObjectStat(stat)) => Ok(stat),
        Ok(_) => Ok(None),
        // The error names the requested operation, not the look that answers it.
        Err(error) if act != "look at" => Err(reworded(error, act, object)),
        Err(error) => Err(error),
    }
}

fn reworded(error: Error, act: &str, object: &Object) -> Error {
    let refused = Error::new(error.kind(), format!("cannot {act} `{object}`"));
    let hint = error.hint_text().map(str::to_owned);
    let refused = match error.causes().first() {
        Some(cause) => refused.because_text(cause.clone()),
        None => refused.because(error),
    };
    match hint {
        Some(hint) => refused.hint(hint),
        None => refused,
    }
}

pub async fn put<W: World + 'static>(dry: &DryRun<W>, put: &Put, request: &Request) -> Result<Reply> {
    let there = stat(dry, &put.object, "put", request).await?;
    if there.is_some() && !put.replace {
        return Err(taken(&put.object));
    }
    let number = dry.plan.lock().note(request, None);
    let (put, now) = (put.clone(), dry.now());
    let sink = PlannedSink::new(number, dry.plan.clone(), move |plan, size_bytes| {
        let address = put.object.to_string();
        if matches!(plan.objects.get(&address), Some(Some(_))) && !put.replace {
            return Err(taken(&put.object));
        }
        let size_bytes = put.size_bytes.or(size_bytes).unwrap_or(0);
        plan.detail(number, show_size(size_bytes));
        let (etag, storage_class, metadata) = (String::new(), put.storage_class, put.metadata);
        let stat = ObjectStat { size_bytes, modified: now, etag, storage_class, metadata };
        plan.objects.insert(address, Some(stat));
        Ok(())
    });
    Ok(Reply::Sink(Box::new(sink)))
}

pub async fn list<W: World + 'static>(
    dry: &DryRun<W>,
    store: &Arc<Store>,
    prefix: &str,
    request: &Request,
) -> Result<Vec<ObjectEntry>> {
    let new = dry.plan.lock().buckets.contains(&store.container());
    let mut entries = match new {
        true => Vec::new(),
        false => match dry.inner_perform(request.effect.clone(), request).await? {
            Reply::Objects(entries) => entries,
            _ => Vec::new(),
        },
    };
    let (all, begin) = (store.title_of(""), store.title_of(prefix));
    let plan = dry.plan.lock();
    entries.retain(|entry| !plan.objects.contains_key(&format!("{all}{}", entry.key)));
    for (address, stat) in plan.objects.iter().filter(|(address, _)| address.starts_with(&begin)) {
        if let (Some(stat), Some(key)) = (stat, address.strip_prefix(&all)) {
            entries.push(ObjectEntry { key: key.to_owned(), stat: stat.clone() });
        }
    }
    entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    Ok(entries)
}

pub async fn remove<W: World + 'static>(dry: &DryRun<W>, object: &Object, request: &Request) -> Result<Reply> {
    let Some(stat) = stat(dry, object, "remove", request).await? else { return Err(no_object("remove", object)) };
    let days = dry.now().signed_duration_since(stat.modified).num_days();
    let mut plan = dry.plan.lock();
    plan.note(request, Some(format!("{}, {days} days old", show_size(stat.size_bytes))));
    plan.objects.insert(object.to_string(), None);
    Ok(Reply::Done)
}

/// An empty listing shows whether the bucket exists: no effect looks at a bucket.
pub async fn make_bucket<W: World + 'static>(dry: &DryRun<W>, store: &Arc<Store>, request: &Request) -> Result<bool> {
    if dry.plan.lock().buckets.contains(&store.container()) {
        return Ok(false);
    }
    // No key begins with this: keys contain no control characters.
    let nothing = Effect::ListObjects { store: store.clone(), prefix: "\u{1}".to_owned() };
    match dry.inner_perform(nothing, request).await {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == Kind::NotFound => {
            let mut plan = dry.plan.lock();
            plan.note(request, None);
            plan.buckets.insert(store.container());
            Ok(true)
        }
        Err(error) => Err(error),
    }
}
