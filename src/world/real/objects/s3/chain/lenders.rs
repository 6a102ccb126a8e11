//! Queries the servers of temporary keys: the token service, and the metadata services of the container and of the instance.

use std::path::Path;

use serde_json::{Value, json};

use super::{Found, PLACES, keys_in};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::SecretOrText;
use crate::world::http::Method;
use crate::world::real::clock;
use crate::world::real::objects::Reach;
use crate::world::real::objects::s3::xml;

const INSTANCE: &str = "http://169.254.169.254";
const CONTAINER: &str = "http://169.254.170.2";

/// Keys of a role, for a token in a file, as Kubernetes provides one to each service account.
pub async fn web_identity(reach: &Reach, region: &str) -> Result<Option<Found>> {
    let (Some(file), Some(role)) =
        (reach.variable(&["AWS_WEB_IDENTITY_TOKEN_FILE"]), reach.variable(&["AWS_ROLE_ARN"]))
    else {
        return Ok(None);
    };
    let cannot = || Error::new(Kind::Denied, format!("cannot get keys for the role `{role}`"));
    let Some(token) = reach.file(Path::new(file)).await? else {
        return Err(cannot().because_text(format!("there is no file `{file}`")));
    };
    let token = Secret::new(token.trim());
    let usual = format!("https://sts.{region}.amazonaws.com/");
    let url = reach.variable(&["AWS_ENDPOINT_URL_STS"]).unwrap_or(&usual);
    let session = format!("hikae-{}", clock::now().timestamp());
    let fields = [
        ("Action", "AssumeRoleWithWebIdentity"),
        ("Version", "2011-06-15"),
        ("RoleArn", role),
        ("RoleSessionName", reach.variable(&["AWS_ROLE_SESSION_NAME"]).unwrap_or(&session)),
        ("WebIdentityToken", token.expose()),
    ];
    let (status, said) = reach.form(url, &fields).await.map_err(|error| cannot().because(error))?;
    let answer = xml::read(&said).ok_or_else(|| cannot().because_text(format!("it was answered with {status}")))?;
    let lent = answer.all("AssumeRoleWithWebIdentityResult").flat_map(|result| result.all("Credentials")).next();
    let Some(lent) = lent else {
        let why = answer.all("Error").next().map_or(String::new(), |error| error.text("Message").to_owned());
        return Err(cannot().because_text(format!("it was answered with {status}: {why}")));
    };
    let fields: Value = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"]
        .iter()
        .map(|name| ((*name).to_owned(), json!(lent.text(name))))
        .collect::<serde_json::Map<_, _>>()
        .into();
    Ok(keys_in(&fields, PLACES[1]))
}

/// The keys of a container: ECS names a path, EKS a whole url.
pub async fn container(reach: &Reach) -> Result<Option<Found>> {
    let relative = reach.variable(&["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"]);
    let url = match (relative, reach.variable(&["AWS_CONTAINER_CREDENTIALS_FULL_URI"])) {
        (Some(path), _) => format!("{CONTAINER}{path}"),
        (None, Some(url)) => url.to_owned(),
        (None, None) => return Ok(None),
    };
    let mut token = reach.variable(&["AWS_CONTAINER_AUTHORIZATION_TOKEN"]).map(str::to_owned);
    if let Some(file) = reach.variable(&["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"]) {
        token = reach.file(Path::new(file)).await?.map(|text| text.trim().to_owned());
    }
    let headers: Vec<(&str, SecretOrText)> =
        token.iter().map(|token| ("authorization", SecretOrText::Secret(Secret::new(token.as_str())))).collect();
    let said = reach.metadata(Method::Get, &url, &headers).await?;
    let found = said.and_then(|said| keys_in(&serde_json::from_slice(&said).ok()?, PLACES[2]));
    found.map(Some).ok_or_else(|| {
        Error::new(Kind::Denied, format!("the metadata of the container give no keys: `{url}`"))
            .hint("the variable `AWS_CONTAINER_CREDENTIALS_…` names it: does the task have a role?")
    })
}

/// The role of a virtual machine, by version 2 of the metadata service.
pub async fn instance(reach: &Reach) -> Result<Option<Found>> {
    if reach.variable(&["AWS_EC2_METADATA_DISABLED"]).is_some_and(|text| text.eq_ignore_ascii_case("true")) {
        return Ok(None);
    }
    let base = reach.variable(&["AWS_EC2_METADATA_SERVICE_ENDPOINT"]).unwrap_or(INSTANCE).trim_end_matches('/');
    let lifetime = [("x-aws-ec2-metadata-token-ttl-seconds", SecretOrText::Plain("300".to_owned()))];
    let Some(token) = reach.metadata(Method::Put, &format!("{base}/latest/api/token"), &lifetime).await? else {
        return Ok(None);
    };
    let token = SecretOrText::Secret(Secret::new(String::from_utf8_lossy(&token).trim()));
    let headers = [("x-aws-ec2-metadata-token", token)];
    let roles = format!("{base}/latest/meta-data/iam/security-credentials/");
    let Some(role) = reach.metadata(Method::Get, &roles, &headers).await? else { return Ok(None) };
    let role = String::from_utf8_lossy(&role).lines().next().unwrap_or_default().trim().to_owned();
    let said = reach.metadata(Method::Get, &format!("{roles}{role}"), &headers).await?;
    Ok(said.and_then(|said| keys_in(&serde_json::from_slice(&said).ok()?, PLACES[3])))
}
