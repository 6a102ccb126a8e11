//! The module `clock`: the time of day, stamps for names, and waiting.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDateTime, SecondsFormat};
use mlua::Lua;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::{Call, Module};
use crate::units;

/// How a stamp is written in names (guide §2.1): local time.
const STAMP: &str = "%Y%m%d_%H%M%S";

pub fn module(lua: &Lua) -> mlua::Result<Module> {
    Module::new(lua)?
        .call("clock.stamp", |call, ()| Ok(now(call).format(STAMP).to_string()))?
        .call("clock.now", |call, ()| Ok(now(call).timestamp()))?
        .call("clock.iso", |call, ()| Ok(now(call).to_rfc3339_opts(SecondsFormat::Secs, false)))?
        .call("clock.elapsed", |call, ()| Ok(call.session.caller.world.elapsed().as_secs_f64()))?
        .call("clock.parse_stamp", |call, (text,): (String,)| Ok(parse_stamp(call, &text)))?
        .wait("clock.sleep", |call, (duration,): (DurationOption,)| async move {
            call.world()?.sleep(duration.read()?).await
        })
}

fn now(call: &Call) -> DateTime<FixedOffset> {
    call.session.caller.world.now()
}

/// Seconds since 1970 of a stamp in local time; nil if the text is not a stamp.
fn parse_stamp(call: &Call, text: &str) -> Option<i64> {
    let local = NaiveDateTime::parse_from_str(text, STAMP).ok()?;
    Some(local.and_utc().timestamp() - i64::from(now(call).offset().local_minus_utc()))
}

/// A duration from a recipe.
#[derive(serde::Deserialize)]
#[serde(untagged, expecting = "seconds or a duration such as \"25h\"")]
enum DurationOption {
    Secs(f64),
    Text(String),
}

impl DurationOption {
    fn read(&self) -> Result<Duration> {
        match self {
            DurationOption::Text(text) => units::parse_duration(text),
            DurationOption::Secs(secs) => Duration::try_from_secs_f64(*secs).map_err(|_| {
                Error::new(Kind::Recipe, format!("`{secs}` is not a number of seconds that one can wait"))
            }),
        }
    }
}
