//! Counts which lines of Lua files can run, and which of them did.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::{Arc, Mutex, MutexGuard};

use mlua::{Function, Lua, LuaOptions, StdLib};

use crate::error::{Error, Kind, Result};
use crate::lua::fuse::Fuse;
use crate::lua::fuse::hook;
use crate::lua::line_table;
use crate::lua::traceback::from_lua;

/// The line coverage of many files, over any number of Lua states; clones share it.
#[derive(Clone, Default)]
pub struct Coverage(Arc<Mutex<Report>>);

/// The files as messages show them, and their lines.
pub type Report = BTreeMap<String, Lines>;

/// The lines of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// The lines with their own instruction: no comment, no blank line, no closing `end` or bracket.
    pub executable: BTreeSet<u32>,
    pub hit: BTreeSet<u32>,
}

impl Coverage {
    pub fn new() -> Coverage {
        Coverage::default()
    }

    /// Counts the lines of everything that `lua` loads and runs from now on. Other states have no extra cost.
    pub fn watch(&self, lua: &Lua, fuse: &Fuse) -> Result<()> {
        lua.set_app_data(self.clone());
        let coverage = self.clone();
        hook::install_with_lines(lua, fuse, move |source, line| coverage.hit(source, line)).map_err(from_lua)
    }

    /// The coverage of this state.
    pub fn of(lua: &Lua) -> Option<Coverage> {
        lua.app_data_ref::<Coverage>().map(|coverage| coverage.clone())
    }

    /// Adds a file to cover, even if nothing loads it: then none of its lines ran.
    pub fn expect(&self, file_shown: &str, text: &str) -> Result<()> {
        let lua = Lua::new_with(StdLib::NONE, LuaOptions::default()).map_err(from_lua)?;
        let chunk = lua.load(text).set_name(format!("@{file_shown}")).set_mode(mlua::chunk::ChunkMode::Text);
        self.loaded(file_shown, text, &chunk.into_function().map_err(from_lua)?)
    }

    /// Adds a file that was compiled into `chunk`.
    pub(super) fn loaded(&self, file_shown: &str, text: &str, chunk: &Function) -> Result<()> {
        let lines = line_table::lines(&chunk.dump(false)).ok_or_else(|| {
            Error::new(Kind::Other, format!("cannot tell which lines of `{file_shown}` can run"))
                .hint("please report this as a bug in hikae")
        })?;
        let closing: BTreeSet<u32> =
            (1..).zip(text.lines()).filter(|(_, line)| only_closes(line)).map(|(at, _)| at).collect();
        self.lock().entry(file_shown.to_owned()).or_default().executable.extend(lines.difference(&closing));
        Ok(())
    }

    /// The counts so far.
    pub fn report(&self) -> Report {
        self.lock().clone()
    }

    fn hit(&self, source: &str, line: u32) {
        let file = source.strip_prefix('@').unwrap_or(source);
        if let Some(lines) = self.lock().get_mut(file)
            && lines.executable.contains(&line)
        {
            lines.hit.insert(line);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Report> {
        self.0.lock().unwrap_or_else(|broken| broken.into_inner())
    }
}

/// Whether a line only closes a block: Lua ends functions, loops and tables there, but a reader does not count it as a step.
fn only_closes(line: &str) -> bool {
    let code = line.split_once("--").map_or(line, |(code, _comment)| code);
    let mut words = code.split(|c: char| c.is_whitespace() || "()[]{},;".contains(c)).filter(|word| !word.is_empty());
    !code.contains(['(', '[', '{']) && words.all(|word| matches!(word, "end" | "else"))
}

impl Lines {
    pub fn missed(&self) -> BTreeSet<u32> {
        self.executable.difference(&self.hit).copied().collect()
    }

    /// Rounded down: 100 means all.
    pub fn per_cent(&self) -> usize {
        (self.hit.len() * 100).checked_div(self.executable.len()).unwrap_or(100)
    }

    /// The lines that never ran, as `41, 57-58`: a range goes over lines that cannot run.
    pub fn never_run(&self) -> String {
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        let mut broken = true;
        for line in &self.executable {
            match ranges.last_mut() {
                _ if self.hit.contains(line) => broken = true,
                Some((_, last)) if !broken => *last = *line,
                _ => {
                    ranges.push((*line, *line));
                    broken = false;
                }
            }
        }
        let shown = ranges.iter().map(|(first, last)| match first == last {
            true => first.to_string(),
            false => format!("{first}-{last}"),
        });
        shown.collect::<Vec<_>>().join(", ")
    }
}

/// One line a file: `recipes/db-backup.lua  31 of 33 lines, 94 %; never run: 41, 57-58`.
pub fn text(report: &Report) -> String {
    let width = report.keys().map(|file| file.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    for (file, lines) in report {
        let (hit, all) = (lines.hit.len(), lines.executable.len());
        // Writing into a String cannot fail.
        let _infallible = write!(text, "{file:width$}  {hit} of {all} lines, {} %", lines.per_cent());
        let never = lines.never_run();
        text.push_str(&if never.is_empty() { "\n".to_owned() } else { format!("; never run: {never}\n") });
    }
    text
}
