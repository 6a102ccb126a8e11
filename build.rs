//! Tells Cargo to build again when a recipe, a library file or a template comes or goes: they are embedded in the program.
#![allow(clippy::disallowed_macros)] // a build script speaks to Cargo on its standard output

fn main() {
    for folder in ["recipes", "stdlib", "templates", "docs/errors", "docs/ja/errors"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
