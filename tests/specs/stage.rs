//! The stage of the specs of this repository: the real world below a fresh folder, and a real database server.

use std::cell::RefCell;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use hikae::backup::recorder::Identity;
use hikae::config::{Config, DiskFiles, Folders};
use hikae::error::Result;
use hikae::lua::loader::{Finder, Module};
use hikae::lua::secret_value::SecretValue;
use hikae::lua::session::Translate;
use hikae::secret::Secret;
use hikae::specs::{Stage, Trial};
use hikae::world::journal::Journal;
use hikae::world::limited::Limited;
use hikae::world::simulated::Simulated;
use hikae::world::{World, real};
use mlua::{Lua, Table, Value};

use crate::support::postgres;

/// A fresh folder for each spec, which may reach nothing but it. In a spec
/// - `tmp(name…)` is a path below that folder;
/// - `touch(path, age_days)` makes a file older;
/// - `server()` is where a database server is: `host`, `port`, `user`, `password`, and `database`, which is fresh; and
///   `server().psql(sql)` runs what prepares it;
/// - a tag in its name sets the run that it is in: `#maintenance`, `#ja`;
/// - with the tag `#entered` other users may pass through its folder;
/// - with the tag `#simulated` the world is one in memory, with the servers of `servers.rs`, and `requested()` is what they heard.
#[derive(Default)]
pub struct Real {
    folder: RefCell<Option<tempfile::TempDir>>,
    simulated: RefCell<Option<Simulated>>,
}

impl Real {
    fn dir(&self) -> PathBuf {
        self.folder.borrow().as_ref().map(|folder| folder.path().to_owned()).unwrap_or_default()
    }
}

impl Stage for Real {
    fn world(&self, spec: &str) -> Result<Arc<dyn World>> {
        if spec.contains("#simulated") {
            let world = Simulated::new(serde_json::from_value(super::servers::setup()).unwrap())?;
            *self.simulated.borrow_mut() = Some(world.clone());
            return Ok(Arc::new(world));
        }
        let folder = tempfile::Builder::new().prefix("hikae-spec-").tempdir().unwrap();
        if spec.contains("#entered") {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o711)).unwrap();
        }
        let world = real::Real::beneath([folder.path().to_owned()])?.with_cores(2);
        *self.folder.borrow_mut() = Some(folder);
        Ok(Arc::new(Journal::new(Limited::new(world))))
    }

    fn identity(&self, spec: &str) -> Identity {
        let kind = if spec.contains("#maintenance") { "maintenance" } else { "backup" };
        Identity {
            run_id: "BKP-20260215-020000-daily".to_owned(),
            recipe: "spec".to_owned(),
            recipe_sha256: "00".repeat(32),
            kind: kind.to_owned(),
            database: None,
            confirmed: spec.contains("#confirmed"),
        }
    }

    /// Recipes of the tests by their path, and the embedded ones by their name.
    fn config(&self) -> Result<Arc<Config>> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let folders = Folders { config_dir: Some(root.join("tests/specs")), current: root.into(), uid: 0 };
        Config::load(&folders, &std::collections::BTreeMap::new(), Arc::new(DiskFiles)).map(Arc::new)
    }

    fn translate(&self, spec: &str) -> Translate {
        let japanese = spec.contains("#ja");
        Box::new(move |text| match text {
            "Backup written: %s (%s)" if japanese => Some("バックアップ完了: %s (%s)".to_owned()),
            _ => None,
        })
    }

    /// From the disk, where the library is worked on.
    fn finder(&self) -> Finder {
        Rc::new(|dotted| {
            let below = format!("stdlib/{}.lua", dotted.replace('.', "/"));
            let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(&below));
            Ok(text.ok().map(|text| Module { file_shown: below, text }))
        })
    }

    fn words(&self, lua: &Lua, _trial: &Rc<Trial>, _spec: &str) -> mlua::Result<Vec<(&'static str, Value)>> {
        let dir = self.dir();
        let tmp = lua.create_function(move |_, below: Option<String>| {
            let path = below.map_or(dir.clone(), |below| dir.join(below));
            Ok(path.display().to_string())
        })?;
        let touch = lua.create_function(|_, (path, days): (String, f64)| {
            let then = std::time::SystemTime::now() - std::time::Duration::from_secs_f64(days * 86_400.0);
            std::fs::File::open(Path::new(&path)).unwrap().set_modified(then).unwrap();
            Ok(())
        })?;
        let known: Rc<RefCell<Option<Table>>> = Rc::default();
        let server = lua.create_function(move |lua, ()| {
            let mut known = known.borrow_mut();
            match &*known {
                Some(table) => Ok(table.clone()),
                None => Ok(known.insert(server(lua)?).clone()),
            }
        })?;
        let simulated = self.simulated.borrow().clone();
        let requested = lua.create_function(move |lua, ()| super::servers::requested(lua, simulated.as_ref()))?;
        let mut words = vec![("requested", Value::Function(requested))];
        words.extend([
            ("tmp", Value::Function(tmp)),
            ("touch", Value::Function(touch)),
            ("server", Value::Function(server)),
        ]);
        Ok(words)
    }

    fn ended(&self, _spec: &str) {
        self.folder.borrow_mut().take();
        self.simulated.borrow_mut().take();
    }
}

fn server(lua: &Lua) -> mlua::Result<Table> {
    use std::sync::atomic::{AtomicU32, Ordering};
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let cluster = postgres::shared();
    let database = format!("spec {}", NUMBER.fetch_add(1, Ordering::Relaxed));
    cluster.create_database(&database);
    let table = lua.create_table()?;
    table.raw_set("host", "127.0.0.1")?;
    table.raw_set("port", cluster.port())?;
    table.raw_set("user", "postgres")?;
    table.raw_set("password", lua.create_userdata(SecretValue(Secret::new(cluster.password.clone())))?)?;
    table.raw_set("database", database.clone())?;
    table.raw_set("psql", lua.create_function(move |_, sql: String| Ok(cluster.psql(&database, &sql)))?)?;
    Ok(table)
}
