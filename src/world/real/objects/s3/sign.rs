//! Signs a request with the keys of a store, by version 4 of Amazon's signature, with the hash of its body.

use chrono::{DateTime, Utc};
use ring::hmac;

use crate::stream::hex::hex;
use crate::stream::sha256::Sha256;
use crate::world::SecretOrText;
use crate::world::http::HttpRequest;
use crate::world::objects::Keys;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// The headers of a request: the given ones, and those that authenticate the sender, the time and the exact content.
pub fn signed(
    keys: &Keys,
    region: &str,
    request: &HttpRequest,
    given: &[(&str, String)],
    now: DateTime<Utc>,
) -> Vec<(String, SecretOrText)> {
    let stamp = now.format("%Y%m%dT%H%M%SZ").to_string();
    let hash = Sha256::of(&request.body.data);
    let plain = |name: &str, value: &str| (name.to_ascii_lowercase(), SecretOrText::Plain(value.to_owned()));
    let mut headers: Vec<(String, SecretOrText)> = given.iter().map(|(name, value)| plain(name, value)).collect();
    headers.push(plain("host", &request.url.authority()));
    headers.push(plain("x-amz-content-sha256", &hash));
    headers.push(plain("x-amz-date", &stamp));
    if let Some(token) = &keys.session_token {
        headers.push(("x-amz-security-token".to_owned(), SecretOrText::Secret(token.clone())));
    }
    headers.sort_by(|(a, _), (b, _)| a.cmp(b));

    let url = request.url.url();
    let names = headers.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(";");
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.expose().trim())).collect();
    let (method, query) = (request.method.word(), url.query().unwrap_or_default());
    let asked = format!("{method}\n{}\n{query}\n{lines}\n{names}\n{hash}", url.path());
    let scope = format!("{}/{}/s3/aws4_request", &stamp[..8], region);
    let text = format!("{ALGORITHM}\n{stamp}\n{scope}\n{}", Sha256::of(asked));
    let signature = hex(mac(&key(keys, region, &stamp[..8]), &text).as_ref());
    let authorization =
        format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", keys.access_key);
    headers.push(("authorization".to_owned(), SecretOrText::Plain(authorization)));
    headers.retain(|(name, _)| name != "host"); // the connection sets it itself, and alike
    headers
}

/// The key of one day, one region and one service.
fn key(keys: &Keys, region: &str, day: &str) -> Vec<u8> {
    let first = format!("AWS4{}", keys.secret_key.expose()).into_bytes();
    [day, region, "s3", "aws4_request"].iter().fold(first, |key, part| mac(&key, part).as_ref().to_vec())
}

fn mac(key: &[u8], text: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes())
}
