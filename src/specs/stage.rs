//! The environment of a spec: its world, its run, and its words besides those of busted.

use std::path::Path;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mlua::{Lua, Value};

use crate::backup::recorder::{Identity, Recorder, Unrecorded};
use crate::config::{Config, Files, Folders, Look, embedded};
use crate::error::Result;
use crate::lua::coverage::Coverage;
use crate::lua::loader::{Finder, Module};
use crate::lua::session::Translate;
use crate::specs::trial::Trial;
use crate::world::{Limits, World};

/// The environment of a spec. Every method except the first has a default, so that a closure that makes worlds is a stage.
pub trait Stage {
    /// A fresh world for the spec of this name.
    fn world(&self, spec: &str) -> Result<Arc<dyn World>>;

    /// The words that specs have besides busted's. Also called, with an empty name, while the specs are collected.
    fn words(&self, _lua: &Lua, _trial: &Rc<Trial>, _spec: &str) -> mlua::Result<Vec<(&'static str, Value)>> {
        Ok(Vec::new())
    }

    /// The run that the primitives see.
    fn identity(&self, _spec: &str) -> Identity {
        Identity {
            run_id: "BKP-20260215-020000-manual".to_owned(),
            recipe: "spec".to_owned(),
            recipe_sha256: String::new(),
            kind: "backup".to_owned(),
            database: None,
            confirmed: false,
        }
    }

    /// How recipes are found, and what they can require: by default only the embedded ones.
    fn config(&self) -> Result<Arc<Config>> {
        let folders = Folders { current: "/".into(), ..Folders::default() };
        let environment = [("HIKAE_STATE_DIR".to_owned(), "/var/lib/hikae".to_owned())].into();
        Config::load(&folders, &environment, Arc::new(NoFiles)).map(Arc::new)
    }

    fn translate(&self, _spec: &str) -> Translate {
        Box::new(|_| None)
    }

    /// None: specs assert on the world's journal.
    fn recorder(&self, _spec: &str) -> Arc<dyn Recorder> {
        Arc::new(Unrecorded)
    }

    /// How long an effect may take.
    fn limits(&self) -> Limits {
        Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) }
    }

    /// The modules that `require` finds: by default the embedded library.
    fn finder(&self) -> Finder {
        Rc::new(|dotted| {
            let text = if dotted.starts_with("hikae.") { embedded::module(dotted) } else { None };
            let file_shown = format!("stdlib/{}.lua", dotted.replace('.', "/"));
            Ok(text.map(|text| Module { file_shown, text: text.to_owned() }))
        })
    }

    /// Counts the lines that the specs run, if requested.
    fn coverage(&self) -> Option<&Coverage> {
        None
    }

    /// Called when a spec has ended, also by a failure or its time limit; its world is not used any more.
    fn ended(&self, _spec: &str) {}
}

impl<F: Fn(&str) -> Arc<dyn World>> Stage for F {
    fn world(&self, spec: &str) -> Result<Arc<dyn World>> {
        Ok(self(spec))
    }
}

/// An empty disk.
struct NoFiles;

impl Files for NoFiles {
    fn read(&self, _path: &Path) -> Result<Option<String>> {
        Ok(None)
    }

    fn list(&self, _folder: &Path) -> Result<Option<Vec<String>>> {
        Ok(None)
    }

    fn mode(&self, _path: &Path) -> Option<u32> {
        None
    }

    fn look(&self, _path: &Path) -> Result<Option<Look>> {
        Ok(None)
    }
}
