//! The endings of a name, and the bytes that fit them.

use hikae::stream::endings::Form as F;
use hikae::stream::endings::forms;

#[test]
fn a_name_promises_what_its_endings_say() {
    assert_eq!(forms("shop_20260215.sql.gz.age"), [F::Age, F::Gzip, F::Sql]);
    assert_eq!(forms("x.TGZ"), [F::Gzip, F::Tar]);
    for none in ["gz", "x.dump", "x.gz.bak", "sql", "x."] {
        assert_eq!(forms(none), [], "{none}");
    }
}

#[test]
fn each_form_is_told_by_how_it_begins() {
    let header = tar_header();
    for (form, head, expected) in [
        (F::Gzip, b"plain".as_slice(), false),
        (F::Gzip, &[0x1f, 0x8b, 8], true),
        (F::Zstd, &[0x28, 0xb5, 0x2f, 0xfd], true),
        (F::Zstd, &[0x1f, 0x8b, 8], false),
        (F::Age, b"age-encryption.org/v1\n", true),
        (F::Age, b"age 42", false),
        (F::OpenPgp, b"-----BEGIN PGP MESSAGE-----", true),
        (F::OpenPgp, &[0x85, 1, 12], true),
        (F::OpenPgp, b"\xe3\x81\x82", false),
        (F::OpenPgp, b"secret", false),
        (F::Tar, &header, true),
        (F::Tar, &[0; 512], true),
        (F::Tar, &[b'x'; 1024], false),
        (F::Tar, b"short", false),
        (F::Sql, b"-- a comment\n\nCREATE TABLE t (n int);\n", true),
        (F::Sql, b"\\connect shop\n", true),
        (F::Sql, b"/*!40101 SET NAMES utf8 */;\n", true),
        (F::Sql, b"begin transaction;", true),
        (F::Sql, b"-- nothing today\n", false),
        (F::Sql, b"never mind\n", false),
        (F::Sql, b"PGDMP\x01\x0e\0", false),
        (F::Sql, b"", false),
    ] {
        assert_eq!(form.begins(head, true), expected, "{form:?} {:?}", String::from_utf8_lossy(head));
    }
}

fn tar_header() -> Vec<u8> {
    let mut header = vec![0; 512];
    header[..4].copy_from_slice(b"file");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    header
}
