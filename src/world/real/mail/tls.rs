//! Decides whom a TLS connection trusts: the system's roots, and the certificates that the settings add.

use lettre::transport::smtp::client::{Certificate, TlsParameters};

use super::explain::innermost;
use crate::error::{Error, Kind, Result};
use crate::world::mail::{Server, not_trusted};
use crate::world::real::blocking::blocking;

pub async fn parameters(server: &Server) -> Result<TlsParameters> {
    let server = server.clone();
    // The system's roots are files.
    blocking(move || {
        let mut builder = TlsParameters::builder(server.host.clone());
        if let Some(pem) = &server.ca_pem {
            builder = builder.add_root_certificate(certificates(pem)?);
        }
        let hint = "install the certificates of the system: `apt-get install ca-certificates`";
        builder.build_rustls().map_err(|error| not_trusted(&server, &innermost(&error), hint))
    })
    .await
}

fn certificates(pem: &str) -> Result<Certificate> {
    let unreadable = || {
        Error::new(Kind::Other, "cannot read the CA file of the mail server (SMTP_CA_FILE)")
            .because_text("it holds no certificate")
            .hint("it must be PEM: `-----BEGIN CERTIFICATE-----`, then lines of letters")
    };
    if !pem.contains("-----BEGIN CERTIFICATE-----") {
        return Err(unreadable());
    }
    Certificate::from_pem(pem.as_bytes()).map_err(|_| unreadable())
}
