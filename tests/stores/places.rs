//! A store of each kind, asked directly and through a proxy that does what bad networks do.

use std::sync::Arc;
use std::time::Duration;

use hikae::error::Result;
use hikae::world::http::Address;
use hikae::world::objects::{Object, Put, Store, url};
use hikae::world::real::Real;
use hikae::world::{Caller, Limits};

use crate::support::faults::FaultProxy;
use crate::support::objects::ObjectStore;
use crate::support::stores::{self, fresh};
use crate::world_contract::objects;
use crate::world_contract::place::drain;

const LIMITS: Limits = Limits { total: Duration::from_secs(1200), idle: Duration::from_secs(120) };

/// One bucket and the two ways to it.
pub struct Place {
    pub proxy: FaultProxy,
    pub direct: Caller,
    direct_store: Arc<Store>,
    pub through: Caller,
    pub through_store: Arc<Store>,
}

pub fn caller(world: Real) -> Caller {
    Caller::new(Arc::new(world), LIMITS)
}

impl Place {
    pub async fn s3() -> Place {
        let server = ObjectStore::shared();
        let proxy = FaultProxy::before(server.port);
        let store = server.bucket(&fresh("faulty"));
        let endpoint = Some(Address::parse(&format!("http://127.0.0.1:{}", proxy.port)).unwrap());
        let through = Arc::new(Store { endpoint, ..(*store).clone() });
        Place::of(proxy, (caller(Real::ambient()), store), (caller(Real::ambient()), through)).await
    }

    pub async fn google() -> Place {
        Place::google_at(stores::google_port()).await
    }

    pub async fn azure() -> Place {
        Place::azure_at(stores::azure_port()).await
    }

    /// The emulator at this port.
    pub async fn google_at(port: u16) -> Place {
        let proxy = FaultProxy::before(port);
        let store = Arc::new(url::store(&format!("gs://{}/daily", fresh("faulty"))).unwrap());
        let (direct, through) = (stores::google_at(port), stores::google_at(proxy.port));
        Place::of(proxy, (caller(direct), store.clone()), (caller(through), store)).await
    }

    pub async fn azure_at(port: u16) -> Place {
        let proxy = FaultProxy::before(port);
        let store = Arc::new(url::store(&format!("azblob://{}/daily", fresh("faulty"))).unwrap());
        let (direct, through) = (stores::azure_at(port), stores::azure_at(proxy.port));
        Place::of(proxy, (caller(direct), store.clone()), (caller(through), store)).await
    }

    async fn of(proxy: FaultProxy, direct: (Caller, Arc<Store>), through: (Caller, Arc<Store>)) -> Place {
        assert!(direct.0.make_bucket(direct.1.clone()).await.unwrap());
        Place { proxy, direct: direct.0, direct_store: direct.1, through: through.0, through_store: through.1 }
    }

    pub fn there(&self, key: &str) -> Object {
        Object::new(self.direct_store.clone(), key).unwrap()
    }

    pub fn beyond(&self, key: &str) -> Object {
        Object::new(self.through_store.clone(), key).unwrap()
    }

    /// What is there in truth; nothing where nothing is.
    pub async fn truth(&self, key: &str) -> Option<Vec<u8>> {
        self.direct.stat_object(self.there(key)).await.unwrap()?;
        Some(read(&self.direct, self.there(key)).await.unwrap())
    }
}

pub async fn read(call: &Caller, object: Object) -> Result<Vec<u8>> {
    drain(&mut *call.get(object).await?).await
}

/// Stores `data` to its proved end, in parts where it is larger than one.
pub async fn put(call: &Caller, object: Object, data: &[u8]) -> Result<()> {
    let put = Put { part_bytes: 5 << 20, size_bytes: Some(data.len() as u64), ..Put::new(object) };
    objects::put(call, put, data).await
}

/// Numbers that look random and are the same each time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % sides
    }

    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        (0..count.div_ceil(8)).flat_map(|_| (self.roll(u64::MAX)).to_le_bytes()).take(count).collect()
    }
}
