//! The recipes of the night that make no backup of their own, and the one that fetches it: on a full disk, and killed at any moment.

use std::time::Duration;

use crate::support::disk::Disk;
use crate::support::program::{Hikae, names, set_mode};

/// A site with a run on record, its report of this month, and the arguments that make it.
fn reported() -> (Hikae, Vec<String>) {
    let hikae = Hikae::new().file("app/docker-compose.yml", "services: {}\n");
    let at = |name: &str| hikae.path(name).display().to_string();
    let set = |name: &str, value: String| ["--set".to_owned(), format!("{name}={value}")];
    let run =
        [&["run".to_owned(), "config-backup".to_owned()][..], &set("dir", at("made")), &set("app_dir", at("app"))]
            .concat();
    let said = hikae.run(&run.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(said.code, 0, "{said:?}");
    let month = chrono::Utc::now().with_timezone(&chrono::FixedOffset::east_opt(9 * 3600).unwrap()).format("%Y-%m");
    let report = [
        &["run".to_owned(), "backup-report".to_owned()][..],
        &set("dir", at("backups")),
        &set("month", month.to_string()),
        &set("out", at("backups/report.html")),
    ];
    let report = report.concat();
    (hikae, report)
}

fn run(hikae: &Hikae, args: &[String]) -> crate::support::program::Said {
    hikae.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn a_report_on_a_full_disk_leaves_the_one_before_as_it_was() {
    let (hikae, args) = reported();
    let disk = Disk::mount(&hikae.path("backups"), 8 << 20);
    assert_eq!(run(&hikae, &args).code, 0);
    let before: Vec<Vec<u8>> =
        ["report.html", "report.txt"].map(|name| std::fs::read(hikae.path("backups").join(name)).unwrap()).into();
    disk.resize(disk.used_bytes());
    let said = run(&hikae, &args);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("No space left on device"), "{said:?}");
    assert_eq!(hikae.backups(), ["report.html", "report.txt"]);
    for (name, text) in ["report.html", "report.txt"].iter().zip(&before) {
        assert!(std::fs::read(hikae.path("backups").join(name)).unwrap() == *text, "{name} is not as it was");
    }
    disk.resize(8 << 20);
    assert_eq!(run(&hikae, &args).code, 0);
    drop(disk);
}

#[test]
fn whenever_a_report_is_killed_the_one_that_is_there_is_whole() {
    let (hikae, args) = reported();
    let page = hikae.path("backups/report.html");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    for step in 1..9_u64 {
        let mut child = hikae.start(&args);
        std::thread::sleep(Duration::from_millis(step * 40));
        child.kill().unwrap();
        child.wait().unwrap();
        if page.exists() {
            let text = std::fs::read_to_string(&page).unwrap();
            assert!(text.trim_end().ends_with("</html>"), "half a report is visible after {step}");
        }
    }
    let said = hikae.run(&args);
    assert_eq!(said.code, 0, "{said:?}");
    assert_eq!(hikae.backups(), ["report.html", "report.txt"]);
}

#[test]
fn permissions_are_put_right_on_a_full_disk_and_after_a_run_that_was_killed() {
    let hikae = Hikae::new();
    let disk = Disk::mount(&hikae.path("backups"), 32 << 20);
    let folder = hikae.path("backups/deep");
    std::fs::create_dir(&folder).unwrap();
    for number in 0..3000 {
        let path = folder.join(format!("f{number}"));
        std::fs::write(&path, "x").unwrap();
        set_mode(&path, 0o644);
    }
    set_mode(&folder, 0o755);
    disk.resize(disk.used_bytes());
    let set = format!("dir={}", hikae.path("backups").display());
    let args = ["run", "backup-permissions", "--set", &set];
    for step in [60, 120, 240] {
        let mut child = hikae.start(&args);
        std::thread::sleep(Duration::from_millis(step));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let said = hikae.run(&args);
    assert_eq!(said.code, 0, "{said:?}");
    let mode = |path: &std::path::Path| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    };
    assert_eq!((mode(&folder), names(&folder).len()), (0o700, 3000));
    assert!(names(&folder).iter().all(|name| mode(&folder.join(name)) == 0o600));
    drop(disk);
}
