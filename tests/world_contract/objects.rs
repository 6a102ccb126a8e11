//! The worlds that the promises about object stores are tried on, each with an empty bucket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use hikae::error::Result;
use hikae::secret::Secret;
use hikae::world::dry_run::DryRun;
use hikae::world::objects::{Object, Put, Store, StoreKind, url};
use hikae::world::real::Real;
use hikae::world::simulated::{ObjectSetup, ObjectTable, Simulated, SimulatedSetup, StoreSetup};
use hikae::world::{Caller, World};

use super::place::{caller, drain};
use crate::support::objects::ObjectStore;

/// A world and a bucket in it that is empty at first; another one, `many`, holds 1100 objects `some/NNNN`.
pub struct Storehouse {
    pub call: Caller,
    /// Puts objects there for good, where `call` only plans to.
    below: Caller,
    pub store: Arc<Store>,
    simulated: Option<Simulated>,
    /// Where the files of a folder lie.
    held: Option<tempfile::TempDir>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Storehouse {
    pub async fn of<W: World + 'static>(call: Caller, below: W, simulated: Option<Simulated>) -> Storehouse {
        let store = ObjectStore::shared().bucket(&format!("bucket-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        Storehouse::at(store, call, below, simulated).await
    }

    /// A new bucket of any kind.
    pub async fn at<W: World + 'static>(
        store: Arc<Store>,
        call: Caller,
        below: W,
        simulated: Option<Simulated>,
    ) -> Storehouse {
        let below = caller(Arc::new(below));
        assert!(below.make_bucket(store.clone()).await.unwrap());
        Storehouse { call, below, store, simulated, held: None }
    }

    /// Keeps a folder for as long as this lives.
    pub fn holding(self, held: tempfile::TempDir) -> Storehouse {
        Storehouse { held: Some(held), ..self }
    }

    /// Whether what is stored are files in folders.
    pub fn is_tree(&self) -> bool {
        self.store.kind.is_tree()
    }

    /// A bucket that holds 1100 objects.
    pub async fn many(&self) -> Arc<Store> {
        let many = match self.store.kind {
            StoreKind::S3 => return self.store(|store| (store.bucket, store.root) = ("many".into(), String::new())),
            _ if self.is_tree() => self.store(|store| store.root.push_str("-many")),
            _ => self.store(|store| store.bucket.push_str("-many")),
        };
        self.below.make_bucket(many.clone()).await.unwrap();
        if let Some(held) = &self.held {
            // A program for each object would take minutes.
            let folder = held.path().join(&many.root).join("some");
            std::fs::create_dir_all(&folder).unwrap();
            (0..1100).for_each(|number| std::fs::write(folder.join(format!("{number:04}")), b"x").unwrap());
            return many;
        }
        for number in 0..1100 {
            let object = Object::new(many.clone(), format!("some/{number:04}")).unwrap();
            put(&self.below, Put::new(object), b"x").await.unwrap();
        }
        many
    }

    /// A bucket that is not there.
    pub fn missing(&self) -> Arc<Store> {
        self.store(|store| match store.kind.is_tree() {
            true => store.root.push_str("-missing"),
            false => store.bucket = "no-such-bucket".into(),
        })
    }

    /// Another bucket beside it, which is not there yet.
    pub fn another(&self) -> Arc<Store> {
        self.store(|store| if store.kind.is_tree() { &mut store.root } else { &mut store.bucket }.push_str("-more"))
    }

    pub fn object(&self, key: &str) -> Object {
        Object::new(self.store.clone(), key).unwrap()
    }

    /// Another bucket, or the same one asked by others.
    pub fn store(&self, change: impl FnOnce(&mut Store)) -> Arc<Store> {
        let mut store = (*self.store).clone();
        change(&mut store);
        Arc::new(store)
    }

    pub async fn put(&self, key: &str, data: &str) -> Object {
        put(&self.below, Put { replace: true, ..Put::new(self.object(key)) }, data.as_bytes()).await.unwrap();
        self.object(key)
    }

    pub async fn keys(&self, prefix: &str) -> Vec<String> {
        let entries = self.call.list_objects(self.store.clone(), prefix).await.unwrap();
        entries.into_iter().map(|entry| entry.key).collect()
    }

    pub async fn read(&self, object: &Object) -> Result<Vec<u8>> {
        drain(&mut *self.call.get(object.clone()).await?).await
    }

    /// Uploads that were begun, and neither committed nor given up.
    pub async fn uploads(&self) -> String {
        match &self.simulated {
            Some(world) => world.snapshot().uploads.join(" "),
            None if self.store.kind == StoreKind::S3 => uploads(&self.store).await,
            None => {
                // What was dropped is taken back beside what goes on.
                for _ in 0..50 {
                    if self.partials().is_empty() {
                        break;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
                self.partials()
            }
        }
    }
}

impl Storehouse {
    /// Files that no listing shows.
    fn partials(&self) -> String {
        let Some(held) = &self.held else { return String::new() };
        let files = walkdir::WalkDir::new(held.path()).into_iter().map(|entry| entry.unwrap().into_path());
        let partial = files.filter(|path| path.to_string_lossy().contains("hikae-part"));
        partial.map(|path| path.display().to_string()).collect::<Vec<_>>().join(" ")
    }
}

/// Stores `data` to its proved end.
pub async fn put(call: &Caller, put: Put, data: &[u8]) -> Result<()> {
    let mut sink = call.put(put).await?;
    for piece in data.chunks(1 << 20) {
        sink.write(Bytes::copy_from_slice(piece)).await?;
    }
    sink.seal().await?;
    sink.commit().await
}

/// What the server itself says of the uploads of a bucket: no effect asks for that.
async fn uploads(store: &Store) -> String {
    const ASK: &str = "import sys, boto3\n\
        s3 = boto3.client('s3', endpoint_url=sys.argv[1], region_name=sys.argv[2], aws_access_key_id=sys.argv[3], \
        aws_secret_access_key=sys.argv[4])\n\
        print(*[u['Key'] for u in s3.list_multipart_uploads(Bucket=sys.argv[5]).get('Uploads', [])], end='')";
    let endpoint = store.endpoint.as_ref().unwrap().url().as_str().to_owned();
    let (keys, region) = (store.keys.as_ref().unwrap(), store.region.as_deref().unwrap());
    let args = ["-c", ASK, &endpoint, region, &keys.access_key, keys.secret_key.expose(), &store.bucket];
    let python = crate::support::objects::PYTHON;
    let output = tokio::process::Command::new(python).args(args).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

pub async fn real() -> Storehouse {
    let world = Arc::new(Real::ambient());
    Storehouse::of(caller(world.clone()), world, None).await
}

async fn simulated() -> Storehouse {
    let world = simulation();
    Storehouse::of(caller(Arc::new(world.clone())), world.clone(), Some(world)).await
}

async fn dry_run() -> Storehouse {
    let world = simulation();
    Storehouse::of(caller(Arc::new(DryRun::new(world.clone()))), world.clone(), Some(world)).await
}

/// A folder of this machine.
async fn folder() -> Storehouse {
    let held = tempfile::tempdir().unwrap();
    let store = Arc::new(url::store(&format!("file://{}/nas", held.path().display())).unwrap());
    let world = Arc::new(Real::ambient());
    let house = Storehouse::at(store, caller(world.clone()), world, None).await;
    house.holding(held)
}

/// The same in memory.
async fn simulated_folder() -> Storehouse {
    let world = simulation();
    let store = Arc::new(url::store("file:///mnt/nas").unwrap());
    Storehouse::at(store, caller(Arc::new(world.clone())), world.clone(), Some(world)).await
}

/// A folder of a bucket.
async fn prefix() -> Storehouse {
    let house = real().await;
    let store = house.store(|store| store.root = "pro duction/控え".to_owned());
    Storehouse { store, ..house }
}

/// The other kinds in memory.
async fn simulated_google() -> Storehouse {
    let world = simulation();
    let store = Arc::new(url::store("gs://our-bucket/daily").unwrap());
    Storehouse::at(store, caller(Arc::new(world.clone())), world.clone(), Some(world)).await
}

fn simulation() -> Simulated {
    let (access_key, secret_key) = ObjectStore::shared().keys("owner");
    let many = (0..1100).map(|number| (format!("s3://many/some/{number:04}"), text("x")));
    let setup = SimulatedSetup {
        objects: many.collect(),
        store: StoreSetup { access_key: Some(access_key), secret_key: Some(Secret::new(secret_key)), down: false },
        ..SimulatedSetup::default()
    };
    Simulated::new(setup).unwrap()
}

pub fn text(content: &'static str) -> ObjectSetup {
    ObjectSetup(ObjectTable { content: Some(Bytes::from(content)), ..ObjectTable::default() })
}

/// Runs every check on one world.
macro_rules! holds {
    ($world:ident: $($check:ident),*) => {
        mod $world {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                crate::world_contract::object_checks::$check(&super::$world().await).await;
            })*
        }
    };
}

/// Every check that holds for stores of every kind.
macro_rules! common_checks {
    ($($world:ident),*) => {
        $($crate::world_contract::objects::holds!($world: an_object_comes_back_byte_for_byte, a_large_object_comes_back_byte_for_byte, an_empty_object_is_one,
        nothing_shows_before_the_commit, an_object_that_was_given_up_leaves_nothing, a_taken_key_is_kept,
        a_key_taken_meanwhile_is_kept, an_object_is_replaced_only_on_request, absence_is_told, odd_keys_are_kept_to_the_letter,
        keys_that_could_mean_two_things_are_refused, listings_are_sorted_and_begin_with_the_prefix,
        a_long_listing_is_whole, removing_takes_one_object, a_missing_bucket_is_told, a_bucket_is_made_once,
        looks_tell_size_and_age, what_was_stored_is_known_again);)*
    };
}
pub(crate) use {common_checks, holds};

mod on {
    use super::{dry_run, folder, prefix, real, simulated, simulated_folder, simulated_google};

    common_checks!(real, prefix, folder, simulated, simulated_folder, simulated_google);
    // What is planned is seen as if it were there; its bytes nobody knows.
    holds!(dry_run: nothing_shows_before_the_commit, an_object_that_was_given_up_leaves_nothing, a_taken_key_is_kept,
        absence_is_told, keys_that_could_mean_two_things_are_refused, listings_are_sorted_and_begin_with_the_prefix,
        a_long_listing_is_whole, removing_takes_one_object, a_missing_bucket_is_told, a_bucket_is_made_once);
}

/// A folder keeps nothing beside the bytes of an object.
mod on_metadata {
    use super::{prefix, real, simulated, simulated_google};

    holds!(real: what_is_kept_with_an_object_is_told);
    holds!(prefix: what_is_kept_with_an_object_is_told);
    holds!(simulated: what_is_kept_with_an_object_is_told);
    holds!(simulated_google: what_is_kept_with_an_object_is_told);
}

mod on_keys {
    use super::{dry_run, real, simulated};

    holds!(real: wrong_keys_are_told);
    holds!(simulated: wrong_keys_are_told);
    holds!(dry_run: wrong_keys_are_told);
}
