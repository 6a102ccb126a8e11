//! Reads and writes sizes and durations as people do: `64 MiB`, `25h`, `30d`.

use std::fmt;
use std::time::Duration;

use serde::de::{self, Deserializer, Visitor};

use crate::error::{Error, Kind, Result};

/// The longest duration that can still be added to a point in time.
const LONGEST: Duration = Duration::from_secs(1000 * 366 * 24 * 3600);

/// Bytes from `"10 MB"`, `"64MiB"`, `"4096"`; decimal units are powers of 1000, binary ones of 1024.
pub fn parse_size(text: &str) -> Result<u64> {
    text.trim().parse::<bytesize::ByteSize>().map(|size| size.as_u64()).map_err(|_| {
        Error::new(Kind::Recipe, format!("`{text}` is not a size"))
            .hint("write a number and a unit, such as `500 MB` or `64 MiB`")
    })
}

/// A duration from `"90s"`, `"25h"`, `"30d"`, `"1h 30m"`; a bare number is seconds.
pub fn parse_duration(text: &str) -> Result<Duration> {
    let text = text.trim();
    let parsed = match text.parse::<u64>() {
        Ok(secs) => Ok(Duration::from_secs(secs)),
        Err(_) => humantime::parse_duration(text),
    };
    let duration = parsed.map_err(|_| {
        Error::new(Kind::Recipe, format!("`{text}` is not a duration"))
            .hint("write a number and a unit, such as `90s`, `25h` or `30d`")
    })?;
    match duration > LONGEST {
        true => {
            Err(Error::new(Kind::Recipe, format!("`{text}` is too long a duration"))
                .hint("a thousand years are the most"))
        }
        false => Ok(duration),
    }
}

/// A size for people: `133.2 MB`.
pub fn show_size(bytes: u64) -> String {
    bytesize::ByteSize(bytes).display().si().to_string()
}

/// An age for people, in its largest sensible unit: `40m`, `25h`, `7d`.
pub fn show_age(age: Duration) -> String {
    let minutes = age.as_secs() / 60;
    match minutes {
        0 => format!("{}s", age.as_secs()),
        1..120 => format!("{minutes}m"),
        120..4320 => format!("{}h", minutes / 60),
        _ => format!("{}d", minutes / (24 * 60)),
    }
}

/// A duration for people, no more precise than needed: `0.4s`, `12s`, `3m 4s`.
pub fn show_duration(duration: Duration) -> String {
    if duration < Duration::from_secs(10) {
        return format!("{:.1}s", duration.as_secs_f64());
    }
    show_seconds(duration)
}

/// A duration in whole seconds: `3m 4s`.
pub fn show_seconds(duration: Duration) -> String {
    humantime::format_duration(Duration::from_secs(duration.as_secs())).to_string()
}

/// A duration option: a number of seconds, or text such as `"25h"`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    struct DurationVisitor;
    impl<'de> Visitor<'de> for DurationVisitor {
        type Value = Option<Duration>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("seconds, or a duration such as `90s`, `25h` or `30d`")
        }

        fn visit_none<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Self::Value, D::Error> {
            inner.deserialize_any(self)
        }

        fn visit_i64<E: de::Error>(self, secs: i64) -> Result<Self::Value, E> {
            let secs = u64::try_from(secs).map_err(|_| E::invalid_value(de::Unexpected::Signed(secs), &self))?;
            Ok(Some(Duration::from_secs(secs)))
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
            parse_duration(text).map(Some).map_err(|_| E::invalid_value(de::Unexpected::Str(text), &self))
        }
    }
    deserializer.deserialize_option(DurationVisitor)
}
