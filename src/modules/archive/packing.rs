//! `archive.pack`: a stream of a tar archive of files and folders.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use mlua::AnyUserData;
use serde::Deserialize;

use crate::backup::archive::pack;
use crate::backup::pipeline::{Archived, Pipeline};
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options::When;
use crate::modules::stream::Stream;
use crate::stream::SharedFacts;
use crate::stream::tar::listing::list;
use crate::units::duration;
use crate::world::packing::patterns::Patterns;
use crate::world::packing::{OnChange, Outputs, Packing, Root};
use crate::world::paths::plain;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PackOptions {
    #[serde(default)]
    roots: Vec<PathBuf>,
    #[serde(default)]
    optional: Vec<PathBuf>,
    base: Option<PathBuf>,
    #[serde(default)]
    include: Vec<String>,
    #[serde(default)]
    exclude: Vec<String>,
    newer_than: Option<When>,
    older_than: Option<When>,
    #[serde(default)]
    one_file_system: bool,
    #[serde(default)]
    xattrs: bool,
    #[serde(default)]
    acls: bool,
    #[serde(default)]
    allow_empty: bool,
    #[serde(default)]
    on_change: OnChange,
    #[serde(default)]
    accept_unreadable: Vec<PathBuf>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
}

/// A stream of the archive; invalid options are refused before anything is read.
pub fn pack(call: &Call, options: PackOptions) -> Result<AnyUserData> {
    let caller = call.world()?.limited(options.timeout, options.idle_timeout);
    let packing = Arc::new(packing(options, caller.world.now())?);
    let facts = SharedFacts::default();
    pack::prepare(&packing, &facts);
    let (outlet, list) = list();
    let (label, limits) = (format!("pack {}", packing.title()), caller.limits);
    let (packed, counted) = (packing.clone(), facts.clone());
    let open = move || async move { pack::open(&caller, packed, outlet, counted).await };
    let mut pipeline = Pipeline::new(label, limits, facts, open);
    pipeline.archive = Some(Archived { packing, list });
    Stream::create(call, pipeline, Vec::new())
}

fn packing(options: PackOptions, now: chrono::DateTime<chrono::FixedOffset>) -> Result<Packing> {
    let root = |optional| move |path: &PathBuf| Ok(Root { path: plain(path)?, optional });
    let required = options.roots.iter().map(root(false));
    let mut roots = required.chain(options.optional.iter().map(root(true))).collect::<Result<Vec<_>>>()?;
    roots.sort_by(|a, b| a.path.cmp(&b.path));
    let packing = Packing {
        base: plain(&options.base.unwrap_or_else(|| "/".into()))?,
        include: options.include,
        exclude: options.exclude,
        newer_than: options.newer_than.map(|when| when.moment(now)),
        older_than: options.older_than.map(|when| when.moment(now)),
        one_file_system: options.one_file_system,
        xattrs: options.xattrs,
        acls: options.acls,
        allow_empty: options.allow_empty,
        on_change: options.on_change,
        accept_unreadable: options.accept_unreadable.iter().map(|path| plain(path)).collect::<Result<_>>()?,
        contents: true,
        outputs: Outputs::default(),
        roots,
    };
    check(&packing)?;
    Ok(packing)
}

fn check(packing: &Packing) -> Result<()> {
    if packing.roots.is_empty() {
        return Err(Error::new(Kind::Recipe, "`archive.pack` has nothing to pack")
            .hint("name files and folders: `roots = { \"/srv/app/uploads\" }`"));
    }
    for (above, below) in packing.roots.iter().zip(packing.roots.iter().skip(1)) {
        if below.path.starts_with(&above.path) {
            let what = format!("`{}` would be packed twice", below.path.display());
            return Err(Error::new(Kind::Recipe, what)
                .because_text(format!("it is in `{}`", above.path.display()))
                .hint("name each root once, and none below another"));
        }
    }
    packing.roots.iter().try_for_each(|root| packing.name_of(&root.path).map(drop))?;
    Patterns::new(&packing.include)?;
    Patterns::new(&packing.exclude)?;
    Ok(())
}
