//! Reads extended attributes and access control lists of an open file, as the records that GNU tar, bsdtar and star use.

use std::io;
use std::os::fd::AsFd;

use rustix::buffer::spare_capacity;
use rustix::io::Errno;

const ACL_ACCESS: &[u8] = b"system.posix_acl_access";
const ACL_DEFAULT: &[u8] = b"system.posix_acl_default";
/// The kernel's size limits for a list of names and for a value.
const MOST_BYTES: usize = 64 << 10;

type Records = Vec<(Vec<u8>, Vec<u8>)>;

/// The records of the requested attributes.
pub fn records(file: impl AsFd, xattrs: bool, acls: bool) -> io::Result<Records> {
    let mut records = Vec::new();
    if !xattrs && !acls {
        return Ok(records);
    }
    let mut listed = Vec::with_capacity(MOST_BYTES);
    match rustix::fs::flistxattr(&file, spare_capacity(&mut listed)) {
        Ok(_) => {}
        Err(Errno::NOTSUP) => return Ok(records),
        Err(errno) => return Err(errno.into()),
    }
    let mut names: Vec<&[u8]> = listed.split(|byte| *byte == 0).filter(|name| !name.is_empty()).collect();
    names.sort_unstable();
    for name in names {
        let Some(key) = key(name, xattrs, acls) else { continue };
        let mut value = Vec::with_capacity(MOST_BYTES);
        match rustix::fs::fgetxattr(&file, name, spare_capacity(&mut value)) {
            Ok(_) if name == ACL_ACCESS || name == ACL_DEFAULT => records.push((key, acl_text(&value))),
            Ok(_) => records.push((key, value)),
            // It was removed in between; a changed file is detected by its times.
            Err(Errno::NODATA) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(records)
}

/// The record key of an attribute; `None` if it was not requested.
fn key(name: &[u8], xattrs: bool, acls: bool) -> Option<Vec<u8>> {
    match name {
        ACL_ACCESS => acls.then(|| b"SCHILY.acl.access".to_vec()),
        ACL_DEFAULT => acls.then(|| b"SCHILY.acl.default".to_vec()),
        _ if xattrs && [&b"user."[..], b"security.", b"trusted."].iter().any(|kind| name.starts_with(kind)) => {
            Some([b"SCHILY.xattr.", &*escaped(name)].concat())
        }
        _ => None,
    }
}

/// `=` ends the key of a record; GNU tar encodes it this way.
fn escaped(name: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'=' => text.extend_from_slice(b"%3D"),
            b'%' => text.extend_from_slice(b"%25"),
            byte => text.push(*byte),
        }
    }
    text
}

/// An access control list as `getfacl --numeric` shows it: `user::rw-,user:1000:r--,…`.
fn acl_text(value: &[u8]) -> Vec<u8> {
    let entries = value.get(4..).unwrap_or_default().chunks_exact(8).filter_map(|entry| {
        let (tag, bits) = (u16::from_le_bytes([entry[0], entry[1]]), u16::from_le_bytes([entry[2], entry[3]]));
        let id = u32::from_le_bytes([entry[4], entry[5], entry[6], entry[7]]);
        let who = match tag {
            0x01 => "user:".to_owned(),
            0x02 => format!("user:{id}"),
            0x04 => "group:".to_owned(),
            0x08 => format!("group:{id}"),
            0x10 => "mask:".to_owned(),
            0x20 => "other:".to_owned(),
            _ => return None,
        };
        let bit = |mask, letter| if bits & mask == 0 { '-' } else { letter };
        Some(format!("{who}:{}{}{}", bit(4, 'r'), bit(2, 'w'), bit(1, 'x')))
    });
    entries.collect::<Vec<_>>().join(",").into_bytes()
}
