//! `hikae check` looks at the stores of a recipe: who asks, where they are, what they keep, what was left; it changes nothing.

use std::sync::{Arc, Mutex};

use crate::support::faults::FaultProxy;
use crate::support::objects::{ObjectStore, REGION, with_store};
use crate::support::program::{Hikae, Said};
use crate::support::stores;
use crate::support::stores::fresh;

fn with_recipe(hikae: Hikae, url: &str) -> Hikae {
    let recipe = format!(
        "--- Looks.\nreturn recipe {{ kind = \"maintenance\", type = \"manual\", needs = {{ objects = {{ \"{url}*\" }} }}, \
         run = function() objects.list(objects.open {{ url = \"{url}\" }}) end }}\n"
    );
    hikae.file("config/recipes/look.lua", &recipe)
}

fn check(hikae: &Hikae) -> Said {
    hikae.run(&["check", "look", "--verbose"])
}

#[test]
fn a_bucket_is_looked_at_and_nothing_is_changed() {
    let (server, bucket) = (ObjectStore::shared(), fresh("looked-at"));
    server.make_bucket(&bucket, ", ObjectLockEnabledForBucket=True");
    server.python(&format!(
        "s3.put_object_lock_configuration(Bucket='{bucket}', ObjectLockConfiguration={{'ObjectLockEnabled': 'Enabled', \
         'Rule': {{'DefaultRetention': {{'Mode': 'GOVERNANCE', 'Days': 30}}}}}})\n\
         s3.create_multipart_upload(Bucket='{bucket}', Key='production/of-another-host')\n"
    ));
    let (proxy, asked) = (FaultProxy::before(server.port), Arc::new(Mutex::new(Vec::new())));
    let kept = asked.clone();
    proxy.script(move |first| {
        kept.lock().unwrap().push(first.to_owned());
        None
    });
    let hikae = with_store(Hikae::new()).env("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", proxy.port));
    let said = check(&with_recipe(hikae, &format!("s3://{bucket}/production")));
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    for told in [
        format!("✓ look: `s3://{bucket}`: keys from the environment"),
        format!("✓ look: `s3://{bucket}` answers, in the region `{REGION}`"),
        format!("✓ look: `s3://{bucket}` keeps versions: a deletion here can be undone"),
        format!("✓ look: `s3://{bucket}` has object lock: GOVERNANCE for 30 days"),
        format!("! look: `s3://{bucket}` has 1 unfinished uploads that no run here has on record"),
        "for `production/of-another-host`".to_owned(),
    ] {
        assert!(said.out.contains(&told), "{told}\n{}", said.out);
    }
    let asked = asked.lock().unwrap().clone();
    assert!(
        asked.len() >= 4 && asked.iter().all(|line| line.starts_with("GET ") || line.starts_with("HEAD ")),
        "{asked:#?}"
    );
}

#[test]
fn what_is_wrong_with_a_bucket_is_found_before_the_night() {
    let (server, bucket) = (ObjectStore::shared(), fresh("wrong"));
    server.make_bucket(&bucket, "");
    let site = || with_recipe(with_store(Hikae::new()), &format!("s3://{bucket}/production"));
    let good = check(&site());
    assert!(good.code == 0 && good.out.contains("keeps no versions: a deletion here is final"), "{}", good.out);
    assert!(good.out.contains("has no object lock") && good.out.contains("has no unfinished uploads"), "{}", good.out);

    let unknown = check(&site().env("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE"));
    assert!(unknown.code == 1 && unknown.out.contains("the store does not know this `access_key`"), "{}", unknown.out);
    let other = check(&site().env("AWS_SECRET_ACCESS_KEY", "some-long-and-wrong-secret-key"));
    assert!(other.code == 1 && other.out.contains("`secret_key` does not belong"), "{}", other.out);
    let down = check(&site().env("AWS_ENDPOINT_URL", "http://127.0.0.1:9"));
    assert!(down.code == 1 && down.out.contains("cannot look at"), "{}", down.out);
    // A key that may only store is no fault.
    let (access_key, secret_key) = server.keys("stranger");
    let only = check(&site().env("AWS_ACCESS_KEY_ID", &access_key).env("AWS_SECRET_ACCESS_KEY", &secret_key));
    assert!(only.code == 0 && only.out.contains("this key may not look at it"), "{}", only.out);
    let missing = check(&with_recipe(with_store(Hikae::new()), "s3://no-such-bucket-at-all/x"));
    assert!(
        missing.code == 0 && missing.out.contains("– look: `s3://no-such-bucket-at-all` is not there yet"),
        "{}",
        missing.out
    );
    let offline = site().run(&["check", "look", "--offline", "--verbose"]);
    assert!(offline.out.contains("not asked (--offline)"), "{}", offline.out);

    let none = with_recipe(Hikae::new(), &format!("s3://{bucket}/x"));
    let none = check(&none.env("AWS_ENDPOINT_URL", &server.endpoint()).env("AWS_EC2_METADATA_DISABLED", "true"));
    assert!(none.out.contains("! look: no keys for S3 were found"), "{}", none.out);
    let looked = "looked at: the environment, a web identity token, the metadata of the container, the metadata of the \
                  instance, the shared profile, `aws configure export-credentials`";
    assert!(none.out.contains(looked), "{}", none.out);
}

#[test]
fn stores_of_other_kinds_are_looked_at() {
    let folder = tempfile::tempdir().unwrap();
    let google = Hikae::new().env("STORAGE_EMULATOR_HOST", &format!("127.0.0.1:{}", stores::google_port()));
    let azure = Hikae::new().env("AZURE_STORAGE_CONNECTION_STRING", &stores::azure_connection(stores::azure_port()));
    let file = format!("file://{}", folder.path().display());
    for (hikae, url, told) in [
        (google, "gs://not-there", "– look: `gs://not-there` is not there yet"),
        (azure, "azblob://not-there", "✓ look: `azblob://not-there`: the shared key of the account `devstoreaccount1`"),
        (Hikae::new(), file.as_str(), format!("✓ look: `{file}` answers").as_str()),
        (Hikae::new(), "file:///not/there", "there is no folder `file:///not/there`"),
    ] {
        let said = check(&with_recipe(hikae, &format!("{url}/")));
        assert!(said.out.contains(told), "{told}\n{}{}", said.out, said.err);
    }
}
