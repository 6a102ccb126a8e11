//! What takes minutes, and `scripts/test-long` runs: a large repository, and a file of three gigabytes.

use std::io::Write;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::nightly::{git, only};
use crate::support::program::Hikae;

/// A history of so many commits, each with a file of its own and one that grows.
fn history(folder: &std::path::Path, commits: usize) {
    std::fs::create_dir_all(folder).unwrap();
    git(folder, &["init", "--quiet", "--bare", "--initial-branch=main"]);
    let mut import = Command::new("git");
    import.args(["fast-import", "--quiet", "--done"]).current_dir(folder).stdin(Stdio::piped());
    let mut import = import.spawn().unwrap();
    let mut stdin = std::io::BufWriter::new(import.stdin.take().unwrap());
    let mut state = 7_u64;
    for number in 0..commits {
        let mut text = String::new();
        for _ in 0..64 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            text.push_str(&format!("{state:016x} lesson {number}\n"));
        }
        let message = format!("change {number}\n");
        write!(
            stdin,
            "commit refs/heads/main\ncommitter t <t@example.com> {} +0000\ndata {}\n{message}M 644 inline src/d{}/f{number}.txt\ndata {}\n{text}\n",
            1_600_000_000 + number,
            message.len(),
            number % 100,
            text.len()
        )
        .unwrap();
        if number % 1000 == 999 {
            write!(stdin, "reset refs/tags/v{}\nfrom refs/heads/main\n\n", number / 1000).unwrap();
        }
    }
    writeln!(stdin, "done").unwrap();
    drop(stdin);
    assert!(import.wait().unwrap().success());
}

/// How a run ended, however long it takes, and the most memory that it had, in KiB.
fn to_its_end(child: Child) -> (Output, u64) {
    let status = format!("/proc/{}/status", child.id());
    let watching = std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(line) = text.lines().find_map(|line| line.strip_prefix("VmHWM:")) else { break };
            peak = line.split_whitespace().next().unwrap().parse::<u64>().unwrap().max(peak);
            std::thread::sleep(Duration::from_millis(50));
        }
        peak
    });
    let output = child.wait_with_output().unwrap();
    (output, watching.join().unwrap())
}

#[test]
#[ignore = "takes minutes: scripts/test-long runs it"]
fn a_large_repository_is_mirrored_bundled_and_fetched_again_by_what_is_new() {
    let hikae = Hikae::new();
    let origin = hikae.path("origin.git");
    history(&origin, 40_000);
    let set = [format!("dir={}", hikae.path("backups").display()), format!("url=file://{}", origin.display())];
    let args = ["run", "git-backup", "--quiet", "--set", &set[0], "--set", &set[1]];
    let (output, peak) = to_its_end(hikae.start(&args));
    assert!(output.status.success(), "{output:?}");
    assert!(peak < 64 << 10, "{peak} KiB");
    let bundle = only(&hikae.path("backups"), ".bundle").display().to_string();
    let again = hikae.path("again.git").display().to_string();
    git(&hikae.path(""), &["clone", "--quiet", "--mirror", &bundle, &again]);
    let refs = |folder: &str| git(&hikae.path(folder), &["for-each-ref", "--format=%(objectname) %(refname)"]);
    assert_eq!(refs("again.git"), refs("origin.git"));
    assert_eq!(refs("again.git").lines().count(), 41);
    assert!(hikae.run(&args).code == 0);
}

#[test]
#[ignore = "takes minutes: scripts/test-long runs it"]
fn a_file_of_three_gigabytes_comes_back_byte_for_byte_in_flat_memory() {
    let recipe = "--- Packs one file.
return recipe {
  type = \"daily\",
  params = { tree = { type = \"path\" }, dir = { env = \"BACKUP_DIR\", type = \"path\" } },
  needs = { read = { \"{tree}\" }, write = { \"{dir}\" } },
  run = function(p)
    local saved = archive.pack { roots = { p.tree }, base = p.tree }:zstd():save(path.join(p.dir, \"a.tar.zst\"))
    log.info(tostring(archive.verify(saved.path).files))
  end,
}
";
    let hikae = Hikae::new().file("config/recipes/pack.lua", recipe).file("tree/small", "x");
    let line =
        "head -c 3221225479 /dev/zero | openssl enc -aes-128-ctr -pass pass:x -nosalt -pbkdf2 2>/dev/null > tree/large";
    assert!(Command::new("sh").args(["-c", line]).current_dir(hikae.path("")).status().unwrap().success());
    let set = format!("tree={}", hikae.path("tree").display());
    let (output, peak) = to_its_end(hikae.start(&["run", "pack", "--set", &set]));
    assert!(output.status.success(), "{output:?}");
    assert!(peak < 64 << 10, "{peak} KiB");
    let line = "zstd -dc ../backups/a.tar.zst | tar -xOf - large | cmp - large";
    assert!(Command::new("sh").args(["-c", line]).current_dir(hikae.path("tree")).status().unwrap().success());
}
