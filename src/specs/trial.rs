//! Keeps what a spec file declared, and runs one spec of it with its hooks.

pub(crate) mod run_handle;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use mlua::Function;

use crate::error::{Error, Kind, Result, Site};
use crate::lua::machine::Machine;
use crate::specs::excluded::{ByRecipe, Lie};
use crate::specs::rehearsal::Rehearsed;
use crate::specs::trial::run_handle::Runs;
use crate::specs::{Failed, Outcome};

/// One `describe`, or the file itself.
#[derive(Default)]
pub struct Scope {
    pub name: String,
    pub before: RefCell<Vec<Function>>,
    pub after: RefCell<Vec<Function>>,
}

/// One `it`.
pub struct Declared {
    pub name: String,
    pub site: Option<Site>,
    pub body: Body,
    /// The scopes around it, the outermost first.
    pub scopes: Vec<Rc<Scope>>,
}

#[derive(Clone)]
pub enum Body {
    Function(Function),
    Pending(Option<String>),
}

/// The declarations in one Lua state so far.
pub struct Trial {
    /// The scopes around the current place, the outermost first.
    pub scopes: RefCell<Vec<Rc<Scope>>>,
    pub declared: RefCell<Vec<Declared>>,
    /// Whether the file has been read to its end: from then on only what is inside an `it` runs.
    loaded: Cell<bool>,
    pub finals: RefCell<Vec<Function>>,
    /// The first failed expectation: it counts even if the spec catches it.
    pub failed: RefCell<Option<Failed>>,
    /// The expectations without a matcher so far, and their places: at the end of a spec, there must be none.
    pub unasked: RefCell<BTreeMap<u64, Option<Site>>>,
    expectations: Cell<u64>,
    /// Set if the running spec says that it is not written yet.
    pub pending: RefCell<Option<Option<String>>>,
    /// The runs whose lies and leftovers fail the spec at its end.
    pub runs: Runs,
    /// The remarks of the spec besides its outcome.
    notes: RefCell<Vec<String>>,
    /// The kinds of lies of each recipe that it excludes.
    pub excluded: RefCell<ByRecipe>,
    /// The number of nested worlds in use.
    pub depth: Rc<Cell<usize>>,
}

/// One more world is in use while this lives.
pub struct Deeper(Rc<Cell<usize>>);

impl Drop for Deeper {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

impl Default for Trial {
    fn default() -> Trial {
        Trial {
            scopes: RefCell::new(vec![Rc::default()]),
            declared: RefCell::default(),
            loaded: Cell::new(false),
            finals: RefCell::default(),
            failed: RefCell::default(),
            unasked: RefCell::default(),
            expectations: Cell::new(0),
            pending: RefCell::default(),
            runs: Runs::default(),
            notes: RefCell::default(),
            excluded: RefCell::default(),
            depth: Rc::default(),
        }
    }
}

impl Trial {
    /// From now on a spec runs, and can declare nothing more.
    pub fn loaded(&self) {
        self.loaded.set(true);
    }

    pub fn is_loaded(&self) -> bool {
        self.loaded.get()
    }

    /// Notes a failed expectation; the first one is reported.
    pub fn fail(&self, failed: Failed) {
        self.failed.borrow_mut().get_or_insert(failed);
    }

    /// Adds a remark to report besides the outcome.
    pub fn note(&self, note: String) {
        self.notes.borrow_mut().push(note);
    }

    /// Notes that the spec looks for this in a run.
    pub fn excludes(&self, rehearsed: &Rehearsed, lies: &[Lie]) {
        let mut all = self.excluded.borrow_mut();
        let excluded = all.entry(rehearsed.run.recipe.clone()).or_default();
        excluded.lies.extend(lies);
        excluded.shells.extend(rehearsed.shells.iter().cloned());
        excluded.backs_up |= rehearsed.kind == "backup";
    }

    /// Enters one more world, inside those in use.
    pub fn deeper(&self) -> Deeper {
        self.depth.set(self.depth.get() + 1);
        Deeper(self.depth.clone())
    }

    pub fn notes(&self) -> Option<String> {
        let notes = self.notes.take();
        (!notes.is_empty()).then(|| notes.join("; "))
    }

    /// Notes an expectation at this place; returns its number.
    pub fn expects(&self, site: Option<Site>) -> u64 {
        let number = self.expectations.get();
        self.expectations.set(number + 1);
        self.unasked.borrow_mut().insert(number, site);
        number
    }

    /// Notes a complete assertion: not an `expect`, which may lack its matcher.
    pub fn asked(&self) {
        self.expectations.set(self.expectations.get() + 1);
    }

    pub fn names(&self) -> Vec<(String, Option<Site>)> {
        self.declared.borrow().iter().map(|spec| (spec.name.clone(), spec.site.clone())).collect()
    }

    /// The name of a spec with the names of the scopes around it.
    pub fn full_name(&self, name: &str) -> String {
        let scopes = self.scopes.borrow();
        let names = scopes.iter().map(|scope| scope.name.as_str()).chain([name]);
        names.filter(|name| !name.is_empty()).collect::<Vec<_>>().join(" ")
    }

    /// Runs one spec: the hooks before it from the outside in, the spec, its deferred work, the hooks after it.
    pub async fn run(&self, machine: &Machine, number: usize) -> Result<Outcome> {
        let Some((body, scopes)) = self.pick(number) else {
            return Err(Error::new(Kind::Recipe, "the spec was not there when its file was loaded a second time")
                .hint("a spec file must declare the same specs each time"));
        };
        let body = match body {
            Body::Function(body) => body,
            Body::Pending(why) => return Ok(Outcome::Pending(why)),
        };
        let before = scopes.iter().flat_map(|scope| scope.before.borrow().clone()).chain([body]);
        let mut ended = Ok(());
        for function in before.collect::<Vec<_>>() {
            ended = machine.call(&function, ()).await.map(drop);
            if ended.is_err() {
                break;
            }
        }
        let finals = std::mem::take(&mut *self.finals.borrow_mut()).into_iter().rev();
        let after = scopes.iter().rev().flat_map(|scope| scope.after.borrow().clone());
        for function in finals.chain(after).collect::<Vec<_>>() {
            let cleaned = machine.call(&function, ()).await.map(drop);
            ended = ended.and(cleaned); // the first failure is the one to look at
        }
        Ok(self.outcome(ended))
    }

    fn pick(&self, number: usize) -> Option<(Body, Vec<Rc<Scope>>)> {
        self.declared.borrow().get(number).map(|spec| (spec.body.clone(), spec.scopes.clone()))
    }

    /// A run alone is not an assertion: it may fail without a lie. Trying every way to fail is one.
    fn asked_for_nothing(&self) -> bool {
        self.expectations.get() == 0 && self.notes.borrow().is_empty()
    }

    fn outcome(&self, ended: Result<()>) -> Outcome {
        if let Some(failed) = self.failed.take() {
            return Outcome::Failed(failed);
        }
        let idle = self.asked_for_nothing();
        match (self.pending.take(), ended) {
            (Some(why), _) => Outcome::Pending(why),
            (None, Ok(())) => match (self.runs.first_complaint(), self.unasked.take().into_values().next()) {
                (Some(failed), _) => Outcome::Failed(failed),
                (None, Some(site)) => Outcome::Error(asserts_nothing().at(site)),
                (None, None) if idle => Outcome::Error(promises_nothing()),
                (None, None) => Outcome::Passed,
            },
            (None, Err(error)) => Outcome::Error(error),
        }
    }
}

fn promises_nothing() -> Error {
    Error::new(Kind::Recipe, "the spec expects nothing, so it would pass whatever happens")
        .hint("expect(value).to_equal(expected), or simulate { ... }:run(\"db-backup\"):ok()")
}

fn asserts_nothing() -> Error {
    Error::new(Kind::Recipe, "`expect` has no matcher, so it asserts nothing").hint("expect(value).to_equal(expected)")
}
