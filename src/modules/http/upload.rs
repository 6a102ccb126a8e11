//! Consumes a stream by sending it: `stream:upload(url)`. The server gets the end of the body only when the source has proved its own.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use mlua::Table;
use serde::Deserialize;

use crate::backup::pipeline::Pipeline;
use crate::backup::pool::spawn_cancellable;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options::Text;
use crate::lua::traceback::from_lua;
use crate::modules::http::MAX_BYTES;
use crate::modules::http::json_value::JsonValue;
use crate::modules::stream_result::{LineTap, fill, unknown_facts, with_taps};
use crate::stream::pump::Tally;
use crate::units::duration;
use crate::world::Caller;
use crate::world::dry_run::is_withheld;
use crate::world::http::upload::Upload;
use crate::world::http::{Address, HttpRequest, Method};

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct UploadOptions {
    method: Option<Method>,
    headers: BTreeMap<String, Text>,
    query: BTreeMap<String, JsonValue>,
    size_bytes: Option<u64>,
    expect: Option<Vec<u16>>,
    #[serde(deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
    ca_file: Option<PathBuf>,
}

impl UploadOptions {
    fn upload(&self, url: &Text) -> Result<Upload> {
        let query = self.query.iter().map(|(name, given)| Ok((name.clone(), given.to_text(name)?)));
        let url = Address::new(&url.0, &query.collect::<Result<Vec<_>>>()?)?;
        let method = self.method.unwrap_or(Method::Put);
        if !matches!(method, Method::Put | Method::Post | Method::Patch) {
            let what = format!("a stream cannot be sent by {}", method.word());
            return Err(Error::new(Kind::Recipe, what).hint("`method` is `PUT`, `POST` or `PATCH`"));
        }
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect();
        let request = HttpRequest { method, headers, ..HttpRequest::get(url) };
        let request = request.or_header("Content-Type", "application/octet-stream");
        request.check()?;
        Ok(Upload { request, expect: self.expect.clone(), size_bytes: self.size_bytes })
    }
}

/// `:upload(url, options)`.
pub async fn upload(
    call: Rc<Call>,
    (pipeline, taps): (Pipeline, Vec<LineTap>),
    url: Text,
    options: UploadOptions,
) -> Result<Table> {
    let mut caller = call.world()?;
    // As for a file: otherwise a slow source would look like an error of the server.
    caller.limits.total = options.timeout.unwrap_or(caller.limits.total.max(pipeline.limits.total));
    caller.limits.idle = options.idle_timeout.unwrap_or(caller.limits.idle.max(pipeline.limits.idle));
    let mut upload = options.upload(&url)?;
    pipeline.refuse_copies()?;
    let step = call.session.step(format!("{} to {}", pipeline.label, upload.request.title()), call.site());
    let (facts, number) = (pipeline.facts.clone(), step.number);
    let task = spawn_cancellable(call.session.pool.guard()?, async move {
        if let Some(path) = options.ca_file {
            upload.request.roots = Some(caller.read(&path, MAX_BYTES as u64).await?);
        }
        send(pipeline, caller, upload, number).await
    });
    let answer = with_taps(task, taps).await;
    let bytes = facts.lock().plain_bytes;
    let sent = answer.as_ref().map_or(0, |tally| tally.as_ref().map_or(0, |tally| tally.size_bytes));
    step.end(bytes, sent, answer.as_ref().err());
    let facts = facts.lock().clone();
    let Some(tally) = answer? else { return unknown_facts(&call, &facts).map_err(from_lua) };
    let table = call.lua.create_table().map_err(from_lua)?;
    fill(&call, &table, &tally.sha256, tally.size_bytes, &facts).map_err(from_lua)?;
    Ok(table)
}

/// The tally of the sent bytes; `None` in a dry run whose source was withheld.
async fn send(pipeline: Pipeline, caller: Caller, upload: Upload, step: u64) -> Result<Option<Tally>> {
    let mut sink = caller.upload(upload).await?;
    match pipeline.pour(&mut *sink, step, None).await {
        Ok(tally) => {
            sink.commit().await?;
            Ok(Some(tally))
        }
        Err(error) if is_withheld(&error) => {
            sink.commit().await?;
            Ok(None)
        }
        Err(error) => {
            sink.abort().await.map_err(|left| left.within(format!("cannot abort after: {}", error.one_line())))?;
            Err(error)
        }
    }
}
