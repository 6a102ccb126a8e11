//! `hikae --version --verbose`: the version, and what the program was built from.

use std::ffi::OsStr;
use std::process::ExitCode;

use super::exit;
use crate::report::table::print_text;

/// Prints it when this is what the command line asks, and gives the exit code.
pub fn print_if_asked() -> Option<ExitCode> {
    let text = asked(std::env::args_os().skip(1))?;
    let printed = print_text(&mut std::io::stdout().lock(), &text);
    Some(ExitCode::from(if printed.is_ok() { exit::DONE } else { exit::FAILED }))
}

fn asked(mut words: impl Iterator<Item = impl AsRef<OsStr>>) -> Option<String> {
    let (mut version, mut verbose) = (false, false);
    let all_known = words.all(|word| match word.as_ref().to_str() {
        Some("--version" | "-V") => {
            version = true;
            true
        }
        Some("--verbose" | "-v") => {
            verbose = true;
            true
        }
        _ => false,
    });
    (all_known && version && verbose).then(text)
}

fn text() -> String {
    let rows = [
        ("commit", env!("HIKAE_BUILT_COMMIT")),
        ("compiler", env!("HIKAE_BUILT_COMPILER")),
        ("target", env!("HIKAE_BUILT_TARGET")),
        ("profile", env!("HIKAE_BUILT_PROFILE")),
    ];
    let rows: String = rows.iter().map(|(name, value)| format!("{name:<9} {value}\n")).collect();
    format!("hikae {}\n{rows}", env!("CARGO_PKG_VERSION"))
}
