//! `hikae fetch`: downloads a backup and its manifest from a store into a folder, and verifies them.

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use super::args::FetchArgs;
use super::context::Context;
use super::exit;
use crate::backup::fetch::{Fetched, fetch};
use crate::error::{Error, Kind, Result};
use crate::recipe::live::on_threads;
use crate::report::table::{print_json_lines, print_said};
use crate::report::{self, Mode, Outputs, event};
use crate::units::show_size;
use crate::world::limited::Limited;
use crate::world::objects::Object;
use crate::world::objects::ask::StoreAsk;
use crate::world::real::{Real, http, objects, this_process};
use crate::world::{Caller, Limits, World, addressed};

/// A backup may take any time, as long as something of it comes.
const LIMITS: Limits = Limits { total: std::time::Duration::MAX, idle: std::time::Duration::from_secs(30 * 60) };

pub fn main(context: &Context, args: &FetchArgs) -> Result<ExitCode> {
    let (from, dir) = (Path::new(&args.url), args.dir.clone().unwrap_or_else(|| ".".into()));
    if !addressed::is_address(from) {
        let error = Error::new(Kind::Recipe, format!("`{}` is no address of an object", args.url));
        context.print_error(&error.hint("write it as `s3://bucket/folder/backup.sql.gz`"));
        return Ok(ExitCode::from(exit::MISUSE));
    }
    let dir = if dir.is_absolute() { dir } else { this_process::current_dir()?.join(dir) };
    let dir: std::path::PathBuf = dir.components().collect();
    let mode = Mode::choose(&context.facts, args.listing.json, false, false);
    let guard = report::install(mode, Outputs::standard(context.facts.clone()), Arc::new(this_process::now))?;
    let real = real(context);
    let caller = Caller::new(Arc::new(Limited::new(real.clone())), LIMITS);
    let began = real.elapsed();
    event::step_started(1, &format!("fetch {}", args.url), None);
    let answer = on_threads(fetch_thawed(&caller, from, &dir, args))?;
    real.settle(std::time::Duration::from_secs(10));
    let (word, bytes) = answer.as_ref().map_or(("failure", 0), |fetched| ("success", fetched.size_bytes));
    event::step_ended(1, &format!("fetch {}", args.url), word, bytes, real.elapsed().saturating_sub(began));
    drop(guard);
    let fetched = match answer {
        Ok(fetched) => fetched,
        Err(error) => {
            context.print_error(&error);
            return Ok(ExitCode::from(exit::FAILED));
        }
    };
    let path = fetched.path.display().to_string();
    match args.listing.json {
        true => print_json_lines(
            &mut context.out(),
            [serde_json::json!({ "path": path, "size_bytes": fetched.size_bytes, "sha256": fetched.sha256 })],
        )?,
        false => print_said(
            &mut context.out(),
            &format!(
                "fetched {path} ({}), which is what its manifest describes\nto restore it: {}\n",
                show_size(fetched.size_bytes),
                fetched.restore
            ),
        )?,
    }
    Ok(ExitCode::from(exit::DONE))
}

/// How often a backup that is being brought back is looked at.
const LOOK_EVERY: std::time::Duration = std::time::Duration::from_secs(600);

/// Fetches a backup; one that is archived is asked for, and waited for, where the command line says so.
async fn fetch_thawed(caller: &Caller, from: &Path, dir: &Path, args: &FetchArgs) -> Result<Fetched> {
    let mut asked = false;
    loop {
        let error = match fetch(caller, from, dir, 1).await {
            Err(error) if is_archived(&error) => error,
            answer => return answer,
        };
        let Some(days) = args.thaw else { return Err(error) };
        if !asked {
            let (store, key) = addressed::place(from)?;
            caller.ask_store(StoreAsk::Thaw { object: Object::new(store, key)?, days }).await?;
            asked = true;
        }
        if !args.wait {
            let what = format!("`{}` is archived; the store was asked to bring it back", from.display());
            return Err(Error::new(Kind::Other, what)
                .hint("GLACIER takes about five hours, DEEP_ARCHIVE twelve: run this again then, or with `--wait`"));
        }
        caller.sleep(LOOK_EVERY).await?;
    }
}

fn is_archived(error: &Error) -> bool {
    error.causes().iter().any(|cause| cause.starts_with("InvalidObjectState"))
}

/// Reads files and objects, as the environment or else `.env` lets them be reached.
pub fn reaching(context: &Context) -> Caller {
    Caller::new(Arc::new(Limited::new(real(context))), LIMITS)
}

fn real(context: &Context) -> Arc<Real> {
    Arc::new(Real::ambient().with_variables(variables(context)))
}

/// What the environment, or else `.env`, says about reaching stores.
fn variables(context: &Context) -> Vec<(String, String)> {
    let names = http::VARIABLES.iter().chain(objects::VARIABLES.iter());
    names.filter_map(|name| Some(((*name).to_owned(), context.config.lookup(name)?.to_owned()))).collect()
}
