//! Finds out whether a silent mail server waits for TLS: then the setting is wrong, and waiting does not help.

use std::io::{Error as IoError, ErrorKind};
use std::time::Duration;

use rustls::Error as TlsError;
use tokio::net::TcpStream;

use super::tls::Encryption;
use super::wire::WireError;
use crate::error::Error;
use crate::world::mail::{Server, speaks_tls_at_once};

/// A server that sends a greeting does so at once; after this time, TLS is tried.
const SILENCE: Duration = Duration::from_secs(1);

/// The error for a server that answers a TLS handshake on a second connection. Otherwise this never ends.
pub async fn speaks_tls(server: &Server) -> Error {
    tokio::time::sleep(SILENCE.min(server.greeting_within() / 4)).await;
    if answers_tls(server).await {
        return speaks_tls_at_once(server);
    }
    std::future::pending().await
}

async fn answers_tls(server: &Server) -> bool {
    let Ok(encryption) = Encryption::prepare(server).await else { return false };
    let Ok(stream) = TcpStream::connect((server.host.as_str(), server.port)).await else { return false };
    match encryption.connect(stream).await {
        Ok(_) => true,
        // Whatever is wrong with its certificate: a server with a certificate speaks TLS.
        Err(WireError::Io(error)) => {
            tls_error(&error).is_some_and(|error| !matches!(error, TlsError::InvalidMessage(_)))
        }
        Err(_) => false,
    }
}

fn tls_error(error: &IoError) -> Option<&TlsError> {
    let inner = error.get_ref().filter(|_| matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::Other))?;
    inner.downcast_ref()
}
