//! Chooses the credentials for Azure: a shared key, a shared access signature (SAS), or the identity of the machine.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use futures_util::future::BoxFuture;
use ring::hmac;
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::SecretOrText;
use crate::world::http::{Address, HttpRequest, HttpResponse, Method};
use crate::world::objects::Store;
use crate::world::objects::words::Refusal;
use crate::world::real::clock;
use crate::world::real::objects::Reach;
use crate::world::real::objects::rest::{Signer, percent};
use crate::world::real::objects::s3::xml;

/// The environment variables that configure access to Azure.
pub const VARIABLES: [&str; 9] = [
    "AZURE_STORAGE_ACCOUNT",
    "AZURE_STORAGE_KEY",
    "AZURE_STORAGE_SAS_TOKEN",
    "AZURE_STORAGE_CONNECTION_STRING",
    "AZURE_STORAGE_SERVICE_ENDPOINT",
    "AZURE_CLIENT_ID",
    "AZURE_POD_IDENTITY_AUTHORITY_HOST",
    "IDENTITY_ENDPOINT",
    "IDENTITY_HEADER",
];

const VERSION: &str = "2021-12-02";
const METADATA: &str = "http://169.254.169.254";
const RESOURCE: &str = "https://storage.azure.com/";

pub struct Account {
    pub endpoint: String,
    name: String,
    proof: Proof,
    reach: Reach,
}

enum Proof {
    Key(Secret),
    Sas(Secret),
    Identity,
}

impl Account {
    pub fn of(store: &Store, reach: &Reach) -> Result<Account> {
        let connection = reach.variable(&["AZURE_STORAGE_CONNECTION_STRING"]).unwrap_or_default();
        let field = |name: &str| {
            let fields = connection.split(';').filter_map(|field| field.split_once('='));
            fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value).next()
        };
        let said = |variable: &str, name: &str| reach.variable(&[variable]).or_else(|| field(name));
        let Some(name) = said("AZURE_STORAGE_ACCOUNT", "AccountName") else {
            return Err(Error::new(Kind::Denied, "no account of Azure was found")
                .because_text("looked at: `AZURE_STORAGE_ACCOUNT`, `AZURE_STORAGE_CONNECTION_STRING`")
                .hint("set `AZURE_STORAGE_ACCOUNT`, and `AZURE_STORAGE_KEY` or `AZURE_STORAGE_SAS_TOKEN`"));
        };
        let suffix = field("EndpointSuffix").unwrap_or("core.windows.net");
        let endpoint = match (&store.endpoint, said("AZURE_STORAGE_SERVICE_ENDPOINT", "BlobEndpoint")) {
            (Some(endpoint), _) => endpoint.url().as_str().to_owned(),
            (None, Some(endpoint)) => Address::parse(endpoint)?.url().as_str().to_owned(),
            (None, None) => format!("https://{name}.blob.{suffix}"),
        };
        let key = said("AZURE_STORAGE_KEY", "AccountKey").map(Secret::new);
        let sas = said("AZURE_STORAGE_SAS_TOKEN", "SharedAccessSignature");
        let sas = sas.map(|sas| Secret::new(sas.trim_start_matches('?')));
        Ok(Account {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            name: name.to_owned(),
            proof: key.map(Proof::Key).or(sas.map(Proof::Sas)).unwrap_or(Proof::Identity),
            reach: reach.clone(),
        })
    }

    /// The kind of credentials, in words.
    pub fn who(&self) -> String {
        let name = &self.name;
        match self.proof {
            Proof::Key(_) => format!("the shared key of the account `{name}`"),
            Proof::Sas(_) => format!("a SAS token for the account `{name}`"),
            Proof::Identity => {
                format!("the identity of this machine, at the account `{name}`; no key and no SAS token was found")
            }
        }
    }

    /// The authentication by a shared key: a signature over the whole request.
    fn signature(&self, key: &Secret, request: &HttpRequest) -> Result<String> {
        let header = |name: &str| request.header(name).map_or("", |value| value.expose());
        let length = match request.body.data.len() {
            0 => String::new(),
            length => length.to_string(),
        };
        let mut text = request.method.word().to_owned();
        for value in [header("content-encoding"), header("content-language"), &length, header("content-md5")] {
            text.push_str(&format!("\n{value}"));
        }
        for name in ["content-type", "date", "if-modified-since", "if-match", "if-none-match", "if-unmodified-since"] {
            text.push_str(&format!("\n{}", header(name)));
        }
        text.push_str(&format!("\n{}\n", header("range")));
        let mut own: Vec<String> = request
            .headers
            .iter()
            .filter(|(name, _)| name.starts_with("x-ms-"))
            .map(|(name, value)| format!("{name}:{}\n", value.expose().trim()))
            .collect();
        own.sort_unstable();
        text.push_str(&own.concat());
        let url = request.url.url();
        text.push_str(&format!("/{}{}", self.name, url.path()));
        let mut query: Vec<(String, String)> =
            url.query_pairs().map(|(name, value)| (name.to_lowercase(), value.into_owned())).collect();
        query.sort_unstable();
        query.iter().for_each(|(name, value)| text.push_str(&format!("\n{name}:{value}")));
        let key = BASE64_STANDARD.decode(key.expose()).map_err(|_| {
            Error::new(Kind::Denied, "`AZURE_STORAGE_KEY` is no key").hint("it is base64, as the portal shows it")
        })?;
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), text.as_bytes());
        Ok(format!("SharedKey {}:{}", self.name, BASE64_STANDARD.encode(tag.as_ref())))
    }

    /// The token of a managed identity: of an app, or of a virtual machine.
    async fn token(&self) -> Result<Secret> {
        let reach = &self.reach;
        if let Some(token) = reach.lent.token("azure") {
            return Ok(token);
        }
        let resource = percent(RESOURCE, false);
        let client = reach.variable(&["AZURE_CLIENT_ID"]).map_or(String::new(), |id| format!("&client_id={id}"));
        let (url, header) = match reach.variable(&["IDENTITY_ENDPOINT"]) {
            Some(url) => {
                let proof = Secret::new(reach.variable(&["IDENTITY_HEADER"]).unwrap_or_default());
                let url = format!("{url}?api-version=2019-08-01&resource={resource}{client}");
                (url, ("x-identity-header", SecretOrText::Secret(proof)))
            }
            None => {
                let base = reach.variable(&["AZURE_POD_IDENTITY_AUTHORITY_HOST"]).unwrap_or(METADATA);
                let path = "metadata/identity/oauth2/token?api-version=2018-02-01";
                let url = format!("{}/{path}&resource={resource}{client}", base.trim_end_matches('/'));
                (url, ("metadata", SecretOrText::Plain("true".to_owned())))
            }
        };
        let said = reach.metadata(Method::Get, &url, &[header]).await?;
        let said: Value = said.and_then(|said| serde_json::from_slice(&said).ok()).unwrap_or_default();
        let Some(token) = said["access_token"].as_str().map(Secret::new) else {
            return Err(Error::new(Kind::Denied, format!("no key for the account `{}` of Azure was found", self.name))
                .because_text("looked at: `AZURE_STORAGE_KEY`, `AZURE_STORAGE_SAS_TOKEN`, the identity of the machine")
                .hint("set `AZURE_STORAGE_KEY` or `AZURE_STORAGE_SAS_TOKEN`"));
        };
        let secs = said["expires_in"].as_u64().or_else(|| said["expires_in"].as_str()?.parse().ok()).unwrap_or(600);
        reach.lent.keep_token("azure", &token, secs);
        Ok(token)
    }
}

impl Signer for Account {
    fn sign<'a>(&'a self, request: &'a mut HttpRequest) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            let plain = |name: &str, value: String| (name.to_owned(), SecretOrText::Plain(value));
            let date = clock::now().to_utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
            request.headers.extend([plain("x-ms-date", date), plain("x-ms-version", VERSION.to_owned())]);
            match &self.proof {
                Proof::Key(key) => {
                    let signature = self.signature(key, request)?;
                    request.headers.push(plain("authorization", signature));
                }
                Proof::Sas(sas) => {
                    let url = request.url.url().as_str();
                    let joint = if url.contains('?') { '&' } else { '?' };
                    request.url = Address::parse(&format!("{url}{joint}{}", sas.expose()))?;
                }
                Proof::Identity => {
                    let bearer = Secret::new(format!("Bearer {}", self.token().await?.expose()));
                    request.headers.push(("authorization".to_owned(), SecretOrText::Secret(bearer)));
                }
            }
            Ok(())
        })
    }

    fn refusal(&self, answer: &HttpResponse, said: &[u8]) -> Refusal {
        let code = answer.header("x-ms-error-code").unwrap_or_default();
        let said = xml::read(said).filter(|top| top.name == "Error");
        let message = said.as_ref().map_or("", |error| error.text("Message")).lines().next().unwrap_or_default();
        let named = said.as_ref().map_or("", |error| error.text("Code"));
        Refusal::new(answer.status, if code.is_empty() { named } else { code }, message)
    }
}
