//! Stores that fail, refuse, or answer oddly, and what is said of them.

use std::sync::Arc;

use bytes::Bytes;
use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::world::Caller;
use hikae::world::http::Address;
use hikae::world::objects::{Keys, Object, Put, Store};
use hikae::world::real::Real;
use hikae::world::simulated::{Simulated, SimulatedSetup, StoreSetup};

use super::objects::{Storehouse, put, real};
use super::place::{caller, drain};
use crate::support::objects::ObjectStore;
use crate::support::receiver::Receiver;

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
    let keys = Some(Keys { access_key, secret_key: Secret::new(secret_key), session_token: None });
    let store = house.store(|store| store.keys = keys);
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
    let store = Arc::new(Store { endpoint, path_style: Some(false), ..(*shared.bucket("before-the-host")).clone() });
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
