//! Odd keys, odd buckets, keys that may only store, and stores that lie about what they keep.

use std::sync::Arc;

use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::world::http::Address;
use hikae::world::objects::{Keys, Object, Store, StoreKind, url};
use hikae::world::real::Real;

use super::places::{caller, put, read};
use crate::support::objects::ObjectStore;
use crate::support::stores::fresh;
use crate::support::stores::{self, Scripted, reply};

/// Keys that one program or another writes in another way.
fn odd() -> Vec<String> {
    let long = format!("{}/{}", "深".repeat(300), "x".repeat(1024 - 901));
    let keys = [
        "a b/c d",
        "a+b",
        "100%",
        "%2F",
        "%20 ",
        "a//b",
        "a/",
        "日本語/控え.sql.gz",
        "é",
        "e\u{301}",
        "~!@#$^&*()_=[]{}|;:'\",.<>?`",
        "\\",
        "-x",
        "..a",
        "a..",
        ".hidden",
    ];
    keys.iter().map(|key| (*key).to_owned()).chain([long]).collect()
}

async fn keeps(world: Real, store: Store, apart: &[&str]) {
    let (call, store) = (caller(world), Arc::new(store));
    call.make_bucket(store.clone()).await.unwrap();
    let keys: Vec<String> = odd().into_iter().filter(|key| !apart.contains(&key.as_str())).collect();
    for key in &keys {
        let object = Object::new(store.clone(), key).unwrap_or_else(|error| panic!("{key}: {error:?}"));
        put(&call, object.clone(), key.as_bytes()).await.unwrap_or_else(|error| panic!("{key}: {error:?}"));
        assert_eq!(read(&call, object).await.unwrap(), key.as_bytes(), "{key}");
    }
    let mut sorted = keys.clone();
    sorted.sort_unstable();
    let listed: Vec<String> =
        call.list_objects(store.clone(), "").await.unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(listed, sorted);
    for key in keys {
        call.remove_object(Object::new(store.clone(), &key).unwrap())
            .await
            .unwrap_or_else(|error| panic!("{key}: {error:?}"));
    }
    assert!(call.list_objects(store.clone(), "").await.unwrap().is_empty());
    for key in ["", "/a", "a/../b", "..", "./a", "a\nb", &"x".repeat(1025)] {
        assert_eq!(Object::new(store.clone(), key).unwrap_err().kind(), Kind::Recipe, "{key:?}");
    }
}

#[tokio::test]
async fn odd_keys_are_kept_by_s3() {
    let store = ObjectStore::shared().bucket(&fresh("odd.keys.with-dots"));
    keeps(Real::ambient(), (*store).clone(), &[]).await;
}

#[tokio::test]
async fn odd_keys_are_kept_by_google() {
    keeps(stores::google(), url::store(&format!("gs://{}", fresh("odd.keys"))).unwrap(), &[]).await;
}

/// To azurite `\` is a `/`.
#[tokio::test]
async fn odd_keys_are_kept_by_azure() {
    keeps(stores::azure(), url::store(&format!("azblob://{}", fresh("odd-keys"))).unwrap(), &["\\"]).await;
}

/// A bucket with dots is in the path also at Amazon's own address: no certificate covers it before the host.
#[tokio::test]
async fn a_bucket_with_dots_is_asked_in_the_path() {
    let shared = ObjectStore::shared();
    let variables = [("HTTP_PROXY".to_owned(), shared.endpoint()), ("NO_PROXY".to_owned(), String::new())];
    let call = caller(Real::ambient().with_variables(variables));
    let endpoint = Some(Address::parse("http://s3.ap-northeast-1.amazonaws.com").unwrap());
    let bucket = shared.bucket(&fresh("our.own.backups"));
    let store = Arc::new(Store { endpoint, path_style: None, ..(*bucket).clone() });
    call.make_bucket(store.clone()).await.unwrap();
    put(&call, Object::new(store, "x").unwrap(), b"dotted").await.unwrap();
    let direct = caller(Real::ambient());
    assert_eq!(read(&direct, Object::new(bucket, "x").unwrap()).await.unwrap(), b"dotted");
}

/// The key that a backup host should have: it may store, and neither list nor read nor delete.
#[tokio::test]
async fn a_key_that_may_only_store_is_enough_to_store() {
    let shared = ObjectStore::shared();
    let (direct, bucket) = (caller(Real::ambient()), shared.bucket(&fresh("only-storing")));
    direct.make_bucket(bucket.clone()).await.unwrap();
    let (access_key, secret_key) = shared.keys("writer");
    let keys = Some(Keys { access_key, secret_key: Secret::new(secret_key), session_token: None });
    let (call, own) = (caller(Real::ambient()), Arc::new(Store { keys, ..(*bucket).clone() }));
    let large = vec![5; 11 << 20];
    for (key, data) in [("small", &b"stored"[..]), ("second", b"stored too"), ("large", &large)] {
        put(&call, Object::new(own.clone(), key).unwrap(), data)
            .await
            .unwrap_or_else(|error| panic!("{key}: {error:?}"));
        assert!(read(&direct, Object::new(bucket.clone(), key).unwrap()).await.unwrap() == data, "{key}");
    }
    for key in ["small", "large"] {
        let error = put(&call, Object::new(own.clone(), key).unwrap(), b"another").await.unwrap_err();
        assert!(matches!(error.kind(), Kind::AlreadyExists), "{key}: {error:?}");
    }
    assert_eq!(call.list_objects(own, "").await.unwrap_err().kind(), Kind::Denied);
}

/// It keeps zeros in place of what it is given, and answers with their checksum.
#[tokio::test]
async fn a_store_that_keeps_zeros_is_found_out() {
    use hikae::stream::hex::hex;
    use md5::{Digest, Md5};
    let server = Scripted::start(|request| {
        let first = request.lines().next().unwrap_or_default();
        let length = request.split_once("\r\n\r\n").map_or(0, |(_, body)| body.len());
        let zeros = hex(Md5::digest(vec![0; length]));
        match first {
            line if line.starts_with("HEAD /zeros/x") => reply("404 Not Found", "", ""),
            line if line.contains("?uploads=") => reply(
                "200 OK",
                "",
                "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>",
            ),
            line if line.starts_with("PUT") => reply("200 OK", &format!("etag: \"{zeros}\"\r\n"), ""),
            _ => reply("200 OK", "", "<ListBucketResult/>"),
        }
    });
    let endpoint = Some(Address::parse(&format!("http://127.0.0.1:{}", server.port)).unwrap());
    let store = Arc::new(Store { endpoint, ..(*ObjectStore::shared().bucket("zeros")).clone() });
    assert_eq!(store.kind, StoreKind::S3);
    for data in [vec![b'x'; 1000], vec![b'x'; 6 << 20]] {
        let error = put(&caller(Real::ambient()), Object::new(store.clone(), "x").unwrap(), &data).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity, "{error:?}");
        assert!(error.one_line().contains("checksum (MD5)"), "{error:?}");
    }
}
