//! Turns what a recipe passes into a typed struct; serde reads it, and refuses what the struct does not name.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Deserialize;
use serde::de::{self, DeserializeOwned, Deserializer, IntoDeserializer, Visitor};

use crate::error::Result;
use crate::lua::plain::Plain;
use crate::lua::wrong::Wrong;
use crate::secret::SECRET_NEWTYPE;
use crate::units;

/// Reads the arguments of the call `name` into `T`, the tuple of its parameters.
pub fn read_args<T: DeserializeOwned>(name: &str, args: Vec<Plain>) -> Result<T> {
    let mut path = serde_path_to_error::Track::new();
    let reader = serde_path_to_error::Deserializer::new(Plain::List(args), &mut path);
    T::deserialize(reader).map_err(|wrong| wrong.into_error(name, &lua_path(&path.path())))
}

/// Reads one table of options outside a call, such as a declaration; `name` is its name in messages.
pub fn read_value<T: DeserializeOwned>(name: &str, value: Plain) -> Result<T> {
    read_args::<(T,)>(name, vec![value]).map(|(value,)| value)
}

/// The path of a field as a recipe writes it: `retry.times`, `exclude[2]`; the argument's own number is left out.
fn lua_path(path: &serde_path_to_error::Path) -> String {
    let mut shown = String::new();
    for segment in path.iter().skip(1) {
        match segment {
            serde_path_to_error::Segment::Seq { index } => shown.push_str(&format!("[{}]", index + 1)),
            serde_path_to_error::Segment::Map { key } => {
                if !shown.is_empty() {
                    shown.push('.');
                }
                shown.push_str(key);
            }
            _ => {}
        }
    }
    shown
}

impl<'de> IntoDeserializer<'de, Wrong> for Plain {
    type Deserializer = Plain;

    fn into_deserializer(self) -> Plain {
        self
    }
}

impl<'de> Deserializer<'de> for Plain {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Plain::Nil => visitor.visit_unit(),
            Plain::Bool(flag) => visitor.visit_bool(flag),
            Plain::Int(number) => visitor.visit_i64(number),
            Plain::Num(number) => visitor.visit_f64(number),
            Plain::Str(text) => visitor.visit_string(text),
            Plain::List(list) => visitor.visit_seq(de::value::SeqDeserializer::new(list.into_iter())),
            Plain::Map(map) => visitor.visit_map(de::value::MapDeserializer::new(map.into_iter())),
            Plain::Empty => {
                visitor.visit_map(de::value::MapDeserializer::new(BTreeMap::<String, Plain>::new().into_iter()))
            }
            // Only byte options accept bytes.
            Plain::Bytes(bytes) => visitor.visit_byte_buf(bytes),
            Plain::Secret(_) | Plain::Other(_) => Err(de::Error::invalid_type(self.unexpected(), &visitor)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Plain::Nil => visitor.visit_none(),
            value => visitor.visit_some(value),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, name: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        match (name, self) {
            (SECRET_NEWTYPE, Plain::Secret(secret)) => {
                visitor.visit_newtype_struct(Plain::Str(secret.expose().to_owned()))
            }
            (SECRET_NEWTYPE, value) => value.deserialize_any(visitor),
            (_, value) => visitor.visit_newtype_struct(value),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Plain::Empty => visitor.visit_seq(de::value::SeqDeserializer::new(std::iter::empty::<Plain>())),
            Plain::List(_) => self.deserialize_any(visitor),
            other => Err(de::Error::invalid_type(other.unexpected(), &visitor)),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self {
            Plain::List(list) if list.iter().any(|value| !matches!(value, Plain::Nil)) => Err(Wrong::TooManyArgs),
            _ => visitor.visit_unit(), // a call without arguments
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Wrong> {
        let Plain::List(mut list) = self else { return self.deserialize_seq(visitor) };
        if list.iter().skip(len).any(|value| !matches!(value, Plain::Nil)) {
            return Err(Wrong::TooManyArgs);
        }
        list.resize(len, Plain::Nil); // an argument that is left out is nil, as everywhere in Lua
        visitor.visit_seq(de::value::SeqDeserializer::new(list.into_iter()))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self {
            Plain::Nil => Plain::Empty.deserialize_any(visitor),
            Plain::List(_) => {
                let first = fields.first().unwrap_or(&"name");
                Err(Wrong::Nameless(first))
            }
            Plain::Map(_) | Plain::Empty => self.deserialize_any(visitor),
            other => Err(de::Error::invalid_type(other.unexpected(), &"a table of options")),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self {
            Plain::Str(text) => visitor.visit_enum(text.into_deserializer()),
            other => Err(de::Error::invalid_type(other.unexpected(), &"one of the words it knows")),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit_struct tuple_struct map identifier ignored_any
    }
}

/// A time: seconds since 1970, RFC 3339 text, or an age, such as `"30d"`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "GivenMoment")]
pub enum When {
    At(DateTime<FixedOffset>),
    Ago(Duration),
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "seconds since 1970, a moment such as `2026-02-15T02:00:00+09:00`, or an age such as `30d`"
)]
enum GivenMoment {
    Secs(i64),
    Text(String),
}

impl TryFrom<GivenMoment> for When {
    type Error = String;

    fn try_from(given: GivenMoment) -> std::result::Result<When, String> {
        match given {
            GivenMoment::Secs(secs) => DateTime::from_timestamp(secs, 0)
                .map(|moment| When::At(moment.fixed_offset()))
                .ok_or_else(|| format!("{secs} seconds since 1970 are no moment")),
            GivenMoment::Text(text) => match DateTime::parse_from_rfc3339(&text) {
                Ok(moment) => Ok(When::At(moment)),
                Err(_) => units::parse_duration(&text).map(When::Ago).map_err(|_| {
                    format!("`{text}` is no moment; write it as `2026-02-15T02:00:00+09:00`, or an age such as `30d`")
                }),
            },
        }
    }
}

impl When {
    /// The time, relative to `now`.
    pub fn moment(self, now: DateTime<FixedOffset>) -> DateTime<FixedOffset> {
        match self {
            When::At(moment) => moment,
            When::Ago(age) => TimeDelta::from_std(age).ok().and_then(|age| now.checked_sub_signed(age)).unwrap_or(now),
        }
    }
}

/// A number of bytes, or text such as `"100 MiB"`.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(try_from = "GivenSize")]
pub struct Size(pub u64);

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number of bytes, or a size such as `100 MiB`")]
enum GivenSize {
    Bytes(u64),
    Text(String),
}

impl TryFrom<GivenSize> for Size {
    type Error = String;

    fn try_from(given: GivenSize) -> std::result::Result<Size, String> {
        match given {
            GivenSize::Bytes(bytes) => Ok(Size(bytes)),
            GivenSize::Text(text) => units::parse_size(&text).map(Size).map_err(|error| error.one_line()),
        }
    }
}

/// Text that may be a secret: an environment variable or the input of a child.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct Text(pub crate::world::SecretOrText);
