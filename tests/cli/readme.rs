//! The README: its recipe runs as printed, its files are read as printed, and every command line in it exists.

use clap::Parser;
use hikae::cli::args::Arguments;
use hikae::config::dotenv;

use crate::support::postgres::shared;
use crate::support::program::Hikae;

const PAGES: [(&str, &str); 2] =
    [("README.md", include_str!("../../README.md")), ("README.ja.md", include_str!("../../README.ja.md"))];

/// The text of every fenced block of this language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

fn one_block<'a>(name: &str, page: &'a str, language: &str) -> &'a str {
    let found = blocks(page, language);
    assert_eq!(found.len(), 1, "{name} has one {language} block");
    found[0]
}

#[test]
fn its_first_recipe_runs_as_printed() {
    let cluster = shared();
    cluster.create_database("wiki");
    cluster.psql("wiki", "CREATE TABLE pages (title text); INSERT INTO pages VALUES ('控え'), ('歴史')");
    let role = format!("CREATE ROLE backup LOGIN PASSWORD '{}' IN ROLE pg_read_all_data", cluster.password);
    cluster.psql("wiki", &role);
    for (name, page) in PAGES {
        let recipe = one_block(name, page, "lua");
        assert!(recipe.lines().count() <= 10, "{name} promises ten lines");
        // All as printed, but that the tests' server has a port of its own.
        let here = recipe.replace("host = \"localhost\"", &format!("host = \"localhost\", port = {}", cluster.port()));
        assert_ne!(here, recipe, "{name}");
        let hikae = Hikae::new().file("config/recipes/wiki.lua", &here).env("DB_PASSWORD", &cluster.password);
        let dir = format!("dir={}", hikae.path("backups").display());
        let said = hikae.run(&["run", "wiki", "--set", &dir]);
        assert_eq!((said.code, said.err.as_str()), (0, ""), "{name}: {said:?}");
        let backups = hikae.backups();
        assert_eq!(backups.len(), 2, "{name}: {backups:?}");
        assert!(backups[0].starts_with("wiki_") && backups[0].ends_with(".sql.gz"), "{name}: {backups:?}");
        let manifest = std::fs::read_to_string(hikae.path("backups").join(&backups[1])).unwrap();
        let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
        assert_eq!(manifest["database"]["tables"][0]["rows"], 2, "{name}: {manifest}");
    }
}

#[test]
fn its_env_file_means_what_it_says() {
    for (name, page) in PAGES {
        let console = blocks(page, "console").join("\n");
        let after = console.split("$ cat /etc/hikae/.env").nth(1).unwrap_or_else(|| panic!("{name} shows a .env"));
        let file: Vec<&str> = after.lines().skip(1).take_while(|line| !line.starts_with('$')).collect();
        let variables = dotenv::parse(&file.join("\n")).unwrap_or_else(|broken| panic!("{name}: {broken:?}"));
        assert_eq!(variables["DB_PASSWORD"], r#"p$ss "word""#, "{name}");
        assert_eq!(variables["RETENTION_DAYS"], "30", "{name}");
    }
}

#[test]
fn its_settings_are_read_as_printed() {
    let toml = one_block("README.md", PAGES[0].1, "toml");
    let hikae = Hikae::new().file("config/hikae.toml", toml);
    let said = hikae.run(&["show", "db-backup"]);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    assert!(said.out.contains("60"), "`days` is as the file says: {}", said.out);
}

#[test]
fn the_map_names_only_files_that_exist() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let map = include_str!("../../ARCHITECTURE.md");
    let named = map.split('`').enumerate().filter(|(at, _)| at % 2 == 1).map(|(_, code)| code);
    let pattern =
        |code: &str| code.contains("NAME") || code.contains("NNNN") || code.contains(['*', ' ', '…', ':', '.']);
    let is_path = |code: &&str| match code.rsplit_once('.') {
        Some((path, "rs" | "lua" | "md" | "toml")) => path.contains('/') && !pattern(path),
        _ => code.contains('/') && !pattern(code),
    };
    let paths: Vec<&str> = named.filter(is_path).collect();
    assert!(paths.len() > 60, "{paths:?}");
    for path in paths {
        assert!(root.join(path).exists() || root.join("src").join(path).exists(), "ARCHITECTURE.md names `{path}`");
    }
}

#[test]
fn the_glossary_of_the_map_is_short() {
    let map = include_str!("../../ARCHITECTURE.md");
    let table = map.split("## Glossary").nth(1).unwrap().split("\n## ").next().unwrap();
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")).skip(1);
    let words = rows.map(|row| row.split(" | ").next().unwrap().split(", ").count()).sum::<usize>();
    assert!((10..=40).contains(&words), "{words} words");
}

#[test]
fn every_command_line_in_it_exists() {
    for (name, page) in PAGES {
        let prose = page.split('`').enumerate().filter(|(at, _)| at % 2 == 1).map(|(_, code)| code);
        let typed = blocks(page, "console").into_iter().flat_map(str::lines);
        // In a crontab five fields stand before the command.
        let command = |line: &str| {
            let line = line.split(" # ").next()?.trim().trim_start_matches("$ ");
            let line = line.strip_prefix("0 2 * * * /usr/bin/").unwrap_or(line);
            line.starts_with("hikae ").then(|| line.to_owned())
        };
        let lines: Vec<String> = prose.chain(typed).filter_map(command).collect();
        assert!(lines.len() >= 6, "{name}: found only {lines:?}");
        for line in lines {
            let parsed = Arguments::try_parse_from(line.split_whitespace());
            assert!(parsed.is_ok(), "{name}: `{line}`: {}", parsed.err().unwrap());
        }
    }
}
