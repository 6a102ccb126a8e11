//! A value for JSON, a query or a form, in which secrets stay secrets until it is sent.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value as Json;

use crate::error::{Error, Kind, Result};
use crate::secret::{MASK, SECRET_NEWTYPE, Secret};
use crate::world::SecretOrText;

/// A value from a recipe.
#[derive(Clone, Debug)]
pub enum JsonValue {
    Null,
    Bool(bool),
    Int(i64),
    Num(f64),
    Text(String),
    Secret(Secret),
    List(Vec<JsonValue>),
    Map(BTreeMap<String, JsonValue>),
}

impl JsonValue {
    /// As JSON: with its secrets, or with a mask in their places.
    pub fn to_json(&self, reveal: bool) -> Result<Json> {
        Ok(match self {
            JsonValue::Null => Json::Null,
            JsonValue::Bool(flag) => Json::from(*flag),
            JsonValue::Int(number) => Json::from(*number),
            JsonValue::Num(number) => match serde_json::Number::from_f64(*number) {
                Some(number) => Json::Number(number),
                None => return Err(Error::new(Kind::Recipe, format!("`{number}` cannot be written as JSON"))),
            },
            JsonValue::Text(text) => Json::from(text.as_str()),
            JsonValue::Secret(secret) if reveal => Json::from(secret.expose()),
            JsonValue::Secret(_) => Json::from(MASK),
            JsonValue::List(list) => Json::Array(list.iter().map(|item| item.to_json(reveal)).collect::<Result<_>>()?),
            JsonValue::Map(map) => {
                let members = map.iter().map(|(name, item)| Ok((name.clone(), item.to_json(reveal)?)));
                Json::Object(members.collect::<Result<_>>()?)
            }
        })
    }

    /// As one value, called `name`, of a query or a form.
    pub fn to_text(&self, name: &str) -> Result<SecretOrText> {
        Ok(match self {
            JsonValue::Text(text) => SecretOrText::Plain(text.clone()),
            JsonValue::Secret(secret) => SecretOrText::Secret(secret.clone()),
            JsonValue::Bool(flag) => SecretOrText::Plain(flag.to_string()),
            JsonValue::Int(number) => SecretOrText::Plain(number.to_string()),
            JsonValue::Num(number) => SecretOrText::Plain(number.to_string()),
            JsonValue::Null | JsonValue::List(_) | JsonValue::Map(_) => {
                let what = format!("`{name}` must be a text, a number, `true`, `false` or a secret, not a table");
                return Err(Error::new(Kind::Recipe, what));
            }
        })
    }
}

impl<'de> Deserialize<'de> for JsonValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<JsonValue, D::Error> {
        deserializer.deserialize_newtype_struct(SECRET_NEWTYPE, Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = JsonValue;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text, a number, `true`, `false`, a secret or a table of these")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<JsonValue, D::Error> {
        Ok(JsonValue::Secret(Secret::new(String::deserialize(inner)?)))
    }

    fn visit_unit<E: de::Error>(self) -> Result<JsonValue, E> {
        Ok(JsonValue::Null)
    }

    fn visit_bool<E: de::Error>(self, flag: bool) -> Result<JsonValue, E> {
        Ok(JsonValue::Bool(flag))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<JsonValue, E> {
        Ok(JsonValue::Int(number))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<JsonValue, E> {
        Ok(JsonValue::Num(number))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<JsonValue, E> {
        Ok(JsonValue::Text(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<JsonValue, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(JsonValue::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<JsonValue, A::Error> {
        let mut items = BTreeMap::new();
        while let Some((name, item)) = map.next_entry()? {
            items.insert(name, item);
        }
        Ok(JsonValue::Map(items))
    }
}
