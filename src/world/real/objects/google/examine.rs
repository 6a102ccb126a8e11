//! Examines a Google bucket without changing anything: credentials, location, and how deleted objects are kept.

use serde_json::Value;

use super::{Bucket, number, read, token};
use crate::error::Result;
use crate::world::http::Method;
use crate::world::objects::examined::Seen;
use crate::world::real::objects::rest::Ask;

const DAY_SECS: u64 = 86_400;

pub async fn examine(bucket: &Bucket) -> Result<Vec<Seen>> {
    let title = bucket.rest.store.container();
    let who = match bucket.is_emulated {
        true => "an emulator, which is asked without a name".to_owned(),
        false => token::who(&bucket.rest.reach).await?,
    };
    let mut seen = vec![Seen::Good(format!("`{title}`: {who}"))];
    let said = match bucket.rest.ask(&Ask::new(Method::Get, "look at", &title, bucket.url(""))).await {
        Ok(said) => read(&said, &title)?,
        Err(refused) if refused.status == Some(404) => {
            seen.push(Seen::Unknown(format!("`{title}` is not there yet")));
            return Ok(seen);
        }
        // A key may allow storing but not reading.
        Err(refused) if refused.status == Some(403) => {
            let what = format!("`{title}`: whether it may be stored there is not tried: {}", refused.error.one_line());
            seen.push(Seen::Unknown(what));
            return Ok(seen);
        }
        Err(refused) => return Err(refused.into()),
    };
    let place = said["location"].as_str().unwrap_or("a place that it does not say");
    seen.push(Seen::Good(format!("`{title}` answers, in `{place}`")));
    seen.push(Seen::Good(kept(&title, &said)));
    let retention = number(&said["retentionPolicy"]["retentionPeriod"]);
    seen.push(Seen::Good(match retention.filter(|secs| *secs > 0) {
        Some(secs) => format!("`{title}` keeps each object for {} days at least", secs.div_ceil(DAY_SECS)),
        None => format!("`{title}` has no retention policy"),
    }));
    Ok(seen)
}

fn kept(title: &str, said: &Value) -> String {
    let soft = number(&said["softDeletePolicy"]["retentionDurationSeconds"]).filter(|secs| *secs > 0);
    match (said["versioning"]["enabled"].as_bool(), soft) {
        (Some(true), _) => {
            format!("`{title}` keeps versions: a deletion here can be undone until a rule removes the version")
        }
        (_, Some(secs)) => format!("`{title}` keeps what is deleted for {} days", secs.div_ceil(DAY_SECS)),
        _ => format!("`{title}` keeps no versions: a deletion here is final"),
    }
}
