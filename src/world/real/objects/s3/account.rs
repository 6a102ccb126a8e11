//! Chooses the keys and the address of a store: from the recipe, or else from the environment as Amazon's own tools read it.

use super::chain::{self, Profile};
use crate::error::Result;
use crate::report::{Level, log};
use crate::world::http::Address;
use crate::world::objects::{Keys, Store};
use crate::world::real::objects::Reach;

/// The environment variables that configure access to S3.
pub const VARIABLES: [&str; 22] = [
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL_STS",
    "AWS_PROFILE",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
    "AWS_EC2_METADATA_DISABLED",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT",
    "AWS_S3_ADDRESSING_STYLE",
    "AWS_CA_BUNDLE",
];

/// Amazon's default region, if no other is set.
const FIRST_REGION: &str = "us-east-1";

pub struct Account {
    pub endpoint: Option<Address>,
    pub region: String,
    pub path_style: bool,
    pub keys: Keys,
    /// The source of the keys, in words.
    pub who: String,
}

impl Account {
    pub async fn of(store: &Store, reach: &Reach) -> Result<Account> {
        let mut endpoint = store.endpoint.clone();
        if endpoint.is_none() {
            let said = reach.variable(&["AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"]);
            endpoint = said.map(Address::parse).transpose()?;
        }
        let mut region = store.region.clone();
        if region.is_none() {
            region = reach.variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]).map(str::to_owned);
        }
        if store.keys.is_none() && (endpoint.is_none() || region.is_none()) {
            let profile = Profile::read(reach).await?;
            if endpoint.is_none() {
                endpoint = profile.get("endpoint_url").map(Address::parse).transpose()?;
            }
            region = region.or_else(|| profile.get("region").map(str::to_owned));
        }
        // Once a bucket is found in another region, that region is used.
        let region = reach.learned.region(store).or(region).unwrap_or_else(|| FIRST_REGION.to_owned());
        let (keys, who) = match &store.keys {
            Some(keys) => (keys.clone(), "keys from the recipe".to_owned()),
            None => keys_of(reach, &region).await?,
        };
        let virtual_style = reach.variable(&["AWS_S3_ADDRESSING_STYLE"]) == Some("virtual");
        // No certificate covers the host of a bucket whose name has a dot.
        let usual = endpoint.is_some() && !virtual_style || store.bucket.contains('.');
        Ok(Account { path_style: store.path_style.unwrap_or(usual), endpoint, region, keys, who })
    }
}

/// The keys, cached or fetched again, and their source.
async fn keys_of(reach: &Reach, region: &str) -> Result<(Keys, String)> {
    if let Some(held) = reach.lent.keys() {
        return Ok(held);
    }
    let found = chain::find(reach, region).await?;
    log(Level::Debug, &format!("for S3: {}", found.by), None);
    let held = (found.keys, found.by);
    reach.lent.keep_keys(&held, found.until);
    Ok(held)
}
