//! Defines the events that a run reports, and selects the listener that shows them.

use std::io::Write;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use indicatif::ProgressDrawTarget;
use tracing::Dispatch;
use tracing_subscriber::layer::SubscriberExt;

use crate::error::{Error, Kind, Result};

mod bars;
pub mod diagnostic;
pub mod event;
pub mod facts;
pub mod json;
pub mod listen;
mod outgoing;
pub mod remark;
mod verdicts;
pub mod pen;
pub mod planned;
mod sentence;
mod span;
pub mod table;
pub mod terminal;
pub mod text;
pub mod report_event;
pub mod translate;

pub use event::{
    Level, child_said, log, run_ended, run_started, step_ended, step_expects, step_expects_about, step_progress,
    step_started,
};
pub use facts::Facts;
pub use outgoing::{one_line, printable};
pub use translate::translated;
pub use verdicts::print_verdicts;

/// The time of day, from the world.
pub type Clock = Arc<dyn Fn() -> DateTime<FixedOffset> + Send + Sync>;

/// The form of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Bars, and lines above them.
    Terminal,
    /// Log lines.
    Text,
    /// One JSON object per line.
    Json,
}

/// The form and the verbosity of output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    pub form: Form,
    /// Only warnings and errors.
    pub quiet: bool,
    /// Also the standard error of children, and debug messages for hikae's authors.
    pub verbose: bool,
}

impl Mode {
    /// The mode for the given flags. Bars are drawn only if both outputs are terminals:
    /// with `| tee log` the lines must be in the log.
    pub fn choose(facts: &Facts, json: bool, quiet: bool, verbose: bool) -> Mode {
        let form = match json {
            true => Form::Json,
            false if facts.stdout_is_terminal && facts.draws => Form::Terminal,
            false => Form::Text,
        };
        Mode { form, quiet, verbose }
    }
}

/// The outputs that show a run.
pub struct Outputs {
    pub stdout: Box<dyn Write + Send>,
    pub stderr: Box<dyn Write + Send>,
    pub bars: ProgressDrawTarget,
    pub facts: Facts,
}

impl Outputs {
    /// The outputs of this process.
    pub fn standard(facts: Facts) -> Outputs {
        Outputs {
            stdout: Box::new(std::io::stdout()),
            stderr: Box::new(std::io::stderr()),
            bars: ProgressDrawTarget::stderr_with_hz(10),
            facts,
        }
    }
}

/// Clears the bars when dropped. Drop it before a diagnostic is printed; lines reported later are still shown.
pub struct Guard {
    bars: bars::Bars,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.bars.close();
    }
}

/// Shows all reports of the whole process in this mode from now on.
pub fn install(mode: Mode, outputs: Outputs, clock: Clock) -> Result<Guard> {
    let (dispatch, guard) = dispatch(mode, outputs, clock);
    set_global(dispatch)?;
    Ok(guard)
}

fn set_global(dispatch: Dispatch) -> Result<()> {
    tracing::dispatcher::set_global_default(dispatch)
        .map_err(|error| Error::new(Kind::Other, "cannot start the `report` a second time").because(error))
}

/// Shows the reports of a plan: warnings and errors, and with `verbose` also the recipe's log lines, marked as planned.
pub fn install_plan(mode: Mode, outputs: Outputs, clock: Clock) -> Result<Guard> {
    // Nothing moves, so there are no bars.
    let form = if mode.form == Form::Terminal { Form::Text } else { mode.form };
    let mode = Mode { form, quiet: !mode.verbose, ..mode };
    let Outputs { stdout, stderr, bars, facts } = outputs;
    let guard = Guard { bars: bars::Bars::new(bars, &facts) };
    let pens = pen::Pens::new(stdout, stderr);
    let dispatch = match form {
        Form::Json => heard(planned::Planned(json::Json::new(pens, clock)), mode),
        _ => heard(planned::Planned(text::Text::new(pens, clock)), mode),
    };
    set_global(dispatch)?;
    Ok(guard)
}

/// The same for `tracing::dispatcher::with_default`: reports only what one closure does.
pub fn dispatch(mode: Mode, outputs: Outputs, clock: Clock) -> (Dispatch, Guard) {
    let Outputs { stdout, stderr, bars, facts } = outputs;
    let bars = bars::Bars::new(bars, &facts);
    let guard = Guard { bars: bars.clone() };
    let pens = pen::Pens::new(stdout, stderr);
    let dispatch = match mode.form {
        Form::Terminal => heard(terminal::Terminal::new(bars, pens, &facts), mode),
        Form::Text => heard(text::Text::new(pens, clock), mode),
        Form::Json => heard(json::Json::new(pens, clock), mode),
    };
    (dispatch, guard)
}

fn heard<L: listen::Listener>(listener: L, mode: Mode) -> Dispatch {
    Dispatch::new(tracing_subscriber::registry().with(listen::ListenerLayer::new(listener, mode)))
}
