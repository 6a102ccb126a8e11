//! Runs spec files in parallel, and returns their results in the order of the files.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::config::{Config, SpecFile};
use crate::error::{Error, Kind, Result};
use crate::lua::coverage::Coverage;
use crate::specs::recipe_stage::RecipeStage;
use crate::specs::{Runner, SpecResult};

/// More threads than this would fight over the same memory bus.
const MAX_THREADS: usize = 4;

/// A recipe that runs recipes is played inside its own run, each level with the frames of a whole run.
const STACK_BYTES: usize = 32 << 20;

/// The results of one file.
pub struct FileResults {
    pub file_shown: String,
    pub results: Vec<SpecResult>,
}

/// How the files are to be run.
#[derive(Clone)]
pub struct Wishes {
    /// Only specs with this in their name.
    pub filter: Option<String>,
    pub coverage: Option<Coverage>,
}

/// Files that are being run.
pub struct Running {
    names: Vec<String>,
    ended: mpsc::UnboundedReceiver<(usize, Vec<SpecResult>)>,
    /// Results of files whose turn has not come.
    early: BTreeMap<usize, Vec<SpecResult>>,
    next: usize,
}

/// Starts to run the files. The threads end by themselves; they are not waited for when nobody asks for results any more.
pub fn start(config: &Arc<Config>, files: Vec<SpecFile>, wishes: &Wishes, runtime: &Handle) -> Result<Running> {
    let names: Vec<String> = files.iter().map(|file| file.file_shown.clone()).collect();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = cores.min(MAX_THREADS).min(files.len());
    let waiting: Arc<Mutex<VecDeque<_>>> = Arc::new(Mutex::new(files.into_iter().enumerate().collect()));
    let (sender, ended) = mpsc::unbounded_channel();
    for _thread in 0..threads {
        let (config, waiting, wishes) = (config.clone(), waiting.clone(), wishes.clone());
        let (runtime, sender) = (runtime.clone(), sender.clone());
        let work = move || {
            while let Some((number, file)) = next(&waiting) {
                if sender.send((number, run(&config, file, &wishes, &runtime))).is_err() {
                    return; // nobody wants to know any more
                }
            }
        };
        let thread = std::thread::Builder::new().name("specs".to_owned()).stack_size(STACK_BYTES).spawn(work);
        thread.map_err(|cause| Error::io("cannot start a thread for specs", cause))?;
    }
    Ok(Running { names, ended, early: BTreeMap::new(), next: 0 })
}

fn next<T>(waiting: &Mutex<VecDeque<T>>) -> Option<T> {
    waiting.lock().unwrap_or_else(|broken| broken.into_inner()).pop_front()
}

fn run(config: &Arc<Config>, file: SpecFile, wishes: &Wishes, runtime: &Handle) -> Vec<SpecResult> {
    let shown = file.file_shown.clone();
    let ready = config.spec_text(&file).and_then(|text| {
        let stage = RecipeStage::new(config.clone(), file);
        let stage = wishes.coverage.iter().try_fold(stage, RecipeStage::counting)?;
        Ok((text, stage))
    });
    match ready {
        Ok((text, stage)) => {
            let mut runner = Runner::new(&stage, runtime.clone());
            runner.filter = wishes.filter.clone();
            runner.run(&shown, &text)
        }
        Err(error) => vec![SpecResult::broken(&shown, error)],
    }
}

impl Running {
    /// The results of the next file; nothing after the last one.
    pub async fn next(&mut self) -> Option<FileResults> {
        let file_shown = self.names.get(self.next)?.clone();
        let results = loop {
            if let Some(results) = self.early.remove(&self.next) {
                break results;
            }
            match self.ended.recv().await {
                Some((number, results)) => drop(self.early.insert(number, results)),
                // The thread of this file ended without a result; that must not look like a file without specs.
                None => break vec![SpecResult::broken(&file_shown, lost())],
            }
        };
        self.next += 1;
        Some(FileResults { file_shown, results })
    }
}

fn lost() -> Error {
    Error::new(Kind::Other, "the specs of this file did not finish").hint("please report this as a bug in hikae")
}
