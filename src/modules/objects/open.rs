//! Makes the store of `objects.open` and `objects.store` from what the recipe says.

use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use mlua::AnyUserData;
use serde::Deserialize;

use super::put::StoreHandle;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::options::Text;
use crate::lua::traceback::from_lua;
use crate::secret::Secret;
use crate::world::SecretOrText;
use crate::world::http::Address;
use crate::world::objects::{Keys, Store, StoreKind, url};

/// The largest file of certificates.
const CA_BYTES: u64 = 1 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenOptions {
    url: String,
    endpoint: Option<String>,
    region: Option<String>,
    path_style: Option<bool>,
    access_key: Option<Text>,
    secret_key: Option<Text>,
    session_token: Option<Text>,
    ca_file: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreOptions {
    bucket: String,
    endpoint: Option<String>,
    region: Option<String>,
    path_style: Option<bool>,
    access_key: Option<Text>,
    secret_key: Option<Text>,
    session_token: Option<Text>,
    ca_file: Option<PathBuf>,
}

/// The store of an address.
pub async fn open(call: Rc<Call>, options: OpenOptions) -> Result<AnyUserData> {
    let OpenOptions { url, endpoint, region, path_style, access_key, secret_key, session_token, ca_file } = options;
    let store = url::store(&url)?;
    let bucket = store.bucket.clone();
    let more = StoreOptions { bucket, endpoint, region, path_style, access_key, secret_key, session_token, ca_file };
    finish(call, "objects.open", store, more).await
}

/// A bucket of a store that speaks as Amazon's does.
pub async fn store(call: Rc<Call>, options: StoreOptions) -> Result<AnyUserData> {
    let store = Store::new(StoreKind::S3, options.bucket.clone());
    finish(call, "objects.store", store, options).await
}

async fn finish(call: Rc<Call>, name: &str, store: Store, options: StoreOptions) -> Result<AnyUserData> {
    let roots = match &options.ca_file {
        Some(path) => Some(call.world()?.read(path, CA_BYTES).await?),
        None => None,
    };
    let text = |given: Option<String>| given.filter(|text| !text.is_empty());
    let store = Store {
        endpoint: text(options.endpoint).map(|text| Address::parse(&text)).transpose()?,
        region: text(options.region),
        path_style: options.path_style,
        keys: keys(name, options.access_key, options.secret_key, options.session_token)?,
        roots,
        ..store
    };
    only_of_s3(&store)?;
    store.check()?;
    call.lua.create_userdata(StoreHandle(Arc::new(store))).map_err(from_lua)
}

/// What only stores that speak as Amazon's does can be told.
fn only_of_s3(store: &Store) -> Result<()> {
    let option = match store {
        Store { kind: StoreKind::S3, .. } => return Ok(()),
        Store { region: Some(_), .. } => "region",
        Store { path_style: Some(_), .. } => "path_style",
        Store { keys: Some(_), .. } => "access_key",
        _ => return Ok(()),
    };
    let what = format!("`{option}` says nothing to a store of the kind `{}`", store.kind.scheme());
    Err(Error::new(Kind::Recipe, what)
        .hint("the environment says who asks: see the page `objects` of the documentation"))
}

fn keys(name: &str, access: Option<Text>, secret_key: Option<Text>, token: Option<Text>) -> Result<Option<Keys>> {
    let session_token = token.map(|token| secret(name, "session_token", token)).transpose()?;
    match (access, secret_key) {
        (Some(access_key), Some(secret_key)) => Ok(Some(Keys {
            access_key: access_key.0.expose().to_owned(),
            secret_key: secret(name, "secret_key", secret_key)?,
            session_token,
        })),
        (None, None) if session_token.is_none() => Ok(None),
        _ => Err(Error::new(Kind::Recipe, format!("`{name}` takes `access_key` and `secret_key` together"))
            .hint("leave both out to have the keys that the environment gives")),
    }
}

/// What would be readable in the recipe must not pass for a secret.
fn secret(function: &str, name: &str, given: Text) -> Result<Secret> {
    match given.0 {
        SecretOrText::Secret(secret) => Ok(secret),
        SecretOrText::Plain(_) => {
            Err(Error::new(Kind::Recipe, format!("`{name}` of `{function}` must be a secret, not a text"))
                .hint(format!("take it from a param: `{name} = {{ env = \"AWS_SECRET_ACCESS_KEY\", secret = true }}`")))
        }
    }
}
