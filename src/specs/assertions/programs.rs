//! Which programs a run started, with which arguments and variables, and how often.

use mlua::Value;

use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::specs::assertions::again;
use crate::specs::handle::{Method, Subject, give, one_text, some_texts};
use crate::specs::trial::run_handle::Run;
use crate::world::command::quoted;
use crate::world::simulated::Ran;

pub const METHODS: &[Method<Run>] = &[
    ("run:ran", |call, run, args| {
        let program = one_text(call, args)?;
        let calls = calls_of(run, &program);
        if calls.is_empty() {
            return run.fail(call, format!("`{program}` to be run"), every_call(run), Vec::new());
        }
        give(call, Calls { run: run.clone(), program, said: String::new(), calls })
    }),
    ("run:never_ran", |call, run, args| {
        let program = one_text(call, args)?;
        match calls_of(run, &program).first() {
            None => again(call, run),
            Some(ran) => run.fail(call, format!("`{program}` never to be run"), line(ran), Vec::new()),
        }
    }),
];

/// The calls of one program that all assertions so far hold for.
#[derive(Clone)]
pub struct Calls {
    run: Run,
    program: String,
    /// Describes the conditions so far.
    said: String,
    calls: Vec<Ran>,
}

impl Subject for Calls {
    const NAME: &'static str = "run:ran(...)";
    const FIELDS: &'static [&'static str] = &[];

    fn methods() -> Vec<Method<Calls>> {
        vec![
            ("ran:with", |call, calls, args| {
                let expected = some_texts(call, args)?;
                let words = format!(" with {}", shown(&expected));
                calls.narrow(call, words, |ran| expected.iter().all(|arg| ran.args.contains(arg)))
            }),
            ("ran:without", |call, calls, args| {
                let unwanted = some_texts(call, args)?;
                match calls.calls.iter().find(|ran| unwanted.iter().any(|arg| ran.args.contains(arg))) {
                    None => give(call, calls.clone()),
                    Some(ran) => calls.fail(call, &format!(" without {}", shown(&unwanted)), line(ran)),
                }
            }),
            ("ran:with_env", |call, calls, args| {
                let name = one_text(call, args)?;
                calls.narrow(call, format!(" with the variable `{name}`"), |ran| ran.env.contains_key(&name))
            }),
            ("ran:once", |call, calls, _| calls.count(call, 1)),
            ("ran:times", |call, calls, args| match args {
                [Value::Integer(times)] if *times >= 1 => calls.count(call, *times as usize),
                _ => Err(Error::new(Kind::Recipe, "`ran:times` takes a whole number from 1")
                    .hint("a program that is not run at all is `run:never_ran(\"name\")`")),
            }),
        ]
    }
}

impl Calls {
    fn narrow(&self, call: &Call, words: String, fits: impl Fn(&Ran) -> bool) -> Result<Value> {
        let left: Vec<Ran> = self.calls.iter().filter(|ran| fits(ran)).cloned().collect();
        if left.is_empty() {
            return self.fail(call, &words, self.lines());
        }
        give(call, Calls { calls: left, said: format!("{}{words}", self.said), ..self.clone() })
    }

    fn count(&self, call: &Call, times: usize) -> Result<Value> {
        if self.calls.len() == times {
            return give(call, self.clone());
        }
        let often = if times == 1 { " once".to_owned() } else { format!(" {times} times") };
        self.fail(call, &often, format!("{} times: {}", self.calls.len(), self.lines()))
    }

    fn fail(&self, call: &Call, words: &str, found: String) -> Result<Value> {
        let expected = format!("`{}` to be run{}{words}", self.program, self.said);
        self.run.fail(call, expected, found, Vec::new())
    }

    fn lines(&self) -> String {
        self.calls.iter().map(line).collect::<Vec<_>>().join("; ")
    }
}

fn calls_of(run: &Run, program: &str) -> Vec<Ran> {
    let before = run.rehearsed.before.ran.len();
    let name = |ran: &Ran| ran.program == program || ran.program.rsplit('/').next() == Some(program);
    run.rehearsed.after.ran.iter().skip(before).filter(|ran| name(ran)).cloned().collect()
}

fn every_call(run: &Run) -> String {
    let before = run.rehearsed.before.ran.len();
    let lines: Vec<String> = run.rehearsed.after.ran.iter().skip(before).map(line).collect();
    if lines.is_empty() { "no program was run".to_owned() } else { lines.join("; ") }
}

fn line(ran: &Ran) -> String {
    let words: Vec<String> = std::iter::once(&ran.program).chain(&ran.args).map(|word| quoted(word)).collect();
    format!("`{}`", words.join(" "))
}

fn shown(args: &[String]) -> String {
    args.iter().map(|arg| format!("`{arg}`")).collect::<Vec<_>>().join(" ")
}
