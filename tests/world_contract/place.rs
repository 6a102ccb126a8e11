//! The worlds that the promises are tried on, each with an empty folder.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hikae::stream::{Piece, Source};
use hikae::world::dry_run::DryRun;
use hikae::world::real::Real;
use hikae::world::simulated::{FileSetup, FileTable, Simulated, SimulatedSetup};
use hikae::world::{Caller, Limits, World};

pub const LIMITS: Limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };

/// A world and a folder in it that is empty at first.
pub struct Place {
    pub call: Caller,
    /// Puts files there for good, where `call` only plans to.
    below: Caller,
    pub dir: PathBuf,
    outside: Outside,
}

/// What the world is made of, to be seen and changed past the world itself.
enum Outside {
    Real(Arc<Real>, #[expect(dead_code, reason = "it goes with the place")] Option<tempfile::TempDir>),
    Simulated(Simulated),
}

impl Place {
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub async fn put(&self, name: &str, data: &str) -> PathBuf {
        let path = self.path(name);
        self.below.write(&path, data.into(), 0o600, false).await.unwrap();
        path
    }

    /// Puts something there as another program would.
    pub fn furnish(&self, name: &str, file: FileTable) {
        let path = self.path(name);
        match &self.outside {
            Outside::Simulated(world) => world.put(&path, &FileSetup(file)).unwrap(),
            Outside::Real(..) => furnish_disk(&path, file),
        }
    }

    /// Everything in the folder, hidden and partial files too, when all that was dropped is taken back.
    pub fn raw_names(&self) -> Vec<String> {
        match &self.outside {
            Outside::Real(world, _) => {
                assert!(world.settle(Duration::from_secs(10)));
                raw_names(&self.dir)
            }
            Outside::Simulated(world) => {
                let snapshot = world.snapshot();
                let paths = snapshot.files.keys().chain(&snapshot.partials);
                let inside = paths.filter(|path| path.parent() == Some(&self.dir));
                let mut names: Vec<String> =
                    inside.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
                names.sort();
                names
            }
        }
    }

    pub async fn names(&self) -> Vec<String> {
        names(&self.call, &self.dir).await
    }
}

pub async fn names(call: &Caller, dir: &Path) -> Vec<String> {
    let found = hikae::world::ListQuery::of(dir);
    let entries = call.list(found).await.unwrap();
    entries.iter().map(|entry| entry.path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

pub fn real() -> Place {
    let (world, kept) = real_world();
    let call = caller(world.clone());
    Place { below: call.clone(), call, dir: kept.path().into(), outside: Outside::Real(world, Some(kept)) }
}

/// The real world beneath a folder that is there already.
pub fn real_in(dir: &Path) -> Place {
    let world = Arc::new(Real::beneath([dir.into()]).unwrap());
    let call = caller(world.clone());
    Place { below: call.clone(), call, dir: dir.into(), outside: Outside::Real(world, None) }
}

fn furnish_disk(path: &Path, file: FileTable) {
    let FileTable { content, dir, link, age, mode, .. } = file;
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    match (dir, link) {
        (true, _) => std::fs::create_dir(path).unwrap(),
        (false, Some(to)) => return std::os::unix::fs::symlink(to, path).unwrap(),
        (false, None) => std::fs::write(path, content.unwrap_or_default()).unwrap(),
    }
    if let Some(mode) = mode {
        std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    }
    if let Some(age) = age {
        let modified = (chrono::Local::now() - age.0).into();
        let times = std::fs::FileTimes::new().set_modified(modified);
        std::fs::File::open(path).unwrap().set_times(times).unwrap();
    }
}

pub fn simulated() -> Place {
    place_in(SimulatedSetup {
        programs: super::acts::programs(),
        http: super::http_checks::routes(),
        ..SimulatedSetup::default()
    })
}

/// A dry run over the real world.
pub fn dry_run() -> Place {
    let place = real();
    Place { call: caller(Arc::new(DryRun::new(place.below.world.clone()))), ..place }
}

/// A folder `/place` in a simulated world beneath it.
pub fn place_in(mut setup: SimulatedSetup) -> Place {
    let dir = PathBuf::from("/place");
    let folder = FileSetup(FileTable { dir: true, mode: Some(0o700), ..FileTable::default() });
    setup.files.entry(dir.clone()).or_insert(folder);
    setup.roots = Some(vec![dir.clone()]);
    let world = Simulated::new(setup).unwrap();
    let call = caller(Arc::new(world.clone()));
    Place { below: call.clone(), call, dir, outside: Outside::Simulated(world) }
}

/// The real world beneath a temporary folder.
pub fn real_world() -> (Arc<Real>, tempfile::TempDir) {
    let kept = tempfile::tempdir().unwrap();
    (Arc::new(Real::beneath([kept.path().into()]).unwrap()), kept)
}

pub fn caller(world: Arc<dyn World>) -> Caller {
    Caller::new(world, LIMITS)
}

pub async fn drain(source: &mut dyn Source) -> hikae::error::Result<Vec<u8>> {
    let mut all = Vec::new();
    while let Piece::Data(data) = source.next().await? {
        all.extend_from_slice(&data);
    }
    Ok(all)
}

/// Waits for what happens on other threads; never longer than ten seconds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("never happened: {what}");
}

/// Everything in a folder, hidden and partial files too.
pub fn raw_names(dir: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}
