//! Describes the certificate of a server: its names, its issuer, and its expiry.

/// A certificate that was trusted when the connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// The host names and addresses that it is valid for.
    pub names: Vec<String>,
    /// The name of the issuing certificate, and its organization.
    pub issuer: String,
    /// Seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
}

impl ServerCertificate {
    /// The number of whole days until it expires.
    pub fn days_left(&self, now: i64) -> i64 {
        (self.not_after - now).div_euclid(86_400)
    }
}
