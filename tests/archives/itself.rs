//! An archive never becomes a part of itself, whatever links lead to where it goes; and its list is verified with it.

use std::os::unix::fs::symlink;

use crate::support::program::Hikae;

fn recipe(exclude: &str) -> String {
    format!(
        "--- Packs the tree.
return recipe {{
  type = \"daily\",
  params = {{ tree = {{ type = \"path\" }}, dir = {{ env = \"BACKUP_DIR\", type = \"path\" }} }},
  needs = {{ read = {{ \"{{tree}}\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
    local saved = archive.pack {{ roots = {{ p.tree }}, base = p.tree, exclude = {{ {exclude} }} }}:save(path.join(p.dir, \"a_\" .. clock.stamp() .. \".tar\"))
    log.info(\"verified \" .. manifest.verify(saved.path).size_bytes)
  end,
}}
"
    )
}

#[test]
fn a_root_that_holds_the_target_by_a_link_is_refused() {
    let hikae = Hikae::new().file("tree/data", "x").file("config/recipes/pack.lua", &recipe(""));
    let (tree, link) = (hikae.path("tree"), hikae.path("kept"));
    std::fs::create_dir(tree.join("archives")).unwrap();
    std::fs::write(tree.join("archives/a_20200101_000000.tar"), "an older one").unwrap();
    symlink(tree.join("archives"), &link).unwrap();
    let hikae = hikae.env("BACKUP_DIR", &link.display().to_string());
    let set = format!("tree={}", tree.display());
    for more in [&[][..], &["--dry-run"]] {
        let said = hikae.run(&[&["run", "pack", "--set", &set][..], more].concat());
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("cannot save the archive as `[WORLD]/kept/a_[STAMP].tar`"), "{said:?}");
        assert!(said.err.contains("it would be in `[WORLD]/tree/archives`, which is packed"), "{said:?}");
        assert!(said.err.contains("exclude = { \"/archives\" }"), "{said:?}");
        assert_eq!(crate::support::program::names(&tree.join("archives")), ["a_20200101_000000.tar"]);
    }
    for exclude in ["\"/archives\"", "\"*.tar\""] {
        let hikae = hikae.path("config/recipes/pack.lua");
        std::fs::write(hikae, recipe(exclude)).unwrap();
    }
    let said = hikae.run(&["run", "pack", "--set", &set]);
    assert_eq!(said.code, 0, "what the patterns leave out is no part of it: {said:?}");
}

#[test]
fn a_list_that_is_damaged_or_gone_is_found_when_the_archive_is_verified() {
    let verify = "return recipe { kind = \"check\", type = \"manual\", params = { file = { type = \"path\" } }, needs = { read = { \"{file}/..\" } },
      run = function(p) manifest.verify(p.file) end }";
    let hikae = Hikae::new().file("config/recipes/pack.lua", &recipe("")).file("config/recipes/look.lua", verify);
    let tree = hikae.path("tree");
    std::fs::create_dir(&tree).unwrap();
    (0..1100).for_each(|number| std::fs::write(tree.join(format!("f{number}")), "x").unwrap());
    let said = hikae.run(&["run", "pack", "--set", &format!("tree={}", tree.display())]);
    assert_eq!(said.code, 0, "{said:?}");
    let name = hikae.backups().into_iter().find(|name| name.ends_with(".tar")).unwrap();
    let (file, list) =
        (hikae.path("backups").join(&name), hikae.path("backups").join(format!("{name}.files.jsonl.zst")));
    let set = format!("file={}", file.display());
    assert_eq!(hikae.run(&["run", "look", "--set", &set]).code, 0);
    let whole = std::fs::read(&list).unwrap();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for (bytes, why) in [(&flipped[..], "its SHA-256 is another"), (&whole[..whole.len() - 1], "and had")] {
        std::fs::write(&list, bytes).unwrap();
        let said = hikae.run(&["run", "look", "--set", &set]);
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains(".files.jsonl.zst` is not what the manifest") && said.err.contains(why), "{said:?}");
        assert!(said.err.contains("the archive itself is whole"), "{said:?}");
    }
    std::fs::remove_file(&list).unwrap();
    let said = hikae.run(&["run", "look", "--set", &set]);
    assert!(said.code == 1 && said.err.contains("it is not there"), "{said:?}");
}
