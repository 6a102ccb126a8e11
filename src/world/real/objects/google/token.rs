//! Gets the access tokens for Google: for a service account, a person, or the machine itself.

use std::path::{Path, PathBuf};

use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use futures_util::future::BoxFuture;
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use serde_json::{Value, json};

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::SecretOrText;
use crate::world::http::{HttpRequest, HttpResponse, Method};
use crate::world::objects::words::Refusal;
use crate::world::real::clock;
use crate::world::real::objects::Reach;
use crate::world::real::objects::rest::Signer;

const SCOPE: &str = "https://www.googleapis.com/auth/devstorage.read_write";
const TOKEN_URL: &str = "https://oauth2.googleapis.com/token";
const METADATA: &str = "metadata.google.internal";

/// The kind of credentials for Google.
pub struct Token {
    pub reach: Reach,
    pub nobody: bool,
}

impl Signer for Token {
    fn sign<'a>(&'a self, request: &'a mut HttpRequest) -> BoxFuture<'a, Result<()>> {
        Box::pin(async move {
            if !self.nobody {
                let token = of_machine(&self.reach).await?;
                let bearer = Secret::new(format!("Bearer {}", token.expose()));
                request.headers.push(("authorization".to_owned(), SecretOrText::Secret(bearer)));
            }
            Ok(())
        })
    }

    fn refusal(&self, answer: &HttpResponse, said: &[u8]) -> Refusal {
        let said: Value = serde_json::from_slice(said).unwrap_or_default();
        let error = &said["error"];
        let reason = error["errors"][0]["reason"].as_str().or_else(|| error["status"].as_str()).unwrap_or_default();
        Refusal::new(answer.status, reason, error["message"].as_str().unwrap_or_default())
    }
}

/// The credentials of this machine, found as Google's own tools find them.
async fn of_machine(reach: &Reach) -> Result<Secret> {
    if let Some(token) = reach.lent.token("google") {
        return Ok(token);
    }
    let (token, secs) = match credentials(reach).await? {
        Some((path, file)) => of_file(reach, &path, &file).await?,
        None => of_metadata(reach).await?.ok_or_else(|| {
            Error::new(Kind::Denied, "no credentials for Google were found")
                .because_text("looked at: `GOOGLE_APPLICATION_CREDENTIALS`, the file of `gcloud`, the metadata server")
                .hint("set `GOOGLE_APPLICATION_CREDENTIALS` to the file of a service account")
        })?,
    };
    reach.lent.keep_token("google", &token, secs);
    Ok(token)
}

/// The kind of credentials, in words.
pub async fn who(reach: &Reach) -> Result<String> {
    if let Some((path, file)) = credentials(reach).await? {
        let kind = match file["type"].as_str().unwrap_or_default() {
            "service_account" => "of a service account",
            "authorized_user" => "of a person",
            _ => "of a kind that is not supported",
        };
        return Ok(format!("credentials {kind}, in `{}`", path.display()));
    }
    of_machine(reach).await.map(|_| "a token of the metadata server; no file of credentials was found".to_owned())
}

/// The file that the environment names, or that of `gcloud auth application-default login`.
async fn credentials(reach: &Reach) -> Result<Option<(PathBuf, Value)>> {
    let named = reach.variable(&["GOOGLE_APPLICATION_CREDENTIALS"]).map(PathBuf::from);
    let folder =
        reach.variable(&["CLOUDSDK_CONFIG"]).map_or_else(|| reach.home().join(".config/gcloud"), PathBuf::from);
    let path = named.clone().unwrap_or_else(|| folder.join("application_default_credentials.json"));
    let wrong = || Error::new(Kind::Denied, format!("`{}` holds no credentials for Google", path.display()));
    match reach.file(&path).await? {
        Some(text) => match serde_json::from_str(&text) {
            Ok(file) => Ok(Some((path, file))),
            // The parser's message could reveal the content of the file.
            Err(_cause) => Err(wrong().because_text("it is no JSON")),
        },
        None if named.is_some() => Err(wrong().because_text("it is not there")),
        None => Ok(None),
    }
}

async fn of_file(reach: &Reach, path: &Path, file: &Value) -> Result<(Secret, u64)> {
    let text = |name: &str| file[name].as_str().unwrap_or_default();
    let wrong = |why: String| {
        Error::new(Kind::Denied, format!("`{}` gives no token for Google", path.display()))
            .because_text(why)
            .hint("it must be the file of a service account, or of `gcloud auth application-default login`")
    };
    let url = file["token_uri"].as_str().unwrap_or(TOKEN_URL);
    let (status, said) = match text("type") {
        "service_account" => {
            let claim = assertion(file, url).ok_or_else(|| wrong("its private key cannot be read".to_owned()))?;
            let grant = "urn:ietf:params:oauth:grant-type:jwt-bearer";
            reach.form(url, &[("grant_type", grant), ("assertion", claim.expose())]).await?
        }
        "authorized_user" => {
            let (secret, refresh) = (Secret::new(text("client_secret")), Secret::new(text("refresh_token")));
            let fields = [
                ("grant_type", "refresh_token"),
                ("client_id", text("client_id")),
                ("client_secret", secret.expose()),
                ("refresh_token", refresh.expose()),
            ];
            reach.form(url, &fields).await?
        }
        other => return Err(wrong(format!("credentials of the type `{other}` are not supported"))),
    };
    let said: Value = serde_json::from_slice(&said).unwrap_or_default();
    token_in(&said).ok_or_else(|| {
        let why = said["error_description"].as_str().or_else(|| said["error"].as_str()).unwrap_or_default();
        wrong(crate::secret::redact(&format!("`{url}` answered with {status}: {why}")))
    })
}

fn token_in(said: &Value) -> Option<(Secret, u64)> {
    let token = said["access_token"].as_str().filter(|token| !token.is_empty())?;
    Some((Secret::new(token), said["expires_in"].as_u64().unwrap_or(600)))
}

/// The claims of a service account, signed with its key (RFC 7523).
fn assertion(file: &Value, url: &str) -> Option<Secret> {
    let pem = file["private_key"].as_str()?;
    let inner: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let key = RsaKeyPair::from_pkcs8(&BASE64_STANDARD.decode(inner).ok()?).ok()?;
    let now = clock::now().timestamp();
    let head = json!({ "alg": "RS256", "typ": "JWT", "kid": file["private_key_id"] });
    let claims = json!({ "iss": file["client_email"], "scope": SCOPE, "aud": url, "iat": now, "exp": now + 3600 });
    let text = format!("{}.{}", for_url(head.to_string().as_bytes()), for_url(claims.to_string().as_bytes()));
    let mut signature = vec![0; key.public().modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).ok()?;
    Some(Secret::new(format!("{text}.{}", for_url(&signature))))
}

/// Base64 in its url-safe form.
fn for_url(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// The service account of a virtual machine.
async fn of_metadata(reach: &Reach) -> Result<Option<(Secret, u64)>> {
    if reach.variable(&["NO_GCE_CHECK"]).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let host = reach.variable(&["GCE_METADATA_HOST"]).unwrap_or(METADATA);
    let url = format!("http://{host}/computeMetadata/v1/instance/service-accounts/default/token");
    let flavor = [("metadata-flavor", SecretOrText::Plain("Google".to_owned()))];
    let said = reach.metadata(Method::Get, &url, &flavor).await?;
    Ok(said.and_then(|said| token_in(&serde_json::from_slice(&said).ok()?)))
}
