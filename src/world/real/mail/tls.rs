//! Encrypts the connection to a mail server, trusting the system's authorities and the configured certificates.

use std::sync::Arc;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::wire::WireError;
use crate::error::{Error, Kind, Result};
use crate::world::mail::{Server, not_trusted, tls_failed};
use crate::world::real::blocking::blocking;
use crate::world::real::tls::{Trusted, certificates};

/// The TLS setup for connections to one server.
pub struct Encryption {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl Encryption {
    pub async fn prepare(server: &Server) -> Result<Encryption> {
        let server = server.clone();
        // The system's authorities are read from files.
        blocking(move || {
            let named = server.ca_pem.as_deref().map_or(Ok(Vec::new()), read)?;
            let hint = "install the certificates of the system: `apt-get install ca-certificates`";
            let config = Trusted { named, system: true }.client_config();
            let config = config.map_err(|error| not_trusted(&server, &error.to_string(), hint))?;
            let name = ServerName::try_from(server.host.clone())
                .map_err(|_| tls_failed(&server, "the name of the server cannot be in a certificate"))?;
            Ok(Encryption { connector: TlsConnector::from(Arc::new(config)), name })
        })
        .await
    }

    pub async fn connect(&self, stream: TcpStream) -> Result<TlsStream<TcpStream>, WireError> {
        Ok(self.connector.connect(self.name.clone(), stream).await?)
    }
}

fn read(pem: &str) -> Result<Vec<rustls::pki_types::CertificateDer<'static>>> {
    match certificates(pem.as_bytes()) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::new(Kind::Other, "cannot read the CA file of the mail server (SMTP_CA_FILE)")
            .because_text("it holds no certificate")
            .hint("it must be PEM: `-----BEGIN CERTIFICATE-----`, then lines of letters")),
    }
}
