//! Says what the certificate of a server is: for which names, its issuer, and its end.

/// A certificate that was believed when the connection was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// The host names and addresses that it is for.
    pub names: Vec<String>,
    /// Who issued it: the name of the issuing certificate, and its organization.
    pub issuer: String,
    /// Seconds since 1970.
    pub not_before: i64,
    pub not_after: i64,
}

impl ServerCertificate {
    /// How many whole days it is still valid.
    pub fn days_left(&self, now: i64) -> i64 {
        (self.not_after - now).div_euclid(86_400)
    }
}
