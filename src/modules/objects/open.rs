//! Makes the store of `objects.open` and `objects.store` from the recipe's options.

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

/// Defines the options of a call: its own store name, and the common ones; serde's `flatten` would accept misspelt ones.
macro_rules! options {
    ($name:ident, $of_store:ident) => {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $of_store: String,
            endpoint: Option<String>,
            region: Option<String>,
            path_style: Option<bool>,
            access_key: Option<Text>,
            secret_key: Option<Text>,
            session_token: Option<Text>,
            ca_file: Option<PathBuf>,
        }

        impl $name {
            /// The store of these options, for Lua.
            async fn handle(self, call: Rc<Call>, function: &str, store: Store) -> Result<AnyUserData> {
                let roots = match &self.ca_file {
                    Some(path) => Some(call.world()?.read(path, CA_BYTES).await?),
                    None => None,
                };
                let text = |given: Option<String>| given.filter(|text| !text.is_empty());
                let store = Store {
                    endpoint: text(self.endpoint).map(|text| Address::parse(&text)).transpose()?,
                    region: text(self.region),
                    path_style: self.path_style,
                    keys: keys(function, self.access_key, self.secret_key, self.session_token)?,
                    roots,
                    ..store
                };
                only_of_s3(&store)?;
                store.check()?;
                call.lua.create_userdata(StoreHandle(Arc::new(store))).map_err(from_lua)
            }
        }
    };
}

options!(OpenOptions, url);
options!(StoreOptions, bucket);

/// The store of an address.
pub async fn open(call: Rc<Call>, options: OpenOptions) -> Result<AnyUserData> {
    let store = url::store(&options.url)?;
    options.handle(call, "objects.open", store).await
}

/// A bucket of a store with Amazon's S3 protocol.
pub async fn store(call: Rc<Call>, options: StoreOptions) -> Result<AnyUserData> {
    let store = Store::new(StoreKind::S3, options.bucket.clone());
    options.handle(call, "objects.store", store).await
}

/// Refuses options that only S3 stores take.
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

/// Refuses a secret in plain text in the recipe.
fn secret(function: &str, name: &str, given: Text) -> Result<Secret> {
    match given.0 {
        SecretOrText::Secret(secret) => Ok(secret),
        SecretOrText::Plain(_) => {
            Err(Error::new(Kind::Recipe, format!("`{name}` of `{function}` must be a secret, not a text"))
                .hint(format!("take it from a param: `{name} = {{ env = \"AWS_SECRET_ACCESS_KEY\", secret = true }}`")))
        }
    }
}
