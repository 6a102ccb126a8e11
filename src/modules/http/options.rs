//! Reads the options of the module `http`, and makes of them a request with its policy.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::lua::options::Text;
use crate::modules::http::body::Content;
use crate::modules::http::json_value::JsonValue;
use crate::modules::http::signing::Signing;
use crate::secret::Secret;
use crate::units::duration;
use crate::world::http::exchange::{Exchange, Policy};
use crate::world::http::{Address, HttpRequest, Method};
use crate::world::{Caller, SecretOrText};

/// The default number of retries.
const RETRIES: u32 = 2;
/// More retries would only hide that a server is down.
const MOST_RETRIES: u32 = 10;

/// The request of a recipe.
pub struct Wish {
    method: Method,
    url: SecretOrText,
    headers: BTreeMap<String, Text>,
    bearer: Option<Text>,
    query: BTreeMap<String, JsonValue>,
    content: Content,
    pub timeout: Option<Duration>,
    pub idle_timeout: Option<Duration>,
    pub expect: Option<Vec<u16>>,
    pub max_bytes: Option<usize>,
    pub secrets: Vec<String>,
    pub ca_file: Option<PathBuf>,
    retries: Option<u32>,
    retry: Option<bool>,
    idempotency: Option<Text>,
    sign: Option<Signing>,
}

/// Defines an option table with the common fields; serde's `flatten` would accept misspelt ones.
macro_rules! options {
    ($name:ident { $($field:ident: $type:ty,)* }) => {
        #[derive(Default, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $name {
            $($field: $type,)*
            headers: BTreeMap<String, Text>,
            bearer: Option<Text>,
            query: BTreeMap<String, JsonValue>,
            #[serde(deserialize_with = "duration")]
            timeout: Option<Duration>,
            #[serde(deserialize_with = "duration")]
            idle_timeout: Option<Duration>,
            retries: Option<u32>,
            expect: Option<Vec<u16>>,
            ca_file: Option<PathBuf>,
        }
    };
}

options!(DownloadOptions {});
options!(GetOptions {
    max_bytes: Option<usize>,
    secrets: Vec<String>,
});
options!(PostOptions {
    sign: Option<Signing>,
    body: Option<Text>,
    json: Option<JsonValue>,
    form: Option<BTreeMap<String, JsonValue>>,
    max_bytes: Option<usize>,
    secrets: Vec<String>,
    retry: Option<bool>,
    idempotency: Option<Text>,
});

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestOptions {
    url: Text,
    method: Option<Method>,
    body: Option<Text>,
    json: Option<JsonValue>,
    form: Option<BTreeMap<String, JsonValue>>,
    max_bytes: Option<usize>,
    #[serde(default)]
    secrets: Vec<String>,
    retry: Option<bool>,
    idempotency: Option<Text>,
    sign: Option<Signing>,
    #[serde(default)]
    headers: BTreeMap<String, Text>,
    bearer: Option<Text>,
    #[serde(default)]
    query: BTreeMap<String, JsonValue>,
    #[serde(default, deserialize_with = "duration")]
    timeout: Option<Duration>,
    #[serde(default, deserialize_with = "duration")]
    idle_timeout: Option<Duration>,
    retries: Option<u32>,
    expect: Option<Vec<u16>>,
    ca_file: Option<PathBuf>,
}

/// Takes the fields that every option table has.
macro_rules! wish {
    ($options:ident, $method:expr, $url:expr; $($field:ident: $value:expr),*) => {
        Wish {
            headers: $options.headers,
            bearer: $options.bearer,
            query: $options.query,
            timeout: $options.timeout,
            idle_timeout: $options.idle_timeout,
            retries: $options.retries,
            expect: $options.expect,
            ca_file: $options.ca_file,
            $($field: $value,)*
            ..Wish::bare($method, $url)
        }
    };
}

/// An option table beside a url.
pub trait Beside: Default {
    fn wish(self, method: Method, url: SecretOrText) -> Wish;
}

impl Beside for DownloadOptions {
    fn wish(self, method: Method, url: SecretOrText) -> Wish {
        wish!(self, method, url;)
    }
}

impl Beside for GetOptions {
    fn wish(self, method: Method, url: SecretOrText) -> Wish {
        wish!(self, method, url; max_bytes: self.max_bytes, secrets: self.secrets)
    }
}

impl Beside for PostOptions {
    fn wish(self, method: Method, url: SecretOrText) -> Wish {
        let content = Content { text: self.body.map(|text| text.0), json: self.json, form: self.form };
        wish!(self, method, url; content: content, max_bytes: self.max_bytes, secrets: self.secrets, retry: self.retry,
            idempotency: self.idempotency, sign: self.sign)
    }
}

impl From<RequestOptions> for Wish {
    fn from(options: RequestOptions) -> Wish {
        let content = Content { text: options.body.map(|text| text.0), json: options.json, form: options.form };
        wish!(options, options.method.unwrap_or(Method::Get), options.url.0; content: content, max_bytes: options.max_bytes,
            secrets: options.secrets, retry: options.retry, idempotency: options.idempotency, sign: options.sign)
    }
}

impl Wish {
    pub fn of(method: Method, url: Text, options: Option<impl Beside>) -> Wish {
        options.unwrap_or_default().wish(method, url.0)
    }

    fn bare(method: Method, url: SecretOrText) -> Wish {
        Wish {
            method,
            url,
            headers: BTreeMap::new(),
            bearer: None,
            query: BTreeMap::new(),
            content: Content::default(),
            timeout: None,
            idle_timeout: None,
            expect: None,
            max_bytes: None,
            secrets: Vec::new(),
            ca_file: None,
            retries: None,
            retry: None,
            idempotency: None,
            sign: None,
        }
    }

    /// The request with its policy; errors in it are reported before anything is sent.
    pub fn exchange(&self, caller: Caller) -> Result<Exchange> {
        let query = self.query.iter().map(|(name, given)| Ok((name.clone(), given.to_text(name)?)));
        let url = Address::new(&self.url, &query.collect::<Result<Vec<_>>>()?)?;
        let (body, content_type) = self.content.write()?;
        if !body.data.is_empty() && matches!(self.method, Method::Get | Method::Head) {
            let what = format!("a {} request has no body", self.method.word());
            return Err(Error::new(Kind::Recipe, what).hint("add `method = \"POST\"`, or put the values into `query`"));
        }
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), value.0.clone())).collect();
        let mut request = HttpRequest { headers, body, ..HttpRequest::get(url) };
        request.method = self.method;
        if let Some(content_type) = content_type {
            request = request.or_header("Content-Type", content_type);
        }
        if let Some(token) = &self.bearer {
            let header = Secret::new(format!("Bearer {}", token.0.expose()));
            request.headers.push(("Authorization".to_owned(), SecretOrText::Secret(header)));
        }
        if let Some(key) = &self.idempotency {
            request.headers.push(("Idempotency-Key".to_owned(), key.0.clone()));
        }
        if let Some(signing) = &self.sign {
            request.headers.push(signing.header(&request.body.data));
        }
        request.check()?;
        Ok(Exchange { caller, request, policy: self.policy()? })
    }

    fn policy(&self) -> Result<Policy> {
        let retries = self.retries.unwrap_or(RETRIES);
        if retries > MOST_RETRIES {
            let what = format!("`retries` must be from 0 to {MOST_RETRIES}, not {retries}");
            return Err(Error::new(Kind::Recipe, what));
        }
        if let Some(wrong) = self.expect.iter().flatten().find(|status| !(200..600).contains(*status)) {
            let what = format!("`expect` holds `{wrong}`, which is no status that ends a request");
            return Err(Error::new(Kind::Recipe, what).hint("statuses are numbers from 200 to 599"));
        }
        let repeatable = self.retry.or(self.idempotency.is_some().then_some(true));
        Ok(Policy { expect: self.expect.clone(), retries, repeatable, ..Policy::default() })
    }
}
