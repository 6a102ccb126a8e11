//! Signs the body of a request, so that the receiver can verify the sender (HMAC with SHA-256, as GitHub signs its webhooks).

use ring::hmac;
use serde::Deserialize;

use crate::lua::options::Text;
use crate::stream::hex::hex;
use crate::world::SecretOrText;

/// The key for the signature, and its header.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signing {
    key: Text,
    header: String,
}

impl Signing {
    /// The header for these bytes.
    pub fn header(&self, body: &[u8]) -> (String, SecretOrText) {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.key.0.expose().as_bytes());
        (self.header.clone(), SecretOrText::Plain(format!("sha256={}", hex(hmac::sign(&key, body)))))
    }
}
