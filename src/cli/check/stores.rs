//! Checks the stores that a recipe declares, with the recipe's access, and changes nothing there.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::super::alerting::block_on;
use super::super::context::Context;
use super::super::runs::catalog;
use super::point::Point;
use crate::error::{Kind, Result};
use crate::recipe::job::Job;
use crate::recipe::values::ParamValue;
use crate::world::http::Address;
use crate::world::objects::examined::Seen;
use crate::world::objects::{Keys, Store, StoreKind, url};
use crate::world::real::Real;

/// The longest that one store may take.
const LONGEST: Duration = Duration::from_secs(20);

/// The stores that were looked at: two recipes of one bucket need no two looks.
#[derive(Default)]
pub struct Stores(BTreeSet<String>);

impl Stores {
    /// What there is to say of the stores of a recipe.
    pub fn points(&mut self, context: &Context, job: &Job, offline: bool) -> Vec<Point> {
        let subject = &job.source.name;
        let mut points = Vec::new();
        for address in &job.needs.objects {
            let store = match of_address(address, job) {
                Ok(Some(store)) => store,
                Ok(None) => continue,
                Err(error) => {
                    points.push(Point::wrong(subject, &error));
                    continue;
                }
            };
            if !self.0.insert(format!("{store:?}")) {
                continue;
            }
            match offline {
                true => {
                    points.push(Point::not_tried(subject, format!("`{}`: not asked (--offline)", store.container())));
                }
                false => points.extend(look(context, job, store)),
            }
        }
        points
    }
}

fn look(context: &Context, job: &Job, store: Store) -> Vec<Point> {
    let subject = &job.source.name;
    // An unreadable catalog has no recorded uploads.
    let recorded = catalog(context).and_then(|catalog| catalog.all_uploads()).unwrap_or_default();
    let real = Real::ambient().with_variables(job.network()).with_programs(job.needs.run.clone());
    let asked = block_on(async |_stop| real.examine(Arc::new(store), recorded, LONGEST).await);
    match asked.and_then(|seen| seen) {
        Ok(seen) => seen.into_iter().map(|seen| point(subject, seen)).collect(),
        // The run may use another store: its params can name it.
        Err(error) if error.what().starts_with("no ") && error.kind() == Kind::Denied => {
            vec![Point::warning(subject, error.one_line(), error.hint_text().unwrap_or_default())]
        }
        Err(error) => vec![Point::wrong(subject, &error)],
    }
}

fn point(subject: &str, seen: Seen) -> Point {
    match seen {
        Seen::Good(what) => Point::ok(subject, what),
        Seen::Unknown(what) => Point::not_tried(subject, what),
        Seen::Warning { what, hint } => Point::warning(subject, what, hint),
    }
}

/// The store of a declared address, with what the params say of it.
fn of_address(address: &str, job: &Job) -> Result<Option<Store>> {
    let address = address.trim();
    let Some(kind) = url::kind_of(address) else { return Ok(None) };
    let mut store = match address.strip_suffix('*') {
        // In a folder tree, the keys with a name prefix are all in the folder above.
        Some(above) if kind.is_tree() => url::store(&above[..=above.rfind('/').unwrap_or(0)])?,
        Some(above) => url::store(above)?,
        None => url::store(address)?,
    };
    let text = |name: &str| match job.params.get(name) {
        Some(ParamValue::String(text)) => Some(text.clone()).filter(|text| !text.is_empty()),
        _ => None,
    };
    // For a tree, check the folder of the keys; for a bucket, only the whole bucket can be queried.
    if !kind.is_tree() {
        store.root = String::new();
    }
    if kind == StoreKind::S3 {
        store.endpoint = text("endpoint").map(|text| Address::parse(&text)).transpose()?;
        store.region = text("region");
        if let (Some(access_key), Some(ParamValue::Secret(secret_key))) =
            (text("access_key"), job.params.get("secret_key"))
        {
            store.keys = Some(Keys { access_key, secret_key: secret_key.clone(), session_token: None });
        }
    }
    Ok(Some(store))
}
