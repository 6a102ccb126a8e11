//! Tells Cargo to build again when a recipe or a library file comes or goes: they are embedded in the program.
#![allow(clippy::disallowed_macros)] // a build script speaks to Cargo on its standard output

fn main() {
    for folder in ["recipes", "stdlib"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
