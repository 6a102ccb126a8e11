//! Writes the body of a request: a text, a table as JSON, or a form; and the same without its secrets.

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Result};
use crate::modules::http::json_value::JsonValue;
use crate::secret::MASK;
use crate::world::SecretOrText;
use crate::world::http::Body;
use crate::world::http::address::encoded;

/// The content to send; at most one of these.
#[derive(Default)]
pub struct Content {
    pub text: Option<SecretOrText>,
    pub json: Option<JsonValue>,
    pub form: Option<BTreeMap<String, JsonValue>>,
}

impl Content {
    /// The body, and its default content type.
    pub fn write(&self) -> Result<(Body, Option<&'static str>)> {
        match (&self.text, &self.json, &self.form) {
            (None, None, None) => Ok((Body::default(), None)),
            (Some(text), None, None) => {
                let shown = match text {
                    SecretOrText::Plain(text) => text.clone(),
                    SecretOrText::Secret(_) => MASK.to_owned(),
                };
                Ok((Body { data: text.expose().to_owned().into(), shown }, Some("text/plain; charset=utf-8")))
            }
            (None, Some(json), None) => {
                let (data, shown) = (json.to_json(true)?.to_string(), json.to_json(false)?.to_string());
                Ok((Body { data: data.into(), shown }, Some("application/json")))
            }
            (None, None, Some(form)) => Ok((write_form(form)?, Some("application/x-www-form-urlencoded"))),
            _ => {
                Err(Error::new(Kind::Recipe, "a request has one body, but was given more of `body`, `json` and `form`")
                    .hint("`json` writes a table as JSON, `form` as a form, and `body` is a text as it is"))
            }
        }
    }
}

fn write_form(form: &BTreeMap<String, JsonValue>) -> Result<Body> {
    let fields = form.iter().map(|(name, given)| Ok((name.as_str(), given.to_text(name)?)));
    let fields = fields.collect::<Result<Vec<_>>>()?;
    let mut shown = Vec::new();
    for (name, value) in &fields {
        match value {
            SecretOrText::Plain(text) => shown.push(encoded([(*name, text.as_str())])),
            SecretOrText::Secret(_) => shown.push(format!("{name}={MASK}")),
        }
    }
    let data = encoded(fields.iter().map(|(name, value)| (*name, value.expose())));
    Ok(Body { data: data.into(), shown: shown.join("&") })
}
