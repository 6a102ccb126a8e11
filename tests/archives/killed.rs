//! A run that packs is killed at any moment, or its disk runs full: no half archive is ever visible.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::support::program::Hikae;

const RECIPE: &str = "--- Packs the tree.
return recipe {
  type = \"daily\",
  params = { tree = { type = \"path\" }, dir = { env = \"BACKUP_DIR\", type = \"path\" } },
  needs = { read = { \"{tree}\" }, write = { \"{dir}\" } },
  run = function(p)
    local saved = archive.pack { roots = { p.tree } }:zstd():save(path.join(p.dir, \"a_\" .. clock.stamp() .. \".tar.zst\"))
    log.info(tostring(archive.verify(saved.path).files))
  end,
}
";

fn tree(at: &Path, files: usize) {
    for number in 0..files {
        let folder = at.join(format!("d{}", number / 100));
        std::fs::create_dir_all(&folder).unwrap();
        let data: Vec<u8> = (0..4000_u32).map(|byte| (byte.wrapping_mul(number as u32 + 7) >> 3) as u8).collect();
        std::fs::write(folder.join(format!("f{number}")), data).unwrap();
    }
}

#[test]
fn whenever_it_is_killed_what_is_visible_is_whole() {
    let hikae = Hikae::new().file("config/recipes/pack.lua", RECIPE);
    let at = hikae.path("tree");
    tree(&at, 3000);
    let set = format!("tree={}", at.display());
    // As long as a run takes here: the kills are spread over it, on a fast machine as on a slow one.
    let begun = Instant::now();
    assert_eq!(hikae.run(&["run", "pack", "--quiet", "--set", &set]).code, 0);
    let whole = begun.elapsed();
    for entry in std::fs::read_dir(hikae.path("backups")).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let (mut killed, mut visible) = (0, 0);
    for step in 0..14_u32 {
        let delay = whole * step / 10;
        let mut child = hikae.start(&["run", "pack", "--quiet", "--set", &set]);
        std::thread::sleep(delay);
        child.kill().unwrap();
        killed += usize::from(child.wait().unwrap().signal() == Some(9));
        for entry in std::fs::read_dir(hikae.path("backups")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".tar.zst") {
                for suffix in [".manifest.json", ".files.jsonl.zst"] {
                    assert!(hikae.path(&format!("backups/{name}{suffix}")).exists(), "{name} without {suffix}");
                }
                visible += 1;
            }
        }
        // The stamp in the name has seconds.
        std::thread::sleep(Duration::from_secs(1).saturating_sub(delay));
    }
    assert!(killed > 3 && visible > 0, "{killed} runs were killed, and {visible} archives looked at");
    let said = hikae.run(&["run", "pack", "--set", &set]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("3000"), "{said:?}");
}

#[test]
fn a_disk_that_runs_full_leaves_nothing() {
    let hikae = Hikae::new().file("config/recipes/pack.lua", RECIPE);
    let (at, disk) = (hikae.path("tree"), hikae.path("backups"));
    tree(&at, 3000);
    let shown = disk.display().to_string();
    super::must("mount", &["-t", "tmpfs", "-o", "size=200k", "tmpfs", &shown]);
    let said = hikae.run(&["run", "pack", "--set", &format!("tree={}", at.display())]);
    let left = std::fs::read_dir(&disk).unwrap().count();
    super::must("umount", &["-l", &shown]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("No space left"), "{said:?}");
    assert_eq!(left, 0);
}
