//! Tells Cargo what is embedded in the program, and notes for `hikae --version --verbose` what it is built from.
#![allow(clippy::disallowed_macros)] // a build script speaks to Cargo on its standard output
#![allow(clippy::disallowed_methods, clippy::disallowed_types)] // and asks the compiler and the environment that Cargo gives it

use std::env::var;
use std::process::Command;

fn main() {
    for folder in ["recipes", "stdlib", "templates", "docs/errors", "docs/ja/errors"] {
        println!("cargo::rerun-if-changed={folder}");
    }
    // The commit is named by who builds a package: to read it here would build everything again after each commit.
    println!("cargo::rerun-if-env-changed=HIKAE_COMMIT");
    note("COMMIT", var("HIKAE_COMMIT").ok());
    note("COMPILER", compiler());
    note("TARGET", var("TARGET").ok());
    note("PROFILE", var("PROFILE").ok());
}

fn compiler() -> Option<String> {
    let said = Command::new(var("RUSTC").ok()?).arg("--version").output().ok()?;
    String::from_utf8(said.stdout).ok()
}

fn note(name: &str, value: Option<String>) {
    let value = value.filter(|value| !value.is_empty()).unwrap_or_else(|| "unknown".to_owned());
    println!("cargo::rustc-env=HIKAE_BUILT_{name}={}", value.trim());
}
