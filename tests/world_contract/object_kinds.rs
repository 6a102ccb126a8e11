//! The stores of other kinds, each asked on loopback for everything that every store promises.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hikae::world::objects::url;
use hikae::world::real::Real;

use super::objects::{Storehouse, common_checks};
use super::place::caller;
use crate::support::stores;

/// A bucket that no other test has.
fn named(begin: &str) -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    format!("{begin}-{}", NUMBER.fetch_add(1, Ordering::Relaxed))
}

async fn house(address: &str, world: Real) -> Storehouse {
    let world = Arc::new(world);
    Storehouse::at(Arc::new(url::store(address).unwrap()), caller(world.clone()), world, None).await
}

async fn google() -> Storehouse {
    house(&format!("gs://{}/daily", named("bucket")), stores::google()).await
}

async fn azure() -> Storehouse {
    house(&format!("azblob://{}", named("container")), stores::azure()).await
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

mod on {
    use super::{azure, google, rclone, sftp};

    super::common_checks!(google, azure, sftp, rclone);
}
