//! What every world promises about objects in a store.

use bytes::Bytes;
use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::world::objects::{Keys, Object, Put, StoreKind};

use super::objects::{Storehouse, put};

pub async fn an_object_comes_back_byte_for_byte(house: &Storehouse) {
    let object = house.object("daily/db.sql.gz");
    put(&house.call, Put::new(object.clone()), b"some \0 bytes").await.unwrap();
    assert_eq!(house.read(&object).await.unwrap(), b"some \0 bytes");
}

pub async fn a_large_object_comes_back_byte_for_byte(house: &Storehouse) {
    let data: Vec<u8> = (0..20_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let object = house.object("large");
    put(&house.call, Put { part_bytes: 5 << 20, ..Put::new(object.clone()) }, &data).await.unwrap();
    assert!(house.read(&object).await.unwrap() == data, "other bytes came back");
    assert_eq!(house.uploads().await, "");
    assert_eq!(house.call.stat_object(object).await.unwrap().unwrap().size_bytes, 20 << 20);
}

pub async fn an_empty_object_is_one(house: &Storehouse) {
    let object = house.object("empty");
    put(&house.call, Put::new(object.clone()), b"").await.unwrap();
    assert_eq!(house.read(&object).await.unwrap(), b"");
    assert_eq!(house.call.stat_object(object).await.unwrap().unwrap().size_bytes, 0);
}

pub async fn nothing_shows_before_the_commit(house: &Storehouse) {
    let mut sink = house.call.put(Put { part_bytes: 5 << 20, ..Put::new(house.object("new")) }).await.unwrap();
    sink.write(Bytes::from(vec![1; 6 << 20])).await.unwrap();
    sink.seal().await.unwrap();
    assert_eq!(house.keys("").await, Vec::<String>::new());
    assert_eq!(house.call.stat_object(house.object("new")).await.unwrap(), None);
    sink.commit().await.unwrap();
    assert_eq!(house.keys("").await, ["new"]);
}

pub async fn an_object_that_was_given_up_leaves_nothing(house: &Storehouse) {
    for (key, size) in [("small", 10), ("large", 6 << 20)] {
        let mut sink = house.call.put(Put { part_bytes: 5 << 20, ..Put::new(house.object(key)) }).await.unwrap();
        sink.write(Bytes::from(vec![1; size])).await.unwrap();
        sink.seal().await.unwrap();
        sink.abort().await.unwrap();
    }
    drop(house.call.put(Put::new(house.object("dropped"))).await.unwrap());
    assert_eq!(house.keys("").await, Vec::<String>::new());
    assert_eq!(house.uploads().await, "");
}

pub async fn a_taken_key_is_kept(house: &Storehouse) {
    let object = house.put("taken", "first").await;
    let error = house.call.put(Put::new(object.clone())).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::AlreadyExists, &*format!("cannot put `{object}`")));
    assert_eq!(house.read(&object).await.unwrap(), b"first");
}

pub async fn a_key_taken_meanwhile_is_kept(house: &Storehouse) {
    for (key, size) in [("small", 10), ("large", 6 << 20)] {
        let mut sink = house.call.put(Put { part_bytes: 5 << 20, ..Put::new(house.object(key)) }).await.unwrap();
        sink.write(Bytes::from(vec![1; size])).await.unwrap();
        sink.seal().await.unwrap();
        let object = house.put(key, "first").await;
        let error = sink.commit().await.unwrap_err();
        assert_eq!((error.kind(), error.what()), (Kind::AlreadyExists, &*format!("cannot put `{object}`")));
        assert_eq!(house.read(&object).await.unwrap(), b"first");
    }
}

pub async fn an_object_is_replaced_only_on_request(house: &Storehouse) {
    let object = house.put("key", "first").await;
    let class = (house.store.kind == StoreKind::S3).then(|| "STANDARD_IA".to_owned());
    let replacing = Put { replace: true, storage_class: class.clone(), ..Put::new(object.clone()) };
    put(&house.call, replacing, b"second").await.unwrap();
    assert_eq!(house.read(&object).await.unwrap(), b"second");
    let stat = house.call.stat_object(object).await.unwrap().unwrap();
    assert_eq!(stat.storage_class, class);
}

pub async fn what_is_kept_with_an_object_is_told(house: &Storehouse) {
    if house.is_tree() {
        return;
    }
    for (key, size) in [("small", 3), ("large", 6 << 20)] {
        let object = house.object(key);
        let mut one = Put { part_bytes: 5 << 20, ..Put::new(object.clone()) };
        one.metadata = [("sha256", "ab12"), ("mtime", "1771088400.5")].map(|(a, b)| (a.into(), b.into())).into();
        one.tags = [("hikae".to_owned(), "backup".to_owned())].into();
        put(&house.call, one, &vec![1; size]).await.unwrap();
        let stat = house.call.stat_object(object).await.unwrap().unwrap();
        assert_eq!(stat.metadata.get("sha256").map(String::as_str), Some("ab12"));
        assert_eq!(stat.metadata.get("mtime").map(String::as_str), Some("1771088400.5"));
    }
}

pub async fn absence_is_told(house: &Storehouse) {
    let object = house.object("no/such");
    assert_eq!(house.call.stat_object(object.clone()).await.unwrap(), None);
    let error = house.call.get(object.clone()).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::NotFound, &*format!("cannot get `{object}`")));
    assert_eq!(error.causes(), ["nothing is stored under this key"]);
    let error = house.call.remove_object(object.clone()).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::NotFound, &*format!("cannot remove `{object}`")));
    assert_eq!(house.keys("no").await, Vec::<String>::new());
}

/// In the order of their bytes.
const ODD: [&str; 11] = [
    "%41",
    "a",
    "a b+c&d=e?f#g",
    "a%2Fb..c",
    "a'b\"<c>;*(d)!",
    "a/",
    "a//b",
    "ends with a blank ",
    "~x",
    "日本/控え.gz",
    "🦊",
];

pub async fn odd_keys_are_kept_to_the_letter(house: &Storehouse) {
    let fits = |key: &&&str| !house.is_tree() || !(key.ends_with('/') || key.contains("//"));
    let mut odd: Vec<String> = ODD.iter().filter(fits).map(|key| (*key).to_owned()).collect();
    // As long as a key can be below the root of this store.
    let room = if house.is_tree() { 1000 } else { 1024 - house.store.full("").len() };
    let long: String = "x/".repeat(512).chars().take(room - room % 2 - 1).collect();
    odd.insert(odd.len() - 3, long);
    for key in &odd {
        put(&house.call, Put::new(house.object(key)), key.as_bytes()).await.unwrap();
    }
    assert_eq!(house.keys("").await, odd);
    for key in &odd {
        assert_eq!(house.keys(key).await[0], *key);
        assert_eq!(house.read(&house.object(key)).await.unwrap(), key.as_bytes());
        house.call.remove_object(house.object(key)).await.unwrap();
    }
    assert_eq!(house.keys("").await, Vec::<String>::new());
}

pub async fn keys_that_could_mean_two_things_are_refused(house: &Storehouse) {
    let long = if house.is_tree() { "..".to_owned() } else { "x".repeat(1025) };
    for key in ["", "/a", "a/../b", "./a", "a\nb", &long] {
        let error = Object::new(house.store.clone(), key).unwrap_err();
        assert_eq!(error.kind(), Kind::Recipe, "{key:?}");
    }
    if house.is_tree() {
        assert_eq!(Object::new(house.store.clone(), "a//b").unwrap_err().kind(), Kind::Recipe);
        return;
    }
    let store = house.store(|store| store.bucket = "No Bucket".into());
    assert_eq!(house.call.list_objects(store, "").await.unwrap_err().kind(), Kind::Recipe);
}

pub async fn listings_are_sorted_and_begin_with_the_prefix(house: &Storehouse) {
    for key in ["b", "a/2", "a/10", "a-", "B", "ä"] {
        house.put(key, key).await;
    }
    assert_eq!(house.keys("").await, ["B", "a-", "a/10", "a/2", "b", "ä"]);
    assert_eq!(house.keys("a/").await, ["a/10", "a/2"]);
    assert_eq!(house.keys("a/1").await, ["a/10"]);
}

pub async fn a_long_listing_is_whole(house: &Storehouse) {
    let many = house.many().await;
    let entries = house.call.list_objects(many, "some/").await.unwrap();
    let keys: Vec<String> = entries.into_iter().map(|entry| entry.key).collect();
    let all: Vec<String> = (0..1100).map(|number| format!("some/{number:04}")).collect();
    assert_eq!(keys, all);
}

pub async fn removing_takes_one_object(house: &Storehouse) {
    let object = house.put("a-", "x").await;
    house.put("a-b/c", "x").await;
    house.call.remove_object(object).await.unwrap();
    assert_eq!(house.keys("").await, ["a-b/c"]);
}

pub async fn a_missing_bucket_is_told(house: &Storehouse) {
    let store = house.missing();
    let title = store.title_of("x");
    let object = Object::new(store.clone(), "x").unwrap();
    let errors = [
        ("list", house.call.list_objects(store, "x").await.err()),
        ("look at", house.call.stat_object(object.clone()).await.err()),
        ("get", house.call.get(object.clone()).await.err()),
        ("put", house.call.put(Put::new(object.clone())).await.err()),
        ("remove", house.call.remove_object(object).await.err()),
    ];
    for (act, error) in errors {
        let error = error.unwrap();
        assert_eq!((error.kind(), error.what()), (Kind::NotFound, &*format!("cannot {act} `{title}`")));
        assert!(error.hint_text().unwrap().contains("`objects.make_bucket`"), "{error:?}");
    }
}

pub async fn a_bucket_is_made_once(house: &Storehouse) {
    assert!(!house.call.make_bucket(house.store.clone()).await.unwrap(), "it stands already");
    let store = house.another();
    assert!(house.call.make_bucket(store.clone()).await.unwrap());
    assert_eq!(house.call.list_objects(store.clone(), "").await.unwrap(), []);
    assert!(!house.call.make_bucket(store).await.unwrap());
}

pub async fn wrong_keys_are_told(house: &Storehouse) {
    let with = |change: &dyn Fn(&mut Keys)| house.store(|store| change(store.keys.as_mut().unwrap()));
    let unknown = with(&|keys| keys.access_key = "AKIANOBODYKNOWSTHIS0".into());
    let mistyped = with(&|keys| keys.secret_key = Secret::new("mistyped-secret-of-a-store"));
    for (store, hint) in [(unknown, "does not know this `access_key`"), (mistyped, "does not belong to `access_key`")] {
        let error = house.call.list_objects(store.clone(), "").await.unwrap_err();
        let title = format!("cannot list `{}/`", house.store.title());
        assert_eq!((error.kind(), error.what()), (Kind::Denied, &*title));
        assert!(error.hint_text().unwrap().contains(hint), "{error:?}");
        assert!(!format!("{error:?}").contains("mistyped-secret"));
        let object = Object::new(store.clone(), "x").unwrap();
        let looked = house.call.stat_object(object.clone()).await.unwrap_err();
        let put = house.call.put(Put::new(object)).await.err().unwrap();
        for error in [looked, put, house.call.make_bucket(store).await.unwrap_err()] {
            assert!(error.kind() == Kind::Denied && error.hint_text().unwrap().contains(hint), "{error:?}");
        }
    }
}

pub async fn looks_tell_size_and_age(house: &Storehouse) {
    let object = house.put("x", "12345").await;
    let stat = house.call.stat_object(object).await.unwrap().unwrap();
    let age = house.call.world.now() - stat.modified;
    assert!(age.num_seconds().abs() <= 2, "{age:?}");
    assert_eq!((stat.size_bytes, stat.storage_class.as_deref(), stat.etag.is_empty()), (5, None, false));
    let listed = house.call.list_objects(house.store.clone(), "x").await.unwrap();
    assert_eq!((listed[0].stat.size_bytes, &listed[0].stat.etag), (5, &stat.etag));
}

/// What the upload was known by when it was committed is what is seen there, until something else is stored.
pub async fn what_was_stored_is_known_again(house: &Storehouse) {
    for (key, size) in [("small", 10), ("large", 6 << 20)] {
        let object = house.object(key);
        let mut sink = house.call.put(Put { part_bytes: 5 << 20, ..Put::new(object.clone()) }).await.unwrap();
        sink.write(Bytes::from(vec![1; size])).await.unwrap();
        sink.seal().await.unwrap();
        let stamp = sink.stamped().expect("it says by what it is known again");
        sink.commit().await.unwrap();
        let seen = house.call.stat_object(object.clone()).await.unwrap().unwrap();
        assert_eq!(stamp.get(), Some(&seen.stamp()), "{key}");
        put(&house.call, Put { replace: true, ..Put::new(object.clone()) }, b"another").await.unwrap();
        let seen = house.call.stat_object(object).await.unwrap().unwrap();
        assert_ne!(stamp.get(), Some(&seen.stamp()), "{key}");
    }
}
