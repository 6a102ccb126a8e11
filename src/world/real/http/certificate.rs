//! Reads what a certificate (X.509, RFC 5280) says of its names, its issuer and its time, from its DER bytes.

use std::net::{Ipv4Addr, Ipv6Addr};

use chrono::NaiveDateTime;

use crate::world::http::certificate::ServerCertificate;

const SEQUENCE: u8 = 0x30;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const BOOLEAN: u8 = 0x01;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;
const DNS_NAME: u8 = 0x82;
const IP_ADDRESS: u8 = 0x87;

const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
const ORGANIZATION: &[u8] = &[0x55, 0x04, 0x0a];
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];

/// What the certificate says; `None` when it cannot be read.
pub fn read(der: &[u8]) -> Option<ServerCertificate> {
    let mut certificate = Der(Der(der).expect(SEQUENCE)?);
    let mut body = Der(certificate.expect(SEQUENCE)?);
    let (tag, _) = body.next()?;
    if tag == VERSION {
        body.next()?; // the serial number
    }
    body.expect(SEQUENCE)?; // the algorithm of the signature
    let issuer = Name::read(body.expect(SEQUENCE)?);
    let mut validity = Der(body.expect(SEQUENCE)?);
    let (not_before, not_after) = (time(validity.next()?)?, time(validity.next()?)?);
    let subject = Name::read(body.expect(SEQUENCE)?);
    let extensions = body.find(|(tag, _)| *tag == EXTENSIONS).map(|(_, content)| content);
    let mut names = extensions.and_then(alternative_names).unwrap_or_default();
    if names.is_empty() {
        names.extend(subject.common_name);
    }
    Some(ServerCertificate { names, issuer: issuer.shown(), not_before, not_after })
}

/// Elements one after the other: each a tag and its content.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, content)| content)
    }
}

impl<'a> Iterator for Der<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, content))
    }
}

/// The parts of a name that people know it by.
#[derive(Default)]
struct Name {
    common_name: Option<String>,
    organization: Option<String>,
}

impl Name {
    fn read(content: &[u8]) -> Name {
        let mut name = Name::default();
        for (_, set) in Der(content) {
            for (_, pair) in Der(set) {
                let mut pair = Der(pair);
                let (Some(oid), Some((_, value))) = (pair.expect(OID), pair.next()) else { continue };
                let text = Some(String::from_utf8_lossy(value).into_owned());
                match oid {
                    COMMON_NAME => name.common_name = text,
                    ORGANIZATION => name.organization = text,
                    _ => {}
                }
            }
        }
        name
    }

    fn shown(self) -> String {
        [self.common_name, self.organization].into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}

/// The names in the extension of that kind.
fn alternative_names(extensions: &[u8]) -> Option<Vec<String>> {
    let wanted = Der(Der(extensions).expect(SEQUENCE)?).find_map(|(_, extension)| {
        let mut extension = Der(extension);
        if extension.expect(OID)? != ALTERNATIVE_NAMES {
            return None;
        }
        match extension.next()? {
            (BOOLEAN, _) => extension.expect(OCTETS),
            (OCTETS, content) => Some(content),
            _ => None,
        }
    })?;
    let name = |(tag, content): (u8, &[u8])| match tag {
        DNS_NAME => Some(String::from_utf8_lossy(content).into_owned()),
        IP_ADDRESS => match content.len() {
            4 => Some(Ipv4Addr::from(<[u8; 4]>::try_from(content).ok()?).to_string()),
            16 => Some(Ipv6Addr::from(<[u8; 16]>::try_from(content).ok()?).to_string()),
            _ => None,
        },
        _ => None,
    };
    Some(Der(Der(wanted).expect(SEQUENCE)?).filter_map(name).collect())
}

/// A moment as seconds since 1970; a year of two digits is one from 1950 to 2049.
fn time((tag, content): (u8, &[u8])) -> Option<i64> {
    let text = std::str::from_utf8(content).ok()?;
    let full = match tag {
        UTC_TIME => format!("{}{text}", if text.get(..2)? < "50" { "20" } else { "19" }),
        GENERALIZED_TIME => text.to_owned(),
        _ => return None,
    };
    Some(NaiveDateTime::parse_from_str(&full, "%Y%m%d%H%M%SZ").ok()?.and_utc().timestamp())
}
