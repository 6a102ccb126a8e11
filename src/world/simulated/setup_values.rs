//! Parses sizes, ages, modes and moments as people write them in a setup.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::de::{Deserialize, Deserializer, Error as _, Visitor};

use crate::units::{parse_duration, parse_size};

/// The age of something; a negative age is in the future.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Age(pub TimeDelta);

impl Age {
    /// Parses `"76d"`, or `"-2h"` for the future.
    pub fn parse(text: &str) -> crate::error::Result<Age> {
        let (text, sign) = text.strip_prefix('-').map_or((text, 1), |rest| (rest, -1));
        let age = TimeDelta::from_std(parse_duration(text)?).unwrap_or(TimeDelta::MAX);
        Ok(Age(age * sign))
    }
}

impl<'de> Deserialize<'de> for Age {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Age, D::Error> {
        let text = String::deserialize(deserializer)?;
        Age::parse(&text).map_err(|error| D::Error::custom(error.what()))
    }
}

/// A number of bytes, or text such as `"2 GiB"`.
pub fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    #[derive(serde::Deserialize)]
    #[serde(untagged, expecting = "a number of bytes or a size such as \"2 GiB\"")]
    enum SizeOption {
        Bytes(u64),
        Text(String),
    }
    match SizeOption::deserialize(deserializer)? {
        SizeOption::Bytes(bytes) => Ok(Some(bytes)),
        SizeOption::Text(text) => parse_size(&text).map(Some).map_err(|error| D::Error::custom(error.what())),
    }
}

/// Text such as `"3m"`.
pub fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_duration(&text).map_err(|error| D::Error::custom(error.what()))
}

pub fn some_duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    duration(deserializer).map(Some)
}

/// Text such as `"0600"`: a bare number could be meant as octal or as decimal.
pub fn mode<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let text = String::deserialize(deserializer)?;
    match u32::from_str_radix(&text, 8) {
        Ok(mode) if mode <= 0o7777 => Ok(Some(mode)),
        _ => Err(D::Error::custom(format!("`{text}` is not a mode; write it as `chmod` takes it, such as \"0600\""))),
    }
}

/// Text such as `"2026-02-15T02:00:00+09:00"`.
pub fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<FixedOffset>, D::Error> {
    let text = String::deserialize(deserializer)?;
    DateTime::parse_from_rfc3339(&text)
        .map_err(|_| D::Error::custom(format!("`{text}` is not a moment; write it as \"2026-02-15T02:00:00+09:00\"")))
}

pub fn some_moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<DateTime<FixedOffset>>, D::Error> {
    moment(deserializer).map(Some)
}

/// The bytes of a text, or any other bytes.
pub fn bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
    struct Reader;
    impl Visitor<'_> for Reader {
        type Value = Bytes;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_string<E>(self, text: String) -> Result<Bytes, E> {
            Ok(Bytes::from(text))
        }

        fn visit_str<E>(self, text: &str) -> Result<Bytes, E> {
            Ok(Bytes::copy_from_slice(text.as_bytes()))
        }

        fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
            Ok(Bytes::from(bytes))
        }
    }
    deserializer.deserialize_byte_buf(Reader)
}

pub fn some_bytes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Bytes>, D::Error> {
    bytes(deserializer).map(Some)
}

/// Reads a struct from a table, or from a bare text or bytes that `from_text` parses.
macro_rules! table_or_text {
    ($type:ident via $table:ident, $expects:literal, $from_text:expr) => {
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<$type, D::Error> {
                struct Reader;
                impl<'de> ::serde::de::Visitor<'de> for Reader {
                    type Value = $type;

                    fn expecting(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                        f.write_str($expects)
                    }

                    fn visit_str<E>(self, text: &str) -> ::std::result::Result<$type, E> {
                        Ok(($from_text)(text.to_owned().into_bytes()))
                    }

                    fn visit_byte_buf<E>(self, bytes: Vec<u8>) -> ::std::result::Result<$type, E> {
                        Ok(($from_text)(bytes))
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> ::std::result::Result<$type, A::Error> {
                        let table = ::serde::de::value::MapAccessDeserializer::new(map);
                        <$table as ::serde::Deserialize>::deserialize(table).map($type::from)
                    }
                }
                deserializer.deserialize_any(Reader)
            }
        }
    };
}
pub(crate) use table_or_text;
