//! The stores of other kinds, each asked on loopback for everything that every store promises.

use std::sync::Arc;

use hikae::error::Kind;
use hikae::world::objects::{Object, Put, url};
use hikae::world::real::Real;

use super::objects::{Storehouse, common_checks, holds, put};
use super::place::caller;
use crate::support::stores::{self, Scripted, fresh, reply};

async fn house(address: &str, world: Real) -> Storehouse {
    let world = Arc::new(world);
    Storehouse::at(Arc::new(url::store(address).unwrap()), caller(world.clone()), world, None).await
}

async fn google() -> Storehouse {
    house(&format!("gs://{}/daily", fresh("bucket")), stores::google()).await
}

async fn azure() -> Storehouse {
    house(&format!("azblob://{}", fresh("container")), stores::azure()).await
}

async fn sftp() -> Storehouse {
    let held = tempfile::tempdir().unwrap();
    let address = format!("sftp://nas{}/back ups", held.path().display());
    house(&address, stores::sftp(held.path())).await.holding(held)
}

async fn rclone() -> Storehouse {
    let held = tempfile::tempdir().unwrap();
    house("rclone://nas/back ups", stores::rclone(held.path())).await.holding(held)
}

async fn at_other_s3(of_rclone: bool) -> Storehouse {
    let (world, store) = (Arc::new(Real::ambient()), stores::other_s3(of_rclone, &fresh("other")));
    Storehouse::at(Arc::new(store), caller(world.clone()), world, None).await
}

async fn rclone_server() -> Storehouse {
    at_other_s3(true).await
}

async fn ministack() -> Storehouse {
    at_other_s3(false).await
}

/// Other servers that speak S3: what each does not keep is in docs/objects.md. Before a folder there is no key `a/` beside `a`.
mod at_other_servers {
    use super::{ministack, rclone_server};

    super::holds!(ministack: an_object_comes_back_byte_for_byte, a_large_object_comes_back_byte_for_byte, an_empty_object_is_one,
        nothing_shows_before_the_commit, a_taken_key_is_kept, a_key_taken_meanwhile_is_kept, an_object_is_replaced_only_on_request,
        what_is_kept_with_an_object_is_told, absence_is_told, odd_keys_are_kept_to_the_letter,
        listings_are_sorted_and_begin_with_the_prefix, removing_takes_one_object, a_missing_bucket_is_told, a_bucket_is_made_once,
        looks_tell_size_and_age);
    super::holds!(rclone_server: an_object_comes_back_byte_for_byte, a_large_object_comes_back_byte_for_byte, an_empty_object_is_one,
        nothing_shows_before_the_commit, a_taken_key_is_kept, an_object_is_replaced_only_on_request,
        what_is_kept_with_an_object_is_told, absence_is_told,
        listings_are_sorted_and_begin_with_the_prefix, removing_takes_one_object, a_missing_bucket_is_told, a_bucket_is_made_once,
        looks_tell_size_and_age);
}

mod on {
    use super::{azure, rclone, sftp};

    super::common_checks!(azure, sftp, rclone);
}

/// The emulator does not keep the precondition of a resumable upload: that one is scripted below.
mod at_google {
    use super::google;

    super::holds!(google: an_object_comes_back_byte_for_byte, a_large_object_comes_back_byte_for_byte, an_empty_object_is_one,
        nothing_shows_before_the_commit, an_object_that_was_given_up_leaves_nothing, a_taken_key_is_kept,
        an_object_is_replaced_only_on_request, what_is_kept_with_an_object_is_told, absence_is_told,
        odd_keys_are_kept_to_the_letter, keys_that_could_mean_two_things_are_refused,
        listings_are_sorted_and_begin_with_the_prefix, a_long_listing_is_whole, removing_takes_one_object,
        a_missing_bucket_is_told, a_bucket_is_made_once, looks_tell_size_and_age, what_was_stored_is_known_again);
}

/// The scripted Google has an object of another one under the key as soon as the upload comes to its end.
#[tokio::test]
async fn google_is_asked_never_to_replace_and_its_refusal_is_told() {
    let server = Scripted::start(|request| match request.lines().next().unwrap_or_default() {
        line if line.starts_with("POST /upload/") => {
            let host = request.lines().find_map(|line| line.strip_prefix("host: ")).unwrap();
            reply("200 OK", &format!("location: http://{host}/session\r\n"), "")
        }
        line if line.starts_with("PUT /session") => reply("412 Precondition Failed", "", "{}"),
        line if line.starts_with("GET /storage/v1/b/shop/o/") => reply("404 Not Found", "", "{}"),
        _ => reply("200 OK", "", "{}"),
    });
    let variables = [("STORAGE_EMULATOR_HOST".to_owned(), format!("127.0.0.1:{}", server.port))];
    let call = caller(Arc::new(Real::ambient().with_variables(variables)));
    let object = Object::new(Arc::new(url::store("gs://shop").unwrap()), "x").unwrap();
    let error = put(&call, Put::new(object), b"mine").await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::AlreadyExists, "cannot put `gs://shop/x`"));
    let begun = server.asked().into_iter().find(|asked| asked.starts_with("POST /upload/")).unwrap();
    assert!(begun.contains("ifGenerationMatch=0"), "{begun}");
}
