//! Reads the names, the issuer and the validity of a certificate (X.509, RFC 5280) from its DER bytes.

use std::net::IpAddr;

use x509_cert::Certificate;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;
use x509_cert::time::Time;

use crate::world::http::certificate::ServerCertificate;

const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// The content of the certificate; `None` if it cannot be read.
pub fn read(der: &[u8]) -> Option<ServerCertificate> {
    let certificate = Certificate::from_der(der).ok()?.tbs_certificate;
    // Names that cannot be decoded do not hide the issuer and the validity.
    let alternatives = certificate.get::<SubjectAltName>().ok().flatten().map(|(_, names)| names.0).unwrap_or_default();
    let mut names: Vec<String> = alternatives.iter().filter_map(host).collect();
    if names.is_empty() {
        names.extend(part(&certificate.subject, COMMON_NAME));
    }
    let issuer = [COMMON_NAME, ORGANIZATION].into_iter().filter_map(|oid| part(&certificate.issuer, oid));
    Some(ServerCertificate {
        names,
        issuer: issuer.collect::<Vec<_>>().join(", "),
        not_before: seconds(certificate.validity.not_before)?,
        not_after: seconds(certificate.validity.not_after)?,
    })
}

/// A host name or an address; other kinds of names are not hosts.
fn host(name: &GeneralName) -> Option<String> {
    match name {
        GeneralName::DnsName(name) => Some(name.to_string()),
        GeneralName::IpAddress(octets) => match octets.as_bytes() {
            bytes if bytes.len() == 4 => Some(IpAddr::from(<[u8; 4]>::try_from(bytes).ok()?).to_string()),
            bytes => Some(IpAddr::from(<[u8; 16]>::try_from(bytes).ok()?).to_string()),
        },
        _ => None,
    }
}

/// The last part of this kind in a name.
fn part(name: &Name, kind: ObjectIdentifier) -> Option<String> {
    let mut parts = name.0.iter().flat_map(|parts| parts.0.iter());
    let found = parts.rfind(|part| part.oid == kind)?;
    Some(String::from_utf8_lossy(found.value.value()).into_owned())
}

/// Seconds since 1970.
fn seconds(time: Time) -> Option<i64> {
    i64::try_from(time.to_unix_duration().as_secs()).ok()
}
