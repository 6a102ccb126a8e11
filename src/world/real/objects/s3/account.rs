//! Settles who asks a store and where it is: what the recipe says, or else the environment as Amazon's own tools read it.

use std::collections::BTreeMap;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::http::Address;
use crate::world::objects::{Keys, Store};
use crate::world::real::objects::Reach;

/// The variables that say how S3 is reached.
pub const VARIABLES: [&str; 9] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_PROFILE",
    "AWS_CA_BUNDLE",
];

/// Amazon's first region, where nobody says another.
const FIRST_REGION: &str = "us-east-1";

pub struct Account {
    pub endpoint: Option<Address>,
    pub region: String,
    pub path_style: bool,
    pub keys: Keys,
}

impl Account {
    pub async fn of(store: &Store, reach: &Reach) -> Result<Account> {
        let environment = &reach.environment;
        let said = |names: &[&str]| first(environment, names);
        let endpoint = match &store.endpoint {
            Some(endpoint) => Some(endpoint.clone()),
            None => said(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]).map(Address::parse).transpose()?,
        };
        let region = store.region.as_deref().or_else(|| said(&["AWS_REGION", "AWS_DEFAULT_REGION"]));
        Ok(Account {
            region: region.unwrap_or(FIRST_REGION).to_owned(),
            path_style: store.path_style.unwrap_or(endpoint.is_some()),
            keys: match &store.keys {
                Some(keys) => keys.clone(),
                None => of_environment(environment)?,
            },
            endpoint,
        })
    }
}

fn first<'a>(environment: &'a BTreeMap<String, String>, names: &[&str]) -> Option<&'a str> {
    names.iter().find_map(|name| environment.get(*name)).map(String::as_str).filter(|text| !text.is_empty())
}

fn of_environment(environment: &BTreeMap<String, String>) -> Result<Keys> {
    let said = |name: &str| first(environment, &[name]);
    match (said("AWS_ACCESS_KEY_ID"), said("AWS_SECRET_ACCESS_KEY")) {
        (Some(access_key), Some(secret_key)) => Ok(Keys {
            access_key: access_key.to_owned(),
            secret_key: Secret::new(secret_key),
            session_token: said("AWS_SESSION_TOKEN").map(Secret::new),
        }),
        _ => Err(Error::new(Kind::Denied, "no keys for S3 were found")
            .hint("set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY`")),
    }
}
