//! Recognizes shells by their names: hikae cannot prove what runs inside one.

use crate::report::remark::{Level, Remark};

/// The common part of every remark about a shell.
pub const WHY: &str = "what a shell hides, nobody can prove";
pub const HINT: &str =
    "declare the programs themselves: `process.stream` runs one, and `:through` puts another behind it";

const SHELLS: [&str; 18] = [
    "sh", "bash", "rbash", "dash", "ash", "zsh", "ksh", "ksh93", "mksh", "pdksh", "fish", "csh", "tcsh", "yash",
    "posh", "busybox", "toybox", "pwsh",
];

/// Whether a program is a shell, or a shell script by its name.
pub fn is_shell(program: &str) -> bool {
    let name = program.rsplit('/').next().unwrap_or_default();
    SHELLS.contains(&name) || [".sh", ".bash", ".zsh"].iter().any(|ending| name.ends_with(ending))
}

/// The remark on a backup produced by this program, if it is a shell.
pub fn remark(program: &str) -> Option<Remark> {
    let message = format!("a backup comes out of the shell `{program}`: {WHY}");
    is_shell(program).then(|| Remark::new(Level::Warning, "shell", message).hint(HINT))
}
