//! Sources that failed, and what stands in for them.

use hikae::backup::sources::{Sources, database_in};
use hikae::error::{Error, Kind};
use hikae::stream::Facts;

#[test]
fn a_source_is_missing_when_nothing_of_its_kind_was_proved() {
    let of = |proved: &[(&str, &str)]| {
        let mut sources = Sources::default();
        sources.failed("dump of shop", "shop_1.sql.gz", &Error::new(Kind::Command, "it failed"));
        proved.iter().for_each(|(label, name)| sources.proved(label, name, &Facts::default()));
        sources.missing(|_| false).is_some()
    };
    assert!(of(&[]));
    assert!(of(&[("echo never mind", "shop_1.sql.gz")]));
    assert!(of(&[("echo never mind", "shop_1.txt")]), "a program may write anything");
    assert!(of(&[("/tmp/stub.sql", "shop_1.sql")]));
    assert!(!of(&[("dump of shop", "shop_2.sql.gz")]), "at the second try");
    assert!(!of(&[("pack /etc", "etc.tar.zst")]), "something else is backed up, too");
}

#[test]
fn dumps_name_their_database() {
    let dump = b"--\n-- PostgreSQL database dump\n--\n\\connect \"other\"\n";
    assert_eq!(database_in(dump).as_deref(), Some("other"));
    let dump = b"-- MySQL dump 10.13\n--\n-- Host: localhost    Database: shop\n";
    assert_eq!(database_in(dump).as_deref(), Some("shop"));
    assert_eq!(database_in(b"\\connect other\n"), None);
}
