//! The shape of the house: imports go down, files are small, and each opens with one sentence that says what it does.

use std::path::{Path, PathBuf};

mod imports;

/// Longest file that the house style allows.
const MAX_LINES: usize = 300;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(root().join(folder)).into_iter().map(|entry| entry.unwrap().into_path());
    let found: Vec<PathBuf> = all.filter(|path| path.extension().is_some_and(|found| found == ending)).collect();
    assert!(!found.is_empty(), "no .{ending} file below {folder}: this test would check nothing");
    found
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root()).unwrap().display().to_string()
}

/// The rooms in floor order, the top floor first, as `lib.rs` lists them.
fn rooms() -> Vec<String> {
    let text = read(&root().join("src/lib.rs"));
    let rooms: Vec<String> =
        text.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect();
    assert!(rooms.len() > 10, "lib.rs lists the rooms");
    rooms
}

/// The rooms that a text names with `crate::`.
fn named(text: &str) -> impl Iterator<Item = &str> {
    text.split("crate::").skip(1).flat_map(|rest| {
        let end = rest.find([';', '(', ')', '<', '>', ' ', ',']).unwrap_or(rest.len());
        let braces = rest.strip_prefix('{').map(|list| &list[..list.find('}').unwrap_or(list.len())]);
        let list = braces.unwrap_or(&rest[..end]);
        list.split(',').map(|item| item.trim().split("::").next().unwrap_or_default()).collect::<Vec<_>>()
    })
}

#[test]
fn a_file_names_only_rooms_on_its_own_floor_or_below() {
    let rooms = rooms();
    let floor = |room: &str| rooms.iter().position(|known| known == room);
    let mut steps_up = Vec::new();
    for file in files("src", "rs") {
        let path = shown(&file);
        let room = path.trim_start_matches("src/").split(['/', '.']).next().unwrap();
        let Some(own) = floor(room) else {
            assert!(["lib", "main"].contains(&room), "{path} is in a room that lib.rs does not list");
            continue;
        };
        let text = read(&file);
        let code: String =
            text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        for other in named(&code) {
            if floor(other).is_some_and(|other| other < own) {
                steps_up.push(format!("{path} names crate::{other}, a floor up"));
            }
        }
        assert!(!code.contains("use crate::*"), "{path} imports everything");
    }
    assert!(steps_up.is_empty(), "{}", steps_up.join("\n"));
}

#[test]
fn a_step_up_would_be_found() {
    let found: Vec<&str> = named(
        "use crate::world::{Caller, World};\nlet x = crate::error::Error::new();\nuse crate::{cli, host::limits};",
    )
    .collect();
    assert_eq!(found, ["world", "error", "cli", "host"]);
}

#[test]
fn every_file_opens_with_one_sentence() {
    let heads = [("src", "rs", "//!"), ("tests", "rs", "//!"), ("stdlib", "lua", "---"), ("recipes", "lua", "---")];
    let mut bare = Vec::new();
    for (folder, ending, mark) in heads {
        for file in files(folder, ending) {
            let text = read(&file);
            let first = text.lines().next().unwrap_or_default();
            let sentence = first.strip_prefix(mark).unwrap_or_default().trim();
            let stub = sentence.starts_with("@meta");
            if !stub && (sentence.len() < 12 || !sentence.ends_with(['.', ':'])) {
                bare.push(format!("{}: {first}", shown(&file)));
            }
        }
    }
    assert!(bare.is_empty(), "files that do not open with a sentence:\n{}", bare.join("\n"));
}

#[test]
fn no_file_is_longer_than_the_wall() {
    let sources = files("src", "rs").into_iter().chain(files("stdlib", "lua")).chain(files("recipes", "lua"));
    let long: Vec<String> = sources
        .map(|file| (read(&file).lines().count(), shown(&file)))
        .filter(|(lines, _)| *lines > MAX_LINES)
        .map(|(lines, path)| format!("{path}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "longer than {MAX_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn no_room_is_a_lumber_room() {
    let lumber = ["utils", "util", "misc", "common", "helpers", "types"];
    for file in files("src", "rs") {
        let parts: Vec<String> = shown(&file).split(['/', '.']).map(str::to_owned).collect();
        assert!(
            !parts.iter().any(|part| lumber.contains(&part.as_str())),
            "{} has a name that says nothing",
            shown(&file)
        );
    }
}

/// Tests inside of the library would never run: `Cargo.toml` has `test = false` for it.
#[test]
fn every_test_is_in_tests() {
    let hidden = regex::Regex::new(r"cfg\((test|all\(test|any\(test)|#\[(tokio::)?test\]").unwrap();
    let inside: Vec<String> =
        files("src", "rs").iter().filter(|file| hidden.is_match(&read(file))).map(|file| shown(file)).collect();
    assert!(inside.is_empty(), "tests that never run: move them to tests/:\n{}", inside.join("\n"));
}

/// Where `mlua` may be named: the Lua rooms, and the loaders of recipes and channels.
const LUA_ROOMS: [&str; 6] =
    ["src/lua/", "src/modules/", "src/specs/", "src/recipe/loader/", "src/alert/channels.rs", "src/alert/channels/"];

#[test]
fn lua_is_named_only_in_its_rooms() {
    let named = regex::Regex::new(r"\bmlua\b").unwrap();
    let sources: Vec<PathBuf> = files("src", "rs");
    let (inside, outside): (Vec<_>, Vec<_>) = sources
        .iter()
        .filter(|file| named.is_match(&read(file)))
        .map(|file| shown(file))
        .partition(|file| LUA_ROOMS.iter().any(|room| file.starts_with(room)));
    assert!(inside.len() > 50, "the Lua rooms name mlua; else this test would check nothing");
    assert!(outside.is_empty(), "files that name mlua outside of its rooms:\n{}", outside.join("\n"));
}

#[test]
fn no_files_import_each_other_in_a_circle() {
    let sources: Vec<(String, String)> = files("src", "rs")
        .iter()
        .map(|file| (shown(file), read(file)))
        .filter(|(path, _)| path != "src/lib.rs")
        .collect();
    let imports = imports::imports(&sources);
    assert!(imports.values().map(|named| named.len()).sum::<usize>() > 1000, "hardly any import was read");
    let circles: Vec<String> = imports::circles(&imports).iter().map(|circle| circle.join(", ")).collect();
    assert!(circles.is_empty(), "files that import each other in a circle:\n{}", circles.join("\n"));
}

#[test]
fn a_circle_would_be_found() {
    let file = |path: &str, text: &str| (path.to_owned(), text.to_owned());
    let found = |files: &[(String, String)]| imports::circles(&imports::imports(files));
    let circle = [
        file("src/a/mod.rs", "pub use one::One;\nmod one;"),
        file("src/a/one.rs", "use crate::b::{self, two::{Two, Other}};"),
        file("src/b/mod.rs", "pub mod two;"),
        file("src/b/two.rs", "fn f(_: super::super::a::One) {}"),
    ];
    assert_eq!(found(&circle), [["a::one", "b::two"]]);
    let family = [file("src/a/mod.rs", "mod one; use one::One;"), file("src/a/one.rs", "use super::Two;")];
    assert!(found(&family).is_empty());
}
