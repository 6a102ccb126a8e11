//! A run that is killed while it uploads leaves no object that is not whole, and no parts once the next run has begun.

use std::time::{Duration, Instant};

use hikae::catalog::Catalog;
use hikae::stream::hex::hex;
use md5::{Digest, Md5};

use super::places::Dice;
use crate::support::objects::{ObjectStore, with_store};
use crate::support::program::Hikae;
use crate::support::stores::fresh;

const RECIPE: &str = r#"--- Stores a file under a key.
return recipe {
  kind = "maintenance",
  type = "manual",
  params = { file = { type = "path" }, bucket = {}, key = {} },
  needs = { read = { "{file}" }, objects = { "s3://{bucket}/*" } },
  run = function(p)
    fs.open(p.file):put(objects.open { url = "s3://" .. p.bucket }, p.key, { part_size = "5 MiB" })
  end,
}
"#;

struct Site {
    hikae: Hikae,
    bucket: String,
    data: Vec<u8>,
}

impl Site {
    fn new(megabytes: usize) -> Site {
        let (bucket, data) = (fresh("killed"), Dice::new(7).bytes(megabytes << 20));
        let hikae = with_store(Hikae::new()).file("config/recipes/store.lua", RECIPE);
        std::fs::write(hikae.path("large"), &data).unwrap();
        std::fs::write(hikae.path("small"), b"small").unwrap();
        ObjectStore::shared().make_bucket(&bucket, "");
        Site { hikae, bucket, data }
    }

    fn args(&self, file: &str, key: &str) -> Vec<String> {
        let file = format!("file={}", self.hikae.path(file).display());
        let set = [file, format!("bucket={}", self.bucket), format!("key={key}")];
        let flags = ["run", "store", "--quiet"].map(str::to_owned);
        flags.into_iter().chain(set.into_iter().flat_map(|set| ["--set".to_owned(), set])).collect()
    }

    fn run(&self, file: &str, key: &str) {
        let args = self.args(file, key);
        let said = self.hikae.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    }

    /// Kills a run of the large file after a while; says whether it was still at work.
    fn killed(&self, key: &str, after: Duration) -> bool {
        let args = self.args("large", key);
        let mut child = self.hikae.start(&args.iter().map(String::as_str).collect::<Vec<_>>());
        std::thread::sleep(after);
        let at_work = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        at_work
    }

    fn on_record(&self) -> usize {
        Catalog::open_existing(&self.hikae.path("state/catalog.db")).unwrap().all_uploads().unwrap().len()
    }

    /// The checksum and the size of what is there under a key; nothing where nothing is.
    fn is_whole_or_absent(&self, key: &str) -> bool {
        let bucket = &self.bucket;
        let said = ObjectStore::shared().python(&format!(
            "import hashlib\nfound = s3.list_objects_v2(Bucket='{bucket}', Prefix='{key}').get('Contents', [])\n\
             if found: print(hashlib.md5(s3.get_object(Bucket='{bucket}', Key='{key}')['Body'].read()).hexdigest(), end='')"
        ));
        said.is_empty() || said == hex(Md5::digest(&self.data))
    }
}

/// Kills that many runs at moments that are spread over the time that a run takes.
fn kill(count: u64, megabytes: usize) {
    let site = Site::new(megabytes);
    let began = Instant::now();
    site.run("large", "whole");
    let takes = began.elapsed();
    assert!(site.is_whole_or_absent("whole"));
    assert_eq!(site.on_record(), 0, "what is an object is struck out");
    let (mut dice, mut at_work, mut left) = (Dice::new(9), 0, 0);
    for number in 0..count {
        let key = format!("killed-{number}");
        let after = takes.mul_f64((number as f64 + dice.roll(1000) as f64 / 1000.0) / count as f64);
        at_work += u64::from(site.killed(&key, after));
        assert!(site.is_whole_or_absent(&key), "kill {number} after {after:?} left half an object");
        let parts: usize = ObjectStore::shared().unfinished(&site.bucket).iter().map(|(_, parts)| parts).sum();
        left += u64::from(parts > 0);
        // The next run: it stores something else in the same bucket.
        site.run("small", &format!("next-{number}"));
        let unfinished = ObjectStore::shared().unfinished(&site.bucket);
        assert!(unfinished.iter().all(|(_, parts)| *parts == 0), "kill {number} after {after:?}: {unfinished:?}");
        assert_eq!(site.on_record(), 0, "kill {number} after {after:?}");
    }
    println!("{count} kills, {at_work} of runs at work, {left} left parts, within {takes:?}");
    assert!(at_work >= count / 2 && left >= count / 10, "{at_work} of {count} were at work, and {left} left parts");
}

#[test]
fn the_next_run_gives_up_what_a_killed_one_has_uploaded() {
    kill(10, 30);
}

/// Minutes long: `scripts/test-long`.
#[test]
#[ignore = "two hundred runs"]
fn stores_long_two_hundred_kills() {
    kill(200, 30);
}
