//! The worlds that the promises about object stores are tried on, each with an empty bucket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use hikae::error::{Kind, Result};
use hikae::secret::Secret;
use hikae::world::dry_run::DryRun;
use hikae::world::http::Address;
use hikae::world::objects::{Object, Put, Store};
use hikae::world::real::Real;
use hikae::world::simulated::{ObjectSetup, ObjectTable, Simulated, SimulatedSetup, StoreSetup};
use hikae::world::{Caller, World};

use super::place::{caller, drain};
use crate::support::objects::ObjectStore;
use crate::support::receiver::Receiver;

/// A world and a bucket in it that is empty at first; another one, `many`, holds 1100 objects `some/NNNN`.
pub struct Storehouse {
    pub call: Caller,
    /// Puts objects there for good, where `call` only plans to.
    below: Caller,
    pub store: Arc<Store>,
    simulated: Option<Simulated>,
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

impl Storehouse {
    async fn of<W: World + 'static>(call: Caller, below: W, simulated: Option<Simulated>) -> Storehouse {
        let store = ObjectStore::shared().bucket(&format!("bucket-{}", NUMBER.fetch_add(1, Ordering::Relaxed)));
        let below = caller(Arc::new(below));
        assert!(below.make_bucket(store.clone()).await.unwrap());
        Storehouse { call, below, store, simulated }
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
            None => uploads(&self.store).await,
        }
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
    let endpoint = ObjectStore::shared().endpoint();
    let args = ["-c", ASK, &endpoint, &store.region, &store.access_key, store.secret_key.expose(), &store.bucket];
    let python = crate::support::objects::PYTHON;
    let output = tokio::process::Command::new(python).args(args).output().await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

async fn real() -> Storehouse {
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
                super::super::super::object_checks::$check(&super::$world().await).await;
            })*
        }
    };
}

mod on {
    use super::{dry_run, real, simulated};

    holds!(real: an_object_comes_back_byte_for_byte, a_large_object_comes_back_byte_for_byte, an_empty_object_is_one,
        nothing_shows_before_the_commit, an_object_that_was_given_up_leaves_nothing, a_taken_key_is_kept,
        a_key_taken_meanwhile_is_kept, an_object_is_replaced_only_on_request,
        what_is_kept_with_an_object_is_told, absence_is_told, odd_keys_are_kept_to_the_letter,
        keys_that_could_mean_two_things_are_refused, listings_are_sorted_and_begin_with_the_prefix,
        a_long_listing_is_whole, removing_takes_one_object, a_missing_bucket_is_told, a_bucket_is_made_once,
        wrong_keys_are_told, looks_tell_size_and_age);
    holds!(simulated: an_object_comes_back_byte_for_byte, a_large_object_comes_back_byte_for_byte, an_empty_object_is_one,
        nothing_shows_before_the_commit, an_object_that_was_given_up_leaves_nothing, a_taken_key_is_kept,
        a_key_taken_meanwhile_is_kept, an_object_is_replaced_only_on_request,
        what_is_kept_with_an_object_is_told, absence_is_told, odd_keys_are_kept_to_the_letter,
        keys_that_could_mean_two_things_are_refused, listings_are_sorted_and_begin_with_the_prefix,
        a_long_listing_is_whole, removing_takes_one_object, a_missing_bucket_is_told, a_bucket_is_made_once,
        wrong_keys_are_told, looks_tell_size_and_age);
    // What is planned is seen as if it were there; its bytes nobody knows.
    holds!(dry_run: nothing_shows_before_the_commit, an_object_that_was_given_up_leaves_nothing, a_taken_key_is_kept,
        absence_is_told, keys_that_could_mean_two_things_are_refused, listings_are_sorted_and_begin_with_the_prefix,
        a_long_listing_is_whole, removing_takes_one_object, a_missing_bucket_is_told, a_bucket_is_made_once,
        wrong_keys_are_told, looks_tell_size_and_age);
}

#[tokio::test]
async fn what_passes_is_asked_again_and_what_does_not_is_told() {
    let house = real().await;
    let object = house.object("flaky/x");
    put(&house.call, Put::new(object.clone()), b"twice refused").await.unwrap();
    assert_eq!(house.read(&object).await.unwrap(), b"twice refused");
    let error = house.read(&house.object("skewed/x")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.what()),
        (Kind::Denied, &*format!("cannot get `{}/skewed/x`", house.store.title()))
    );
    assert!(error.hint_text().unwrap().contains("the clock of this machine is wrong"), "{error:?}");
}

#[tokio::test]
async fn an_answer_that_got_lost_is_looked_up() {
    let house = real().await;
    let object = house.object("unheard/x");
    put(&house.call, Put::new(object.clone()), b"stored once").await.unwrap();
    assert_eq!(house.read(&object).await.unwrap(), b"stored once");
}

#[tokio::test]
async fn a_large_upload_that_is_dropped_is_taken_back() {
    let world = Arc::new(Real::ambient());
    let house = Storehouse::of(caller(world.clone()), world.clone(), None).await;
    let mut sink = house.call.put(Put { part_bytes: 5 << 20, ..Put::new(house.object("large")) }).await.unwrap();
    sink.write(Bytes::from(vec![7; 6 << 20])).await.unwrap();
    assert_eq!(house.uploads().await, "large");
    drop(sink);
    assert!(world.settle(std::time::Duration::from_secs(10)));
    assert_eq!(house.uploads().await, "");
    assert_eq!(house.keys("").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_stranger_is_told_that_the_policy_is_against_it() {
    let house = real().await;
    let (access_key, secret_key) = ObjectStore::shared().keys("stranger");
    let store = house.store(|store| (store.access_key, store.secret_key) = (access_key, Secret::new(secret_key)));
    let error = house.call.list_objects(store, "").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.hint_text().unwrap().contains("look at the policies"), "{error:?}");
}

#[tokio::test]
async fn a_clock_that_goes_wrong_is_told_before_an_upload() {
    let house = real().await;
    let store = house.store(|store| store.bucket = "skewed-bucket".into());
    let error = house.call.put(Put::new(Object::new(store, "x").unwrap())).await.err().unwrap();
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.hint_text().unwrap().contains("the clock of this machine is wrong"), "{error:?}");
}

/// A server that is no object store, asked as if it were: its paths say how it answers.
async fn odd_store(receiver: &Receiver, bucket: &str) -> (Caller, Arc<Store>) {
    let endpoint = Some(Address::parse(&receiver.url("")).unwrap());
    let house = real().await;
    let store = house.store(|store| (store.endpoint, store.bucket) = (endpoint, bucket.to_owned()));
    (house.call, store)
}

#[tokio::test]
async fn a_refusal_without_words_is_not_taken_for_a_policy() {
    let receiver = Receiver::start();
    let (call, store) = odd_store(&receiver, "status").await;
    let error = call.put(Put::new(Object::new(store, "403").unwrap())).await.err().unwrap();
    assert_eq!((error.kind(), error.causes()), (Kind::Denied, vec!["it was answered with 403".to_owned()]));
    assert!(error.hint_text().unwrap().contains("the store does not say why"), "{error:?}");
}

#[tokio::test]
async fn a_listing_that_goes_in_a_circle_is_refused() {
    let receiver = Receiver::start();
    let (call, store) = odd_store(&receiver, "list-in-a-circle").await;
    let error = call.list_objects(store, "").await.unwrap_err();
    assert_eq!(error.causes(), ["it says a second time that the rest begins at the same place"]);
    assert_eq!(receiver.got().len(), 2);
}

#[tokio::test]
async fn a_part_of_an_object_and_a_packed_one_are_not_taken_for_the_object() {
    let receiver = Receiver::start();
    for (bucket, key) in [("status", "206"), ("packed", "backup.sql")] {
        let (call, store) = odd_store(&receiver, bucket).await;
        let error = call.get(Object::new(store, key).unwrap()).await.err().unwrap();
        assert_eq!(error.kind(), Kind::Integrity, "{bucket}: {error:?}");
    }
}

#[tokio::test]
async fn a_store_that_answers_with_another_checksum_has_not_stored_the_object() {
    let receiver = Receiver::start();
    let (call, store) = odd_store(&receiver, "other-sum").await;
    let error = put(&call, Put::new(Object::new(store, "x").unwrap()), b"what was sent").await.unwrap_err();
    assert!(error.one_line().contains("checksum (MD5)"), "{error:?}");
}

#[tokio::test]
async fn an_object_without_a_length_is_refused() {
    let receiver = Receiver::start();
    let (call, store) = odd_store(&receiver, "chunked").await;
    let error = call.get(Object::new(store, "x").unwrap()).await.err().unwrap();
    assert_eq!(
        (error.kind(), error.what()),
        (Kind::Integrity, "nobody can tell whether all of `s3://chunked/x` would come")
    );
    assert_eq!(error.causes(), ["the answer does not say how long the object is"]);
}

#[tokio::test]
async fn a_bucket_may_stand_before_the_host() {
    let shared = ObjectStore::shared();
    let variables = [("HTTP_PROXY".to_owned(), shared.endpoint()), ("NO_PROXY".to_owned(), String::new())];
    let call = caller(Arc::new(Real::ambient().with_variables(variables)));
    let endpoint = Some(Address::parse("http://s3.ap-northeast-1.amazonaws.com").unwrap());
    let store = Arc::new(Store { endpoint, path_style: false, ..(*shared.bucket("before-the-host")).clone() });
    call.make_bucket(store.clone()).await.unwrap();
    let object = Object::new(store.clone(), "日本 語/x").unwrap();
    put(&call, Put::new(object.clone()), b"virtual").await.unwrap();
    assert_eq!(drain(&mut *call.get(object).await.unwrap()).await.unwrap(), b"virtual");
    let entries = call.list_objects(store, "日本 ").await.unwrap();
    assert_eq!(entries.len(), 1);
}

#[tokio::test]
async fn a_store_that_is_down_is_told_alike() {
    let house = real().await;
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = Some(Address::parse(&format!("http://127.0.0.1:{closed}")).unwrap());
    let store = house.store(|store| store.endpoint = endpoint);
    let down =
        SimulatedSetup { store: StoreSetup { down: true, ..StoreSetup::default() }, ..SimulatedSetup::default() };
    for call in [house.call, caller(Arc::new(Simulated::new(down).unwrap()))] {
        let error = call.list_objects(store.clone(), "p").await.unwrap_err();
        let title = format!("cannot list `{}/p`", store.title());
        assert_eq!((error.kind(), error.what()), (Kind::Network, &*title));
        assert!(error.causes().last().unwrap().contains("Connection refused"), "{error:?}");
    }
}
