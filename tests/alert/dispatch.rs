//! All channels at once, each with its own time: none waits for another, and none is told twice.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use hikae::alert::{Channel, Deliver, Delivered, Dispatch, Event, Manner, Verb};
use hikae::catalog::{Catalog, Failure, NewRun, Run, Status, run_id};
use hikae::config::{Config, DiskFiles, Folders};
use hikae::error::{Error, Kind, Result};
use hikae::world::World;
use hikae::world::real::Real;

/// Channels in memory: those named `hangs` never come back, those named `spins` never even yield, `fails` says no.
#[derive(Clone, Default)]
struct Fake(Arc<Mutex<Vec<(String, String)>>>);

impl Fake {
    fn told(&self) -> Vec<(String, String)> {
        let mut told = self.0.lock().unwrap().clone();
        told.sort();
        told
    }
}

impl Deliver for Fake {
    async fn deliver(&self, channel: &Channel, event: &Event, _verb: Verb) -> Result<Delivered> {
        match channel.name.as_str() {
            "hangs" => std::future::pending().await,
            "spins" => loop {
                std::thread::sleep(Duration::from_millis(50));
            },
            "crashes" => panic!("a channel crashes"),
            "fails" => return Err(Error::new(Kind::Denied, "no such webhook")),
            _ => self.0.lock().unwrap().push((channel.name.clone(), event.id.clone())),
        }
        Ok(Delivered::default())
    }
}

struct Place {
    _folder: tempfile::TempDir,
    config: Arc<Config>,
}

impl Place {
    fn with(channels: &[&str]) -> Place {
        Place::within(channels, "1s")
    }

    fn within(channels: &[&str], timeout: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let channel =
            |name: &&str| format!("[[channels]]\nname = \"{name}\"\ntype = \"webhook\"\ntimeout = \"{timeout}\"\n");
        std::fs::write(folder.path().join("hikae.toml"), channels.iter().map(channel).collect::<String>()).unwrap();
        let state = folder.path().join("state").display().to_string();
        let environment = BTreeMap::from([("HIKAE_STATE_DIR".to_owned(), state)]);
        let folders = Folders { config_dir: Some(folder.path().into()), current: PathBuf::from("/"), uid: 0 };
        let config = Arc::new(Config::load(&folders, &environment, Arc::new(DiskFiles)).unwrap());
        std::fs::create_dir_all(&config.state_dir).unwrap();
        Place { _folder: folder, config }
    }

    fn catalog(&self) -> Catalog {
        Catalog::open(&self.config.state_dir.join("catalog.db")).unwrap()
    }

    fn dispatch(&self, fake: &Fake) -> Dispatch<Fake> {
        Dispatch::new(self.config.clone(), fake.clone(), Arc::new(Real::ambient()))
    }

    /// A run that ended so, on record.
    fn ended(&self, second: i64, status: Status) -> Run {
        let started_at = Real::ambient().now() + chrono::Duration::seconds(second);
        let new = NewRun {
            id: run_id(started_at, "daily"),
            recipe: "db-backup".into(),
            recipe_sha256: String::new(),
            backup_type: "daily".into(),
            kind: "backup".into(),
            subject: "db-backup".into(),
            target: "db-backup".into(),
            started_at,
            host: "db1".into(),
            username: "backup".into(),
            process_id: 1,
            parent: None,
        };
        let error = (status != Status::Success).then(|| Failure::from(&Error::new(Kind::Space, "the disk is full")));
        self.catalog().start_run(&new).unwrap();
        let run = Run { status, ended_at: Some(started_at), duration_ms: Some(10), error, ..Run::of(new) };
        self.catalog().finish_run(&run).unwrap();
        run
    }
}

async fn after(dispatch: &Dispatch<Fake>, run: &Run) -> (usize, usize) {
    let tally = dispatch.after_run(run, &Manner::default(), None, &|_| true, std::future::pending()).await;
    (tally.sent, tally.failed)
}

fn statuses(place: &Place) -> BTreeMap<String, String> {
    place.catalog().notices().unwrap().into_iter().map(|queued| (queued.notice.channel, queued.status)).collect()
}

#[tokio::test]
async fn a_channel_that_hangs_spins_or_crashes_delays_no_other_and_the_end_by_its_own_time() {
    let place = Place::with(&["hangs", "spins", "crashes", "fails", "one", "two"]);
    let fake = Fake::default();
    let run = place.ended(0, Status::Failure);
    let dispatch = place.dispatch(&fake);
    let began = Instant::now();
    assert_eq!(after(&dispatch, &run).await, (2, 4));
    assert!(began.elapsed() < Duration::from_secs(20), "each has one second");
    assert_eq!(fake.told(), [("one".to_owned(), run.id.clone()), ("two".to_owned(), run.id.clone())]);
    let left = statuses(&place);
    let status = |name: &str| left[name].as_str();
    assert_eq!((left.len(), status("hangs"), status("spins"), status("crashes")), (4, "unsure", "unsure", "unsure"));
    assert_eq!(status("fails"), "waiting");
    // What is in doubt is sent again only when somebody says so.
    dispatch.flush(false, &|_| true, std::future::pending()).await.unwrap();
    assert_eq!(fake.told().len(), 2);
}

#[tokio::test]
async fn a_signal_ends_the_waiting_at_once() {
    let place = Place::within(&["hangs"], "60s");
    let run = place.ended(0, Status::Failure);
    let began = Instant::now();
    let signal = async { tokio::time::sleep(Duration::from_millis(300)).await };
    place.dispatch(&Fake::default()).after_run(&run, &Manner::default(), None, &|_| true, signal).await;
    assert!(began.elapsed() < Duration::from_secs(45), "its own time is a minute");
    assert_eq!(statuses(&place).len(), 1, "it is not lost");
}

#[tokio::test]
async fn two_processes_that_end_together_tell_each_failure_once() {
    let place = Place::with(&["one"]);
    let fake = Fake::default();
    let run = place.ended(0, Status::Failure);
    let dispatches: Vec<_> = (0..4).map(|_| place.dispatch(&fake)).collect();
    futures_util::future::join_all(dispatches.iter().map(|dispatch| after(dispatch, &run))).await;
    assert_eq!(fake.told(), [("one".to_owned(), run.id)]);
}

#[tokio::test]
async fn a_process_that_was_killed_between_its_run_and_its_alert_leaves_both_to_the_next() {
    let place = Place::with(&["one"]);
    let fake = Fake::default();
    let forgotten = place.ended(-10, Status::Failure);
    let run = place.ended(0, Status::Failure);
    after(&place.dispatch(&fake), &run).await;
    assert_eq!(fake.told(), [("one".to_owned(), forgotten.id)], "the first of the two is the one to tell");
}

#[tokio::test]
async fn failures_in_a_row_are_told_at_growing_intervals() {
    let place = Place::with(&["one"]);
    let fake = Fake::default();
    let hours = (0..40).map(|hour| place.ended(hour * 3600, Status::Failure)).collect::<Vec<_>>();
    let dispatch = place.dispatch(&fake);
    after(&dispatch, &hours[39]).await;
    let told = fake.told().len();
    assert!((4..=6).contains(&told), "{told} in 40 hours");
}

#[tokio::test]
async fn a_catalog_that_cannot_be_written_keeps_no_alert_back() {
    let place = Place::with(&["one"]);
    let fake = Fake::default();
    let run = place.ended(0, Status::Failure);
    let path = place.config.state_dir.join("catalog.db");
    for end in ["", "-wal", "-shm"] {
        let mut file = path.clone().into_os_string();
        file.push(end);
        // Not each of them stands.
        let _absent = std::fs::remove_file(file);
    }
    std::fs::create_dir(&path).unwrap();
    let dispatch = place.dispatch(&fake);
    assert_eq!(after(&dispatch, &run).await, (1, 0));
    assert_eq!(fake.told().len(), 1);
}
