//! What a bucket can do beside keeping objects: locks, versions, encryption, archive classes, lifecycle rules; each on a real server.

use crate::support::objects::{ObjectStore, with_store};
use crate::support::postgres::shared;
use crate::support::program::{Hikae, Said, names};

/// A site with one proved backup, and its name.
fn backed_up(database: &str) -> (Hikae, String) {
    shared().create_database(database);
    shared().psql(database, "CREATE TABLE guests (name text); INSERT INTO guests VALUES ('花子')");
    let hikae = with_store(Hikae::with_database(shared(), database));
    assert_eq!(hikae.run(&["run", "db-backup", "--quiet"]).code, 0);
    let dump = names(&hikae.path("backups")).into_iter().find(|name| name.ends_with(".sql.gz")).unwrap();
    (hikae, dump)
}

fn sync(hikae: &Hikae, bucket: &str, more: &[&str]) -> Said {
    let (source, bucket) = (format!("source={}", hikae.path("backups").display()), format!("bucket={bucket}"));
    let more = more.iter().flat_map(|set| ["--set", set]);
    let args: Vec<&str> = ["run", "s3-backup", "--set", &source, "--set", &bucket].into_iter().chain(more).collect();
    hikae.run(&args)
}

#[test]
fn a_lock_is_asked_for_and_what_it_keeps_is_no_failure() {
    let (hikae, dump) = backed_up("locked_cafe");
    ObjectStore::shared().make_bucket("locked-cafe", ", ObjectLockEnabledForBucket=True");
    let said = sync(&hikae, "locked-cafe", &["lock=GOVERNANCE", "lock_for=30d"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let key = format!("production/{dump}");
    let locked = ObjectStore::shared().python(&format!(
        "for k in ['{key}', '{key}.manifest.json']:\n  h = s3.head_object(Bucket='locked-cafe', Key=k)\n  \
         until = h['ObjectLockRetainUntilDate']\n  \
         print(h['ObjectLockMode'], (until - __import__('datetime').datetime.now(until.tzinfo)).days)"
    ));
    assert_eq!(locked, "GOVERNANCE 29\nGOVERNANCE 29\n");
    let half = sync(&hikae, "locked-cafe", &["lock=GOVERNANCE"]);
    assert!(half.code != 0 && half.err.contains("`lock` and `lock_for` are given together"), "{}", half.err);
    let file = hikae.run(&[
        "run",
        "s3-backup",
        "--set",
        "url=file:///tmp",
        "--set",
        "lock=GOVERNANCE",
        "--set",
        "lock_for=1d",
    ]);
    assert_ne!(file.code, 0, "a folder has no locks: {}{}", file.out, file.err);
}

#[test]
fn the_store_encrypts_as_it_is_asked_to() {
    let (hikae, dump) = backed_up("secret_cafe");
    for (bucket, more, kind) in [
        ("encrypted-by-store", vec!["encryption=AES256"], "AES256"),
        ("encrypted-by-service", vec!["encryption=aws:kms", "kms_key=our-own-key"], "aws:kms our-own-key"),
    ] {
        std::fs::remove_file(hikae.path("backups/.hikae-sync.json")).unwrap_or_default();
        let said = sync(&hikae, bucket, &more);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let seen = ObjectStore::shared().python(&format!(
            "h = s3.head_object(Bucket='{bucket}', Key='production/{dump}')\nprint(h['ServerSideEncryption'], h.get('SSEKMSKeyId', ''))"
        ));
        assert_eq!(seen.trim(), kind);
        let verified = hikae.run(&["verify", &format!("s3://{bucket}/production/{dump}")]);
        assert_eq!(verified.code, 0, "{}{}", verified.out, verified.err);
    }
}

#[test]
fn what_is_archived_is_asked_for_before_it_is_read() {
    let (hikae, dump) = backed_up("archived_cafe");
    let said = sync(&hikae, "archived-cafe", &["storage_class=GLACIER"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let (url, there) = (format!("s3://archived-cafe/production/{dump}"), hikae.path("fetched").display().to_string());
    let cold = hikae.run(&["fetch", &url, &there]);
    assert!(cold.code == 1 && cold.err.contains("--thaw"), "{}{}", cold.out, cold.err);
    let asked = hikae.run(&["fetch", &url, &there, "--thaw", "7"]);
    assert!(
        asked.code == 1 && asked.err.contains("the store was asked to bring it back"),
        "{}{}",
        asked.out,
        asked.err
    );
    let back = hikae.run(&["fetch", &url, &there]);
    assert_eq!(back.code, 0, "{}{}", back.out, back.err);
    // What describes it stays where it can be read at any time.
    let classes = ObjectStore::shared().python(
        "print(*sorted(o['StorageClass'] for o in s3.list_objects_v2(Bucket='archived-cafe', Prefix='production/db')['Contents']))",
    );
    assert_eq!(classes.trim(), "GLACIER STANDARD");
}

#[test]
fn the_lifecycle_changes_no_rule_of_others() {
    let (hikae, _dump) = backed_up("lifecycle_cafe");
    ObjectStore::shared().make_bucket("lifecycle-cafe", "");
    ObjectStore::shared().python(
        "s3.put_bucket_lifecycle_configuration(Bucket='lifecycle-cafe', LifecycleConfiguration={'Rules': [{'ID': 'of-others', \
         'Status': 'Enabled', 'Filter': {'And': {'Prefix': 'logs/', 'Tags': [{'Key': 'a', 'Value': 'b & c'}]}}, \
         'Expiration': {'Days': 3}}]})",
    );
    let first = sync(&hikae, "lifecycle-cafe", &[]);
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
    assert!(first.out.contains("Lifecycle rule changed: + BackupRetentionRule"), "{}", first.out);
    let again = sync(&hikae, "lifecycle-cafe", &[]);
    assert!(again.code == 0 && !again.out.contains("Lifecycle rule changed"), "{}{}", again.out, again.err);
    let rules = ObjectStore::shared().python(
        "import json\nfor r in s3.get_bucket_lifecycle_configuration(Bucket='lifecycle-cafe')['Rules']: print(r['ID'], json.dumps(r, sort_keys=True))",
    );
    let of_others = rules.lines().find(|line| line.starts_with("of-others ")).unwrap();
    assert!(of_others.contains("\"Value\": \"b & c\"") && of_others.contains("\"Days\": 3"), "{of_others}");
    let documented = rules.lines().find(|line| line.starts_with("BackupRetentionRule ")).unwrap();
    for part in ["\"Days\": 30", "GLACIER", "\"Days\": 365", "DEEP_ARCHIVE", "\"Days\": 2555"] {
        assert!(documented.contains(part), "{part}: {documented}");
    }
    assert!(rules.contains("AbortIncompleteMultipartUpload"), "{rules}");
}

/// What was deleted in a bucket with versions can be brought back, and the sync says so by what it leaves.
#[test]
fn a_deletion_where_versions_are_kept_can_be_undone() {
    let (hikae, dump) = backed_up("versioned_cafe");
    ObjectStore::shared().make_bucket("versioned-cafe", "");
    ObjectStore::shared()
        .python("s3.put_bucket_versioning(Bucket='versioned-cafe', VersioningConfiguration={'Status': 'Enabled'})");
    assert_eq!(sync(&hikae, "versioned-cafe", &[]).code, 0);
    for name in [dump.clone(), format!("{dump}.manifest.json")] {
        std::fs::remove_file(hikae.path("backups").join(name)).unwrap();
    }
    assert_eq!(hikae.run(&["run", "db-backup", "--quiet"]).code, 0);
    let said = sync(&hikae, "versioned-cafe", &["max_delete=100"]);
    assert!(said.code == 0 && said.out.contains("2 uploaded, 0 unchanged, 2 deleted"), "{}{}", said.out, said.err);
    let versions = ObjectStore::shared().python(&format!(
        "v = s3.list_object_versions(Bucket='versioned-cafe', Prefix='production/{dump}')\n\
         print(len(v.get('Versions', [])), len(v.get('DeleteMarkers', [])))"
    ));
    assert_eq!(versions.trim(), "2 2");
}
