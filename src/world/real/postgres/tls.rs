//! Encrypts a connection according to `sslmode`, and hashes the server's certificate for channel binding.

use std::path::Path;
use std::sync::Arc;

use rustls::client::danger::ServerCertVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::settings::{Place, Settings, SslMode};
use super::stream::Stream;
use super::trouble;
use super::verifier::{AnyName, Anybody};
use crate::error::{Error, Kind, Result};
use crate::world::real::blocking::blocking;

/// Does the handshake on a connection whose server has agreed to TLS.
pub async fn encrypt(stream: TcpStream, place: &Place, settings: &Settings) -> Result<Stream> {
    let owned = settings.clone();
    // Certificates are read from files.
    let config = blocking(move || config(&owned)).await?;
    let refused = |why: String| {
        Error::new(Kind::Denied, format!("cannot encrypt the connection to `{}`", place.title()))
            .because_text(why)
            .hint("check the server's certificate, `PGSSLROOTCERT` and `PGSSLMODE`")
    };
    let name = ServerName::try_from(place.host.clone()).map_err(|error| refused(error.to_string()))?;
    let connected = TlsConnector::from(config).connect(name, stream).await;
    connected.map(|tls| Stream::Tls(Box::new(tls))).map_err(|error| refused(error.to_string()))
}

fn config(settings: &Settings) -> Result<Arc<ClientConfig>> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions();
    let builder = builder.map_err(|cause| Error::new(Kind::Other, "cannot prepare TLS").because(cause))?;
    let builder = builder.dangerous().with_custom_certificate_verifier(verifier(settings, provider)?);
    let config = match &settings.client_cert {
        None => builder.with_no_client_auth(),
        Some((cert, key)) => {
            let private = PrivateKeyDer::from_pem_slice(&read(key)?).map_err(|why| trouble::unusable(key, why))?;
            builder.with_client_auth_cert(certificates(cert)?, private).map_err(|why| trouble::unusable(cert, why))?
        }
    };
    Ok(Arc::new(config))
}

/// The authorities that the mode trusts. As in libpq, `require` checks the issuer if a root certificate is set.
fn verifier(settings: &Settings, provider: Arc<rustls::crypto::CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>> {
    let cannot = |why: String| Error::new(Kind::Other, "cannot prepare TLS").because_text(why);
    if settings.system_roots {
        let verifier = rustls_platform_verifier::Verifier::new(provider).map_err(|error| cannot(error.to_string()))?;
        return Ok(Arc::new(verifier));
    }
    let checks = matches!(settings.ssl, SslMode::VerifyCa | SslMode::VerifyFull);
    let path = match &settings.root_cert {
        Some(path) if checks || settings.ssl == SslMode::Require => path,
        None if checks => {
            return Err(Error::new(Kind::Denied, "there is no root certificate to check the server's by")
                .hint("put it into `~/.postgresql/root.crt`, name it in `PGSSLROOTCERT`, or set that to `system`"));
        }
        _ => return Ok(Arc::new(Anybody(provider))),
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate).map_err(|why| trouble::unusable(path, why))?;
    }
    let inner = rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
    let inner = inner.map_err(|error| cannot(error.to_string()))?;
    Ok(match settings.ssl {
        SslMode::VerifyFull => inner,
        _ => Arc::new(AnyName(inner)),
    })
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>> {
    let pem = read(path)?;
    let found: std::result::Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    match found {
        Ok(found) if found.is_empty() => Err(trouble::unusable(path, "it holds no certificate")),
        Ok(found) => Ok(found),
        Err(why) => Err(trouble::unusable(path, why)),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| Error::io(format!("cannot read `{}`", path.display()), cause))
}

/// `tls-server-end-point`: the certificate's hash by the algorithm of its own signature (RFC 5929); none if the signature
/// names no hash.
pub fn end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    use ring::digest::{SHA256, SHA384, SHA512, digest};
    let algorithm = match signature_algorithm(certificate)? {
        // RSA with MD5, SHA-1, SHA-256; ECDSA with SHA-1, SHA-256.
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 4 | 5 | 11] => &SHA256,
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 1] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 2] => &SHA256,
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 12] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 3] => &SHA384,
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 13] | [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 3, 4] => &SHA512,
        _ => return None,
    };
    Some(digest(algorithm, certificate).as_ref().to_vec())
}

/// The object identifier after the signed part of a certificate.
fn signature_algorithm(certificate: &[u8]) -> Option<&[u8]> {
    let (_, whole, _) = element(certificate)?;
    let (_, _, behind) = element(whole)?;
    let (_, algorithm, _) = element(behind)?;
    let (tag, identifier, _) = element(algorithm)?;
    (tag == 6).then_some(identifier)
}

/// The first DER element: its tag, its content, and what follows.
fn element(data: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = data.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = match first {
        0..=0x7f => (usize::from(first), rest),
        0x81..=0x84 => {
            let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        }
        _ => return None,
    };
    let (content, behind) = rest.split_at_checked(length)?;
    Some((tag, content, behind))
}
