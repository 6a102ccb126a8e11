//! Decides which certificates a TLS connection trusts: those of the system, and those that the user configures.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error as TlsError, OtherError, RootCertStore,
    SignatureScheme,
};

/// The authorities that a connection trusts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trusted {
    /// Certificates that the user configures: authorities, or server certificates themselves.
    pub named: Vec<CertificateDer<'static>>,
    /// Whether the system's authorities are trusted as well.
    pub system: bool,
}

impl Trusted {
    /// A client configuration that trusts these certificates.
    pub fn client_config(&self) -> Result<ClientConfig, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Verifier { inner: self.verifier(&provider)?, named: self.named.clone() });
        let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
    }

    fn verifier(&self, provider: &Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        if self.system {
            let verifier =
                rustls_platform_verifier::Verifier::new_with_extra_roots(self.named.clone(), provider.clone());
            return Ok(Arc::new(verifier?));
        }
        let mut roots = RootCertStore::empty();
        self.named.iter().try_for_each(|certificate| roots.add(certificate.clone()))?;
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
        Ok(verifier.map_err(|error| TlsError::Other(OtherError(Arc::new(error))))?)
    }
}

/// The certificates in a PEM text; an error if one cannot be read. Other sections are skipped.
pub fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, rustls::pki_types::pem::Error> {
    CertificateDer::pem_slice_iter(pem).collect()
}

/// Verifies as the system does, and also trusts a server certificate that the user configured.
#[derive(Debug)]
struct Verifier {
    inner: Arc<dyn ServerCertVerifier>,
    named: Vec<CertificateDer<'static>>,
}

impl Verifier {
    /// Whether the server sent exactly a certificate that the user configured, and it is for this host.
    ///
    /// `openssl req -x509` marks its certificates as an authority, which no library accepts as a server certificate. The library checks the
    /// dates before that mark, so an expired certificate never gets here.
    fn is_named(&self, error: &TlsError, end_entity: &CertificateDer<'_>, host: &ServerName<'_>) -> bool {
        let TlsError::InvalidCertificate(why) = error else { return false };
        let is_for_host = match why {
            CertificateError::Other(OtherError(cause)) if cause.to_string().contains("CaUsedAsEndEntity") => {
                let named = ParsedCertificate::try_from(end_entity);
                match named.and_then(|parsed| verify_server_name(&parsed, host)) {
                    Ok(()) => true,
                    Err(TlsError::InvalidCertificate(why)) => names_nobody(&why),
                    Err(_) => false,
                }
            }
            why => names_nobody(why),
        };
        is_for_host && self.named.iter().any(|named| named.as_ref() == end_entity.as_ref())
    }
}

/// Whether the only problem of a certificate is that it names no host, as old ones with only a `CN`.
fn names_nobody(why: &CertificateError) -> bool {
    matches!(why, CertificateError::NotValidForNameContext { presented, .. } if presented.is_empty())
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        match self.inner.verify_server_cert(end_entity, intermediates, host, ocsp, now) {
            Err(error) if self.is_named(&error, end_entity, host) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        self.inner.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}
