//! Finds the keys for S3 as Amazon's own tools do, and reports where it looked.

mod lenders;
mod profile;

use chrono::{DateTime, FixedOffset};
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::objects::Keys;
use crate::world::real::objects::Reach;
pub use profile::Profile;

/// Keys, and their source.
pub struct Found {
    pub keys: Keys,
    pub until: Option<DateTime<FixedOffset>>,
    /// In words: `the environment`.
    pub by: String,
}

/// The places that are searched, in this order.
const PLACES: [&str; 6] = [
    "the environment",
    "a web identity token",
    "the metadata of the container",
    "the metadata of the instance",
    "the shared profile",
    "`aws configure export-credentials`",
];

/// The keys of the first place that has some. A profile that is named explicitly comes right after the environment.
pub async fn find(reach: &Reach, region: &str) -> Result<Found> {
    let named = reach.variable(&["AWS_PROFILE"]).is_some();
    let order = if named { [0, 4, 1, 2, 3] } else { [0, 1, 2, 3, 4] };
    for (at, place) in order.into_iter().enumerate() {
        let found = match place {
            0 => of_environment(reach),
            1 => lenders::web_identity(reach, region).await?,
            2 => lenders::container(reach).await?,
            3 => lenders::instance(reach).await?,
            _ => profile::keys(reach).await?,
        };
        if let Some(found) = found {
            let before: Vec<&str> = order[..at].iter().map(|place| PLACES[*place]).collect();
            return Ok(Found { by: shown(&found.by, &before), ..found });
        }
    }
    Err(Error::new(Kind::Denied, "no keys for S3 were found")
        .because_text(format!("looked at: {}", PLACES.join(", ")))
        .hint("set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`, or `AWS_PROFILE`"))
}

fn shown(by: &str, before: &[&str]) -> String {
    match before {
        [] => format!("keys from {by}"),
        before => format!("keys from {by}; none in {}", before.join(", ")),
    }
}

fn of_environment(reach: &Reach) -> Option<Found> {
    let keys = Keys {
        access_key: reach.variable(&["AWS_ACCESS_KEY_ID"])?.to_owned(),
        secret_key: Secret::new(reach.variable(&["AWS_SECRET_ACCESS_KEY"])?),
        session_token: reach.variable(&["AWS_SESSION_TOKEN"]).map(Secret::new),
    };
    Some(Found { keys, until: None, by: PLACES[0].to_owned() })
}

/// The keys in an answer, with either set of field names.
fn keys_in(answer: &Value, by: impl Into<String>) -> Option<Found> {
    let text = |names: &[&str]| names.iter().find_map(|name| answer[*name].as_str());
    let keys = Keys {
        access_key: text(&["AccessKeyId"])?.to_owned(),
        secret_key: Secret::new(text(&["SecretAccessKey"])?),
        session_token: text(&["Token", "SessionToken"]).filter(|token| !token.is_empty()).map(Secret::new),
    };
    let until = text(&["Expiration"]).and_then(|moment| DateTime::parse_from_rfc3339(moment).ok());
    Some(Found { keys, until, by: by.into() })
}
