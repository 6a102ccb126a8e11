//! What each decorator does with objects.

use std::collections::BTreeMap;
use std::sync::Arc;

use hikae::error::Kind;
use hikae::world::dry_run::{DryRun, is_withheld};
use hikae::world::faulty::{Fault, FaultKind, Faulty, Nth, ways};
use hikae::world::guarded::{Guarded, Needs};
use hikae::world::http::Address;
use hikae::world::journal::{Journal, Outcome};
use hikae::world::objects::{Object, Put, Store};
use hikae::world::simulated::{Simulated, SimulatedSetup};

use super::objects::{put, text};
use super::place::{caller, drain};
use crate::support::objects::ObjectStore;

fn furnished() -> (Simulated, Arc<Store>) {
    let objects = BTreeMap::from([("s3://shop/old".to_owned(), text("old")), ("s3://other/x".to_owned(), text("x"))]);
    let world = Simulated::new(SimulatedSetup { objects, ..SimulatedSetup::default() }).unwrap();
    let store = Store { endpoint: None, bucket: "shop".into(), ..(*ObjectStore::shared().bucket("shop")).clone() };
    (world, Arc::new(store))
}

#[tokio::test]
async fn what_would_be_stored_and_removed_is_planned() {
    let (world, store) = furnished();
    let dry = Arc::new(DryRun::new(world.clone()));
    let call = caller(dry.clone());
    let object = |key: &str| Object::new(store.clone(), key).unwrap();
    put(&call, Put::new(object("new")), b"12345").await.unwrap();
    call.remove_object(object("old")).await.unwrap();
    let elsewhere = Arc::new(Store { bucket: "elsewhere".into(), ..(*store).clone() });
    assert!(call.make_bucket(elsewhere.clone()).await.unwrap());
    assert_eq!(call.list_objects(elsewhere, "").await.unwrap(), []);
    let mut source = call.get(object("new")).await.unwrap();
    assert!(is_withheld(&source.next().await.unwrap_err()));
    assert_eq!(call.get(object("old")).await.err().unwrap().kind(), Kind::NotFound);
    let plan: Vec<String> =
        dry.plan().into_iter().map(|one| format!("{} {} {:?}", one.verb, one.object, one.detail)).collect();
    assert_eq!(
        plan,
        [
            "put s3://shop/new Some(\"5 B\")",
            "remove_object s3://shop/old Some(\"3 B, 0 days old\")",
            "make_bucket s3://elsewhere None"
        ]
    );
    assert_eq!(world.snapshot().objects.keys().collect::<Vec<_>>(), ["s3://other/x", "s3://shop/old"]);
}

#[tokio::test]
async fn only_declared_objects_are_touched() {
    let (world, store) = furnished();
    let declared = |objects: &[&str]| {
        let objects = objects.iter().map(|text| (*text).to_owned()).collect();
        caller(Arc::new(Guarded::new(world.clone(), Needs { objects, ..Needs::default() }).unwrap()))
    };
    let object = |key: &str| Object::new(store.clone(), key).unwrap();
    for objects in [&["s3://shop"][..], &["s3://shop/"], &["s3://shop/o*"], &["", "s3://shop/old"]] {
        declared(objects).stat_object(object("old")).await.unwrap();
    }
    for objects in [&["s3://shop/older"][..], &["s3://sho*p"], &["s3://shopping"], &[]] {
        let Ok(guarded) = Guarded::new(
            world.clone(),
            Needs { objects: objects.iter().map(|text| (*text).to_owned()).collect(), ..Needs::default() },
        ) else {
            assert_eq!(objects, ["s3://sho*p"], "which is no address");
            continue;
        };
        let error = caller(Arc::new(guarded)).stat_object(object("old")).await.unwrap_err();
        assert_eq!((error.kind(), error.what()), (Kind::Denied, "the recipe may not touch `s3://shop/old`"));
        assert_eq!(error.hint_text(), Some("add `objects = { \"s3://shop/*\" }` to its needs"));
    }
    let call = declared(&["s3://shop/o*"]);
    assert_eq!(call.list_objects(store.clone(), "ol").await.unwrap().len(), 1);
    assert_eq!(
        call.list_objects(store.clone(), "").await.unwrap_err().kind(),
        Kind::Denied,
        "it would show the others"
    );
    let endpoint = Some(Address::parse("https://elsewhere.example").unwrap());
    let error = call.list_objects(Arc::new(Store { endpoint, ..(*store).clone() }), "o").await.unwrap_err();
    assert_eq!(error.hint_text(), Some("add `connect = { \"elsewhere.example\" }` to its needs"));
}

#[tokio::test]
async fn an_object_can_fail_in_every_way_that_makes_sense() {
    let (world, store) = furnished();
    let journal = Arc::new(Journal::new(world.clone()));
    let call = caller(journal.clone());
    let object = |key: &str| Object::new(store.clone(), key).unwrap();
    put(&call, Put::new(object("new")), &[1; 10]).await.unwrap();
    drain(&mut *call.get(object("new")).await.unwrap()).await.unwrap();
    let records = journal.entries();
    assert_eq!((records[0].size_bytes, &records[0].outcome), (10, &Outcome::Done));
    assert!(!format!("{records:?}").contains(store.keys.as_ref().unwrap().secret_key.expose()));
    let faults = ways(&records);
    assert_eq!(faults.len(), 5 + 5);
    for Fault { at, what } in faults {
        let (world, _) = furnished();
        let faulty = Faulty::new(world.clone(), [Fault { at: at.clone(), what: what.clone() }]);
        let call = caller(Arc::new(faulty));
        let stored = put(&call, Put::new(object("new")), &[1; 10]).await;
        if at.n == 1 {
            assert!(stored.is_err(), "{what:?}");
            assert!(!world.snapshot().objects.contains_key("s3://shop/new"), "{what:?}");
            assert!(world.snapshot().uploads.is_empty(), "{what:?}");
            continue;
        }
        let got = match call.get(object("new")).await {
            Ok(mut source) => drain(&mut *source).await,
            Err(error) => Err(error),
        };
        assert!(got.is_err(), "{what:?}");
    }
    let slow = Fault {
        at: Nth { verb: Some("put".to_owned()), n: 1 },
        what: FaultKind::Slow { by: std::time::Duration::from_secs(1) },
    };
    put(&caller(Arc::new(Faulty::new(furnished().0, [slow]))), Put::new(object("new")), b"x").await.unwrap();
}
