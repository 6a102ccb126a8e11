//! Promises that a manifest beside a dump is believed: a file that differs from it in one bit is not restored.

use super::{exists, put, restore, restored, world};
use crate::support::postgres::shared;

#[test]
fn a_file_that_differs_from_its_manifest_is_refused() {
    shared().create_database("manifest_source");
    shared().psql("manifest_source", "CREATE TABLE t (a text); INSERT INTO t VALUES ('one thousand')");
    let dump = shared().dump("manifest_source", &["--create"]);
    let hikae = world(shared(), "");
    let file = put(&hikae, "x.sql", &dump);
    let sha256 = hex(&ring::digest::digest(&ring::digest::SHA256, &dump));
    let manifest = |size: usize| format!("{{\"manifest\": 1, \"size_bytes\": {size}, \"sha256\": \"{sha256}\"}}");
    put(&hikae, "x.sql.manifest.json", manifest(dump.len()).as_bytes());
    assert_eq!(restored(&hikae, &file, "manifest_good")["sha256"], sha256.as_str());

    // Plain SQL has no checksum of its own: only the manifest can tell.
    put(&hikae, "x.sql", String::from_utf8(dump.clone()).unwrap().replace("one thousand", "two thousand").as_bytes());
    let said = restore(&hikae, &file, "manifest_bad");
    assert!(said.code == 1 && said.err.contains("is not the one that its manifest describes"), "{}", said.err);
    assert!(said.err.contains("its SHA-256 is"), "{}", said.err);
    put(&hikae, "x.sql.manifest.json", manifest(dump.len() + 1).as_bytes());
    let said = restore(&hikae, &file, "manifest_bad");
    assert!(said.code == 1 && said.err.contains("bytes, and its manifest says"), "{}", said.err);
    put(&hikae, "x.sql.manifest.json", b"{\"manifest\": 1,");
    let said = restore(&hikae, &file, "manifest_bad");
    assert!(said.code == 1 && said.err.contains("cannot read the manifest"), "{}", said.err);
    assert!(!exists(shared(), "manifest_bad"));
}

fn hex(digest: &ring::digest::Digest) -> String {
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
