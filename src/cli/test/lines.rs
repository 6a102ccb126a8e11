//! Prints the line coverage of recipes and modules by the specs.

use serde_json::{Value, json};

use crate::cli::args::TestArgs;
use crate::cli::context::Context;
use crate::config::embedded;
use crate::error::Result;
use crate::lua::coverage::{Coverage, Report, text};
use crate::report::table::{print_json_lines, print_text};

/// The account of the lines, in the form that was asked for.
pub fn print(context: &Context, args: &TestArgs, coverage: &Coverage) -> Result<()> {
    let report = of_the_users(coverage.report());
    match args {
        TestArgs { json: true, .. } => print_json_lines(&mut context.out(), to_json(&report)),
        TestArgs { tap: true, .. } => {
            let comments: String = text(&report).lines().map(|line| format!("# {line}\n")).collect();
            print_text(&mut context.out(), &comments)
        }
        _ => print_text(&mut context.out(), &format!("{}\n", text(&report))),
    }
}

/// What the specs are about: not the specs, and not hikae's own library.
fn of_the_users(report: Report) -> Report {
    let own = |file: &str| file.starts_with("stdlib/") && embedded::shown(file).is_some();
    report.into_iter().filter(|(file, _)| !file.ends_with("_spec.lua") && !own(file)).collect()
}

fn to_json(report: &Report) -> impl Iterator<Item = Value> {
    report.iter().map(|(file, lines)| {
        json!({
            "coverage": file,
            "lines": lines.executable.len(),
            "lines_run": lines.hit.len(),
            "per_cent": lines.per_cent(),
            "never_run": lines.missed(),
        })
    })
}
