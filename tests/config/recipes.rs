//! Where recipes and modules are found, and what is said of a misspelt one.

use std::path::Path;

use hikae::config::embedded;
use hikae::error::Kind;
use hikae::suggest;

use super::{Memory, load, told};

#[test]
fn a_recipe_of_the_configuration_folder_is_found_by_name_and_by_path() {
    let files = Memory::default()
        .with("/etc/hikae/recipes/mine.lua", "return 1")
        .with("/etc/hikae/recipes/mine_spec.lua", "")
        .with("/etc/hikae/recipes/.hidden.lua", "")
        .with("/etc/hikae/recipes/notes.txt", "")
        .with("/home/kin/work/near.lua", "return 2");
    let config = load(&[], files).unwrap();
    let mine = config.recipe_source("mine").unwrap();
    assert_eq!((mine.name.as_str(), mine.text.as_str()), ("mine", "return 1"));
    assert_eq!(mine.file_shown, "/etc/hikae/recipes/mine.lua");
    assert_eq!(mine.folder.as_deref(), Some(Path::new("/etc/hikae/recipes")));
    let near = config.recipe_source("near.lua").unwrap();
    assert_eq!((near.name.as_str(), near.text.as_str(), near.file_shown.as_str()), ("near", "return 2", "near.lua"));
    assert_eq!(near.folder.as_deref(), Some(Path::new("/home/kin/work")));
    let names = config.recipes().unwrap();
    assert!(names.contains(&"mine".to_owned()), "{names:?}");
    assert!(names.iter().all(|name| !name.contains("spec") && !name.contains("hidden") && !name.contains("notes")));
}

#[test]
fn a_recipe_that_is_not_there_is_told_with_the_nearest_name() {
    let config = load(&[], Memory::default().with("/etc/hikae/recipes/photo-backup.lua", "")).unwrap();
    let error = config.recipe_source("photo-bakup").unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(
        told(&error),
        "cannot find the recipe `photo-bakup`\nhint: did you mean `photo-backup`? `hikae list` shows all recipes"
    );
    let told_of = |wanted| told(&config.recipe_source(wanted).unwrap_err());
    assert_eq!(told_of("zzzzzzzz"), "cannot find the recipe `zzzzzzzz`\nhint: `hikae list` shows all recipes");
    assert_eq!(
        told_of("photo-backup.lua"),
        "cannot find the file `photo-backup.lua`\nhint: did you mean `photo-backup`? `hikae list` shows all recipes"
    );
    assert_eq!(
        told_of("some/folder"),
        "cannot run `some/folder`\n\
         it is not a recipe: a path must end in `.lua`, and not in `_spec.lua`\n\
         hint: `hikae list` shows the recipes"
    );
}

#[test]
fn every_embedded_recipe_is_listed_and_can_be_overridden() {
    let on_disk: Vec<String> = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/recipes"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".lua").map(str::to_owned))
        .filter(|name| !name.ends_with("_spec"))
        .collect();
    assert_eq!(embedded::recipes().len(), on_disk.len());
    for name in on_disk {
        assert!(embedded::recipe(&name).is_some(), "{name}");
        let path = format!("/etc/hikae/recipes/{name}.lua");
        let config = load(&[], Memory::default().with(&path, "-- mine")).unwrap();
        assert_eq!(config.recipe_source(&name).unwrap().text, "-- mine");
        let built_in = load(&[], Memory::default()).unwrap().recipe_source(&name).unwrap();
        assert_eq!(built_in.file_shown, format!("recipes/{name}.lua"));
        assert_eq!(built_in.folder, None);
    }
}

#[test]
fn a_module_of_the_configuration_folder_wins_and_none_leads_out_of_it() {
    let files = Memory::default()
        .with("/etc/hikae/stdlib/hikae/mine.lua", "return {}")
        .with("/etc/hikae/secret.lua", "out of reach");
    let config = load(&[], files).unwrap();
    let module = config.module_source("hikae.mine").unwrap().unwrap();
    assert_eq!((module.file_shown.as_str(), module.text.as_str()), ("/etc/hikae/stdlib/hikae/mine.lua", "return {}"));
    for name in ["hikae.none", "../secret", "...secret", "", "hikae..mine", "/etc/hikae/secret"] {
        assert_eq!(config.module_source(name).unwrap(), None, "{name}");
        assert_eq!(embedded::module(name), None, "{name}");
    }
}

#[test]
fn the_nearest_word_is_near() {
    let words = ["database", "dir", "days", "retention_days"];
    assert_eq!(suggest::nearest("databse", words), Some("database"));
    assert_eq!(suggest::nearest("dayz", words), Some("days"));
    assert_eq!(suggest::nearest("Retention-Days", words), Some("retention_days"));
    assert_eq!(suggest::nearest("dri", words), Some("dir"));
    assert_eq!(suggest::nearest("host", words), None);
    assert_eq!(suggest::nearest("x", ["y"]), None);
    assert_eq!(suggest::nearest("x", []), None);
    assert_eq!(suggest::hint("x", []), "there are no valid names here");
}
