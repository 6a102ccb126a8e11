//! The documentation: its links lead somewhere, its command lines exist, its recipes load, and no page is left out of the contents.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use clap::Parser;
use hikae::cli::args::Arguments;

use crate::support::program::Hikae;

mod examples;
mod recipes;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every page, by its path below the project.
fn pages() -> Vec<(PathBuf, String)> {
    let below = walkdir::WalkDir::new(root().join("docs")).sort_by_file_name().into_iter().map(Result::unwrap);
    let below = below.map(|entry| entry.into_path()).filter(|path| path.extension().is_some_and(|end| end == "md"));
    let top = ["README.md", "README.ja.md", "ARCHITECTURE.md", "CHANGELOG.md"].map(|name| root().join(name));
    let all = top.into_iter().chain(below);
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        (path.strip_prefix(root()).unwrap().to_owned(), text)
    };
    let pages: Vec<_> = all.map(read).collect();
    assert!(pages.len() > 30, "the pages were not found");
    pages
}

/// The text of every fenced block of this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// The text outside fenced blocks.
fn prose(page: &str) -> String {
    page.split("```").step_by(2).collect()
}

/// The anchor that a heading has, as GitHub and mdBook make it.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase();
    let kept = words.chars().filter(|c| c.is_alphanumeric() || *c == ' ' || *c == '-' || *c == '_');
    kept.map(|c| if c == ' ' { '-' } else { c }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut checked = 0;
    for (page, text) in pages() {
        for link in prose(&text).split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (path, wanted) = link.split_once('#').unwrap_or((link, ""));
            let target =
                if path.is_empty() { root().join(&page) } else { root().join(page.parent().unwrap()).join(path) };
            assert!(target.exists(), "{} links to `{link}`", page.display());
            if !wanted.is_empty() && target.extension().is_some_and(|end| end == "md") {
                let there = std::fs::read_to_string(&target).unwrap();
                let found = there.lines().any(|line| line.starts_with('#') && anchor(line) == wanted);
                assert!(found, "{} links to `{link}`, and there is no such heading", page.display());
            }
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} links were found");
}

#[test]
fn the_contents_name_every_page() {
    let contents = std::fs::read_to_string(root().join("docs/SUMMARY.md")).unwrap();
    let named: BTreeSet<&str> = contents.split("](").skip(1).filter_map(|rest| rest.split(')').next()).collect();
    for (page, _) in pages() {
        let Ok(below) = page.strip_prefix("docs") else { continue };
        let name = below.to_str().unwrap();
        assert!(name == "SUMMARY.md" || named.contains(name), "docs/SUMMARY.md does not name `{name}`");
    }
}

#[test]
fn every_command_line_exists() {
    let mut checked = 0;
    for (page, text) in pages() {
        let typed = blocks(&text, "console").into_iter().chain(blocks(&text, "")).flat_map(str::lines);
        for line in typed {
            let line = line.split(" # ").next().unwrap().trim();
            // In a crontab five fields stand before the command.
            let command = line.strip_prefix("$ ").or_else(|| line.split_once("/bin/").map(|(_, command)| command));
            let Some(command) = command.filter(|command| command.starts_with("hikae ")) else { continue };
            let parsed = Arguments::try_parse_from(command.split_whitespace());
            // What asks for the version is answered, not parsed.
            let wrong = parsed.err().filter(clap::Error::use_stderr);
            assert!(wrong.is_none(), "{}: `{command}`: {}", page.display(), wrong.unwrap());
            checked += 1;
        }
    }
    assert!(checked > 60, "only {checked} command lines were found");
}

#[test]
fn every_recipe_in_it_loads() {
    let mut hikae = Hikae::new();
    let mut names = Vec::new();
    for (number, (page, text)) in pages().into_iter().enumerate() {
        for (at, block) in blocks(&text, "lua").into_iter().enumerate() {
            if block.lines().any(|line| line.starts_with("return recipe")) {
                let name = format!("page-{number}-{at}");
                hikae = hikae.file(&format!("config/recipes/{name}.lua"), block);
                names.push((name, page.clone()));
            }
        }
    }
    assert!(names.len() > 8, "only {} recipes were found", names.len());
    let said = hikae.run(&["list", "--json"]);
    assert_eq!(said.code, 0, "{said:?}");
    let rows = said.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let rows: Vec<serde_json::Value> = rows.collect();
    for (name, page) in names {
        let row = rows.iter().find(|row| row["recipe"] == *name).unwrap();
        assert!(row["error"].is_null(), "{}: {row}", page.display());
    }
}

#[test]
fn the_readme_installs_this_version() {
    let deb = format!("hikae_{}_amd64.deb", env!("CARGO_PKG_VERSION"));
    for (page, text) in pages().into_iter().filter(|(page, _)| page.to_str().unwrap().starts_with("README")) {
        assert!(text.contains(&deb), "{} does not name `{deb}`", page.display());
    }
}

#[test]
fn the_hook_runs_the_specs_of_a_commit_that_changes_lua() {
    let hikae = Hikae::new().file(
        "recipes/x.lua",
        "--- Does nothing.\nreturn recipe { type = 'daily', kind = 'maintenance', run = function() end }\n",
    );
    let dir = hikae.path("");
    let git = |words: &[&str]| {
        let identity = ["-c", "user.name=t", "-c", "user.email=t@e", "-c", "init.defaultBranch=main"];
        let path = format!(
            "{}:{}",
            Path::new(env!("CARGO_BIN_EXE_hikae")).parent().unwrap().display(),
            std::env::var("PATH").unwrap()
        );
        let run =
            std::process::Command::new("git").args(identity).args(words).current_dir(&dir).env("PATH", path).output();
        let run = run.expect("install git");
        (
            run.status.success(),
            String::from_utf8_lossy(&run.stdout).into_owned() + &String::from_utf8_lossy(&run.stderr),
        )
    };
    assert!(git(&["init", "-q"]).0);
    std::fs::copy(root().join("docs/examples/pre-commit"), dir.join(".git/hooks/pre-commit")).unwrap();
    let spec = |expected: &str| {
        let text = format!(
            "--- x.\nit('ends well', function() expect(simulate {{}}:run('x').status).to_equal('{expected}') end)\n"
        );
        std::fs::write(dir.join("recipes/x_spec.lua"), text).unwrap();
        git(&["add", "recipes"]);
        git(&["commit", "-qm", "a change"])
    };
    let (taken, said) = spec("failure");
    assert!(!taken && said.contains("ends well"), "{said}");
    let (taken, said) = spec("success");
    assert!(taken, "{said}");
}
