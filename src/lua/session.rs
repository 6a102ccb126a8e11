//! Holds what the primitives of one run share: the world, the run's name, and what decides its outcome.

use std::cell::{Cell, RefCell};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use mlua::Lua;

use crate::backup::at_end::AtEndList;
use crate::backup::pool::Pool;
use crate::backup::recorder::{Identity, Recorder};
use crate::backup::sources::Sources;
use crate::backup::unchanged::Proved;
use crate::catalog::{Backup, Moment, Status, Step as StepRecord};
use crate::error::{Error, Kind, Result, Site, brief};
use crate::lua::failure::CaughtError;
use crate::lua::record_queries::RecordQueries;
use crate::lua::unused::Unused;
use crate::report::event;
use crate::report::remark::{self, Remark};
use crate::world::Caller;
use crate::world::mail::settings::Settings;
use crate::world::recipe_run::RecipeRun;

/// The kind of a channel, in place of a recipe's kind.
pub const CHANNEL: &str = "channel";
/// The registry key of the function by which a channel judges an answer.
pub const GOOD_ANSWER: &str = "hikae.good_answer";

/// The translation of a text into the reader's language; `None` if it does not exist.
pub type Translate = Box<dyn Fn(&str) -> Option<String>>;

/// The default mail server of a recipe.
pub type Smtp = Box<dyn Fn() -> Result<Settings>>;

/// Whether a SHA-256 belongs to a recorded backup.
pub type RecordedQuery = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// Runs another recipe in the world of this run, without starting a process; returns its outcome.
pub type Play = Box<dyn Fn(RecipeRun) -> LocalBoxFuture<'static, Result<serde_json::Value>> + Send>;

/// For a session that cannot run other recipes.
pub fn plays_nothing() -> Play {
    Box::new(|run| {
        let error = Error::new(Kind::Other, format!("the recipe `{}` cannot be run here", run.recipe));
        Box::pin(std::future::ready(Err(error)))
    })
}

/// Asks a person a question, and returns whether the answer is yes. It blocks while it waits: do not call it on the Lua thread.
pub type Ask = Arc<dyn Fn(&str) -> bool + Send + Sync>;

/// The state that the primitives of one run share.
pub struct Session {
    pub caller: Caller,
    pub identity: Identity,
    pub cores: usize,
    pub translate: Translate,
    pub smtp: Smtp,
    pub record: RecordQueries,
    /// Whether a file is a backup that was recorded here.
    pub recorded_query: RecordedQuery,
    pub play: Play,
    /// The people to call, by level, for reports.
    pub contacts: Vec<(&'static str, Vec<String>)>,
    /// Asks a person, if there is one.
    pub ask: Option<Ask>,
    pub recorder: Arc<dyn Recorder>,
    pub loading: Cell<bool>,
    pub caught: RefCell<Vec<Rc<CaughtError>>>,
    pub streams: RefCell<Vec<Rc<Unused>>>,
    pub backups: RefCell<Vec<Backup>>,
    /// The same as they were proved.
    pub proved: RefCell<Vec<Proved>>,
    pub sources: RefCell<Sources>,
    /// The files that the recipe itself has removed, without those removed by the library's retention.
    pub removed: RefCell<BTreeSet<PathBuf>>,
    /// The patterns of the remarks that the recipe's params accept.
    pub accepting: RefCell<Vec<String>>,
    /// The remarks of the run so far, each once: copies of one stream repeat them.
    remarks: RefCell<Vec<Remark>>,
    /// The resources to drop or stop when the run ends.
    pub at_end: AtEndList,
    pub pool: Pool,
    /// How many bytes the recipe has logged.
    pub logged: Cell<usize>,
    /// The number of nested functions of the recipe that receive lines.
    pub tapping: Cell<usize>,
    steps: Cell<u64>,
}

impl Session {
    pub fn new(caller: Caller, identity: Identity, translate: Translate, recorder: Arc<dyn Recorder>) -> Session {
        let environment = caller.world.environment();
        Session {
            smtp: Box::new(move || Settings::read(&|name| environment.get(name).cloned())),
            record: RecordQueries::none(),
            recorded_query: Arc::new(|_| false),
            play: plays_nothing(),
            contacts: Vec::new(),
            ask: None,
            cores: caller.world.machine().cores,
            caller,
            identity,
            translate,
            recorder,
            loading: Cell::new(true),
            caught: RefCell::default(),
            streams: RefCell::default(),
            backups: RefCell::default(),
            proved: RefCell::default(),
            sources: RefCell::default(),
            removed: RefCell::default(),
            accepting: RefCell::default(),
            remarks: RefCell::default(),
            at_end: AtEndList::default(),
            pool: Pool::default(),
            logged: Cell::new(0),
            tapping: Cell::new(0),
            steps: Cell::new(0),
        }
    }

    /// Whether it is a channel that sends notifications.
    pub fn is_channel(&self) -> bool {
        self.identity.kind == CHANNEL
    }

    /// The same session with another way to the mail server's settings than the process environment.
    pub fn with_smtp(self, smtp: Smtp) -> Session {
        Session { smtp, ..self }
    }

    /// The same session with the record of all runs.
    pub fn with_record(self, record: RecordQueries) -> Session {
        Session { record, ..self }
    }

    /// The same session with the record of backups.
    pub fn with_recorded_query(self, recorded_query: RecordedQuery) -> Session {
        Session { recorded_query, ..self }
    }

    /// The session of this Lua state.
    pub fn of(lua: &Lua) -> Result<Rc<Session>> {
        match lua.app_data_ref::<Rc<Session>>() {
            Some(session) => Ok(session.clone()),
            None => Err(Error::new(Kind::Other, "a primitive was called outside a session")),
        }
    }

    /// Records that the recipe accepted a failure, and why, as a step of the run.
    pub fn accepted(&self, failure: &Error, why: &str, site: Option<&Site>) {
        self.recorder.step(StepRecord {
            name: format!("accepted: {why}"),
            status: Status::Success,
            site: site.map(ToString::to_string),
            bytes_in: None,
            bytes_out: None,
            started_at: self.caller.world.now(),
            duration_ms: 0,
            error: Some(failure.one_line()),
            measure: None,
        });
    }

    /// Accepts a failure with a reason, as `errors.accept` does for a recipe.
    pub fn accept(&self, failure: &Error, why: &str, site: Option<&Site>) {
        let error = failure.clone().at(failure.sites().iter().chain(site).cloned().collect::<Vec<_>>());
        event::log(event::Level::Info, &format!("accepted, because {why}: {}", failure.one_line()), site);
        let caught = CaughtError::new(error);
        *caught.accepted.borrow_mut() = Some(why.to_owned());
        self.caught.borrow_mut().push(caught);
        self.accepted(failure, why, site);
    }

    /// Records a check, and the problem that it found, among the steps of the run.
    pub fn noted(&self, name: String, wrong: Option<String>, site: Option<&Site>) {
        self.took(name, Duration::ZERO, wrong, None, site);
    }

    /// Adds a remark to the run: it is shown, recorded, and evaluated when the run has ended.
    pub fn remark(&self, mut remark: Remark, site: Option<&Site>) {
        remark.accept(&self.accepting.borrow());
        if self.remarks.borrow().contains(&remark) {
            return;
        }
        self.remarks.borrow_mut().push(remark.clone());
        let level = match remark.weight() {
            remark::Level::Note => event::Level::Info,
            remark::Level::Warning | remark::Level::Incomplete => event::Level::Warn,
            remark::Level::Failure => event::Level::Error,
        };
        event::log(level, &remark.message, site);
        let failed = remark.weight() >= remark::Level::Incomplete;
        let said = if failed { remark.message.clone() } else { remark.with_hint() };
        self.written(remark.title(), failed, Some(said), Duration::ZERO, None, site);
        self.recorder.remark(&remark);
    }

    /// Records something that has just ended, its duration, and its problem.
    pub fn took(
        &self,
        name: String,
        time: Duration,
        wrong: Option<String>,
        measure: Option<String>,
        site: Option<&Site>,
    ) {
        self.written(name, wrong.is_some(), wrong, time, measure, site);
    }

    fn written(
        &self,
        name: String,
        failed: bool,
        said: Option<String>,
        time: Duration,
        measure: Option<String>,
        site: Option<&Site>,
    ) {
        let now = self.caller.world.now();
        self.recorder.step(StepRecord {
            name,
            status: if failed { Status::Failure } else { Status::Success },
            site: site.map(ToString::to_string),
            bytes_in: None,
            bytes_out: None,
            started_at: chrono::TimeDelta::from_std(time).map_or(now, |time| now - time),
            duration_ms: time.as_millis() as u64,
            error: said,
            measure,
        });
    }

    pub fn loading(&self) -> bool {
        self.loading.get()
    }

    /// A number that is unique in this run.
    pub fn number(&self) -> u64 {
        self.steps.set(self.steps.get() + 1);
        self.steps.get()
    }

    /// Starts a step that people see and the catalog keeps.
    pub fn step(&self, name: String, site: Option<Site>) -> Step {
        let (number, name) = (self.number(), brief(name));
        event::step_started(number, &name, site.as_ref());
        let world = self.caller.world.clone();
        Step {
            number,
            name,
            site,
            recorder: self.recorder.clone(),
            started: world.now(),
            began: world.elapsed(),
            world,
        }
    }
}

/// A step in progress.
pub struct Step {
    pub number: u64,
    name: String,
    site: Option<Site>,
    recorder: Arc<dyn Recorder>,
    world: Arc<dyn crate::world::World>,
    started: Moment,
    began: Duration,
}

impl Step {
    /// Ends the step, with the bytes in and out, and whether it failed.
    pub fn end(self, bytes_in: u64, bytes_out: u64, error: Option<&Error>) {
        let duration = self.world.elapsed().saturating_sub(self.began);
        let status = if error.is_some() { Status::Failure } else { Status::Success };
        event::step_ended(self.number, &self.name, status.word(), bytes_out, duration);
        self.recorder.step(StepRecord {
            name: self.name,
            status,
            site: self.site.map(|site| site.to_string()),
            bytes_in: Some(bytes_in),
            bytes_out: Some(bytes_out),
            started_at: self.started,
            duration_ms: duration.as_millis() as u64,
            error: error.map(Error::one_line),
            measure: None,
        });
    }
}
