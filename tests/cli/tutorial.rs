//! The tutorial for testing recipes: its files pass as printed, with the output as printed, and fail when it says so.

use crate::support::program::Hikae;

const PAGE: &str = include_str!("../../docs/testing-recipes.md");

/// The fenced blocks of this language, each with the line before it.
fn blocks(language: &str) -> Vec<(&'static str, &'static str)> {
    let opening = format!("```{language}\n");
    let parts: Vec<&str> = PAGE.split(&opening).collect();
    let text = |part: &'static str| part.split("```").next().unwrap();
    parts.windows(2).map(|pair| (pair[0].trim_end().lines().last().unwrap(), text(pair[1]))).collect()
}

/// A folder with the files of the page, and nothing else.
fn folder() -> Hikae {
    let files = blocks("lua");
    assert_eq!(files.len(), 2, "a recipe and its spec: {files:?}");
    files.into_iter().fold(Hikae::new().env("HIKAE_CONFIG_DIR", ""), |hikae, (before, text)| {
        let path = before.split("Put this into `").nth(1).and_then(|rest| rest.strip_suffix("`:"));
        hikae.file(path.unwrap_or_else(|| panic!("no path in `{before}`")), text)
    })
}

#[test]
fn its_example_runs_as_printed() {
    let typed = blocks("console");
    let (command, printed) = typed[1].1.split_once('\n').unwrap();
    let args: Vec<&str> = command.strip_prefix("$ hikae ").unwrap().split(' ').collect();
    let said = folder().run(&args);
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
    // How many ways there are to fail is the engine's to know.
    let steady = |text: &str| regex::Regex::new(r"\(\d+ ways").unwrap().replace_all(text, "(N ways").into_owned();
    assert_eq!(steady(&said.out), steady(printed));
}

#[test]
fn its_example_fails_once_it_is_broken_as_the_page_says() {
    let recipe = blocks("lua")[0].1;
    let prune = recipe.lines().find(|line| line.contains("retention.prune")).unwrap();
    let dump = recipe.lines().find(|line| line.contains("local dump")).unwrap();
    let broken = recipe.replace(&format!("{prune}\n"), "").replace(dump, &format!("{prune}\n{dump}"));
    assert_ne!(broken, recipe);
    let said = folder().file("recipes/wiki.lua", &broken).run(&["test"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.out.contains("3 specs, 0 passed,"), "{said:?}");
    assert!(said.out.contains("refused to remove old backups before the new one is proved"), "{said:?}");
    assert!(said.out.contains("what the run did:"), "{said:?}");
}
