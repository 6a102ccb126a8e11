//! The writer's proof of an encrypted backup: what does not come back as it was written is never visible, or goes again.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::future::BoxFuture;
use hikae::backup::pipeline::Pipeline;
use hikae::backup::pool::Pool;
use hikae::backup::recorder::{Identity, Unrecorded};
use hikae::backup::target::Target;
use hikae::backup::writer::Writer;
use hikae::error::{Kind, Result};
use hikae::stream::age::{Lock, age};
use hikae::stream::{ReadBack, SharedFacts, Sink};
use hikae::world::faulty::{Fault, FaultKind, Faulty, Nth};
use hikae::world::objects::{Object, Put, Store};
use hikae::world::simulated::{Simulated, SimulatedSetup};
use hikae::world::{Machine, Reply, Request, World};

use crate::compression::samples::{given, rows};
use crate::support::objects::ObjectStore;

const RECIPIENT: &str = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w";

/// Writes an encrypted backup of some rows.
async fn write(world: Arc<dyn World>, target: Target) -> Result<()> {
    let caller = crate::world_contract::place::caller(world);
    let facts = SharedFacts::default();
    let pipeline =
        Pipeline::new("rows".to_owned(), caller.limits, facts.clone(), || async { Ok(given(&rows(300_000))) });
    let lock = Lock::to(&[RECIPIENT.to_owned()]).unwrap();
    let pipeline = pipeline.then(move |source, facts| age(source, lock, facts));
    let identity = Identity {
        run_id: "BKP-20260215-020000-daily".to_owned(),
        recipe: "shop".to_owned(),
        recipe_sha256: String::new(),
        kind: "backup".to_owned(),
        database: None,
        confirmed: false,
    };
    let guard = Pool::default().guard()?;
    let writer = Writer { caller, identity, facts, step: 1, recorder: Arc::new(Unrecorded), guard };
    writer.write(pipeline, target, Vec::new()).await.map(drop)
}

/// What lies in the folder of backups.
fn visible(world: &Simulated) -> usize {
    world.snapshot().files.keys().filter(|path| path.starts_with("/backups") && path.extension().is_some()).count()
}

fn file() -> Target {
    Target::File("/backups/x.age".into())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_stored_otherwise_than_written_is_never_visible() {
    let world = Simulated::new(SimulatedSetup::default()).unwrap();
    write(Arc::new(world.clone()), file()).await.unwrap();
    assert_eq!(visible(&world), 2);

    let world = Simulated::new(SimulatedSetup::default()).unwrap();
    let error = write(Arc::new(Forgetful(world.clone())), file()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity, "{}", error.one_line());
    assert_eq!(visible(&world), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_does_not_come_back_goes_again_with_its_manifest() {
    let objects = BTreeMap::from([("s3://shop/old".to_owned(), crate::world_contract::objects::text("old"))]);
    let setup = SimulatedSetup { objects, ..SimulatedSetup::default() };
    let store = Store { endpoint: None, bucket: "shop".into(), ..(*ObjectStore::shared().bucket("shop")).clone() };
    let store = Arc::new(store);
    let target = || Target::Object(Box::new(Put::new(Object::new(store.clone(), "new.age").unwrap())));
    let keys = |world: &Simulated| world.snapshot().objects.keys().cloned().collect::<Vec<_>>();

    let world = Simulated::new(setup.clone()).unwrap();
    write(Arc::new(world.clone()), target()).await.unwrap();
    assert_eq!(keys(&world), ["s3://shop/new.age", "s3://shop/new.age.manifest.json", "s3://shop/old"]);

    let world = Simulated::new(setup).unwrap();
    let cut = Fault { at: Nth { verb: Some("get".to_owned()), n: 1 }, what: FaultKind::Cut { after_bytes: 1000 } };
    let faulty = Faulty::new(world.clone(), [cut]);
    write(Arc::new(faulty), target()).await.unwrap_err();
    assert_eq!(keys(&world), ["s3://shop/old"]);
}

/// A world whose disk changes one byte of what it is given.
struct Forgetful(Simulated);

impl World for Forgetful {
    fn perform(&self, request: Request) -> BoxFuture<'_, Result<Reply>> {
        Box::pin(async {
            Ok(match self.0.perform(request).await? {
                Reply::Sink(inner) => Reply::Sink(Box::new(Changing { inner, written: 0 })),
                reply => reply,
            })
        })
    }

    fn now(&self) -> chrono::DateTime<chrono::FixedOffset> {
        self.0.now()
    }

    fn elapsed(&self) -> std::time::Duration {
        self.0.elapsed()
    }

    fn environment(&self) -> Arc<BTreeMap<String, String>> {
        self.0.environment()
    }

    fn machine(&self) -> Machine {
        self.0.machine()
    }
}

struct Changing {
    inner: Box<dyn Sink>,
    written: usize,
}

impl Sink for Changing {
    fn write(&mut self, data: Bytes) -> BoxFuture<'_, Result<()>> {
        let mut changed = data.to_vec();
        if (self.written..self.written + changed.len()).contains(&100_000) {
            changed[100_000 - self.written] ^= 1;
        }
        self.written += changed.len();
        self.inner.write(changed.into())
    }

    fn seal(&mut self) -> BoxFuture<'_, Result<()>> {
        self.inner.seal()
    }

    fn read_back(&mut self) -> BoxFuture<'_, Result<ReadBack>> {
        self.inner.read_back()
    }

    fn commit(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        self.inner.commit()
    }

    fn abort(self: Box<Self>) -> BoxFuture<'static, Result<()>> {
        self.inner.abort()
    }
}
