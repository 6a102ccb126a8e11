//! What cannot be read: an error by name, unless the recipe accepts it by name.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;

use crate::support::program::Hikae;

const NOBODY: u32 = 65534;

fn recipe(options: &str) -> String {
    format!(
        "--- Packs the tree.
return recipe {{
  type = \"daily\",
  params = {{ tree = {{ type = \"path\" }}, dir = {{ env = \"BACKUP_DIR\", type = \"path\" }} }},
  needs = {{ read = {{ \"{{tree}}\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
    archive.pack {{ roots = {{ p.tree }}, base = p.tree, {options} }}:save(path.join(p.dir, \"a.tar\"))
  end,
}}
"
    )
}

/// A tree in which nobody but its owner may read one file and one folder.
fn guarded_tree(hikae: &Hikae) -> std::path::PathBuf {
    let tree = hikae.path("tree");
    std::fs::create_dir_all(tree.join("private")).unwrap();
    std::fs::write(tree.join("public"), "x").unwrap();
    std::fs::write(tree.join("private/inside"), "x").unwrap();
    std::fs::write(tree.join("secret"), "x").unwrap();
    for (name, mode) in [("", 0o755), ("private", 0o700), ("secret", 0o600), ("public", 0o644)] {
        std::fs::set_permissions(tree.join(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    tree
}

/// Runs the recipe as a user who may not read all of the tree.
fn run_as_nobody(options: impl Fn(&Path) -> String) -> (i32, String, Hikae) {
    let hikae = Hikae::new();
    let tree = guarded_tree(&hikae);
    let hikae = hikae.file("config/recipes/pack.lua", &recipe(&options(&tree)));
    let home = hikae.path("");
    std::fs::set_permissions(&home, PermissionsExt::from_mode(0o755)).unwrap();
    for name in ["state", "backups"] {
        std::os::unix::fs::chown(home.join(name), Some(NOBODY), Some(NOBODY)).unwrap();
    }
    let mut command = hikae.command(&["run", "pack", "--set", &format!("tree={}", tree.display())]);
    let output = command.uid(NOBODY).gid(NOBODY).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&said).into_owned(), hikae)
}

#[test]
fn what_cannot_be_read_is_an_error_that_names_it() {
    let (code, said, hikae) = run_as_nobody(|_| String::new());
    assert_eq!(code, 1, "{said}");
    let tree = hikae.path("tree");
    assert!(said.contains(&format!("cannot read `{}`", tree.join("private").display())), "{said}");
    assert!(said.contains(&format!("accept_unreadable = {{ \"{}\" }}", tree.join("private").display())), "{said}");
    assert_eq!(std::fs::read_dir(hikae.path("backups")).unwrap().count(), 0);
}

#[test]
fn what_the_recipe_accepts_is_left_out_and_told() {
    let (code, said, hikae) = run_as_nobody(|tree| {
        let shown = |name: &str| tree.join(name).display().to_string();
        format!("accept_unreadable = {{ {:?}, {:?} }}", shown("private"), shown("secret"))
    });
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("could not be read and was left out"), "{said}");
    let manifest: serde_json::Value =
        serde_json::from_slice(&std::fs::read(hikae.path("backups/a.tar.manifest.json")).unwrap()).unwrap();
    assert_eq!(manifest["archive"]["unreadable"]["count"], 2);
    assert_eq!(manifest["archive"]["files"], 1);
    assert_eq!(manifest["warnings"].as_array().unwrap().len(), 2);
}

#[test]
fn a_plan_finds_it_too_and_reads_nothing() {
    let hikae = Hikae::new();
    let tree = guarded_tree(&hikae);
    let hikae = hikae.file("config/recipes/pack.lua", &recipe(""));
    let set = format!("tree={}", tree.display());
    let said = hikae.run(&["run", "pack", "--dry-run", "--set", &set]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("a.tar"), "{said:?}");
    assert_eq!(std::fs::read_dir(hikae.path("backups")).unwrap().count(), 0);
    std::fs::remove_dir_all(&tree).unwrap();
    let said = hikae.run(&["run", "pack", "--dry-run", "--set", &set]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("cannot pack"), "{said:?}");
}
