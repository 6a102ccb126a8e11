//! Reads a duration of `hikae.toml`, such as `6h`.

use std::time::Duration;

use serde::Deserialize;
use serde::de::Error as _;

use crate::error::Error;
use crate::units;

pub(super) fn duration<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    let two_lines = |error: Error| D::Error::custom(format!("{error}\n{}", error.hint_text().unwrap_or_default()));
    match units::parse_duration(&text).map_err(two_lines)? {
        Duration::ZERO => {
            Err(D::Error::custom(format!("`{text}` is no time at all\nwrite a longer time, such as `6h`")))
        }
        duration => Ok(Some(duration)),
    }
}
