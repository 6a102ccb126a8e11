//! What only the real world can show about files: modes, links, full disks, dead writers.

use std::fs::FileTimes;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures_util::FutureExt;
use hikae::error::Kind;
use hikae::world::real::Real;
use hikae::world::{EntryKind, ListQuery};

use super::place::{caller, drain, names, raw_names, real, real_world};

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn modes_are_exact_under_any_umask() {
    for umask in [0o000, 0o277, 0o777] {
        // A thread of its own file system context, so that the umask of the other tests stays.
        let probe = move || {
            // SAFETY: only this thread, and those that it starts, get a context of their own.
            unsafe { rustix::thread::unshare_unsafe(rustix::thread::UnshareFlags::FS).unwrap() };
            let place = real();
            rustix::process::umask(rustix::fs::Mode::from_raw_mode(umask));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let path = place.path("a/b/x");
                let mut sink = place.call.create(&path, 0o640).await.unwrap();
                let partial = raw_names(path.parent().unwrap());
                assert_eq!(mode(&path.with_file_name(&partial[0])), 0o640, "from the first byte");
                sink.write(Bytes::from_static(b"x")).await.unwrap();
                sink.commit().await.unwrap();
                place.call.write(&place.path("a/y"), vec![], 0o604, false).await.unwrap();
                place.call.mkdir(&place.path("c/d"), 0o755).await.unwrap();
                let modes = ["a", "a/b", "a/b/x", "a/y", "c", "c/d"].map(|name| mode(&place.path(name)));
                assert_eq!(modes, [0o700, 0o700, 0o640, 0o604, 0o755, 0o755]);
            });
        };
        std::thread::spawn(probe).join().unwrap();
    }
}

#[tokio::test]
async fn a_missing_root_is_made_private() {
    let kept = tempfile::tempdir().unwrap();
    let root = kept.path().join("var/backups");
    let call = caller(std::sync::Arc::new(Real::beneath([root.clone()]).unwrap()));
    call.write(&root.join("x"), vec![1], 0o600, false).await.unwrap();
    assert_eq!((mode(&root), mode(&kept.path().join("var"))), (0o700, 0o700));
    assert_eq!(call.stat(&root).await.unwrap().unwrap().kind, EntryKind::Dir);
}

#[tokio::test]
async fn ages_are_counted_as_find_counts_them() {
    let place = real();
    let hours = [1, 25, 30 * 24 + 23, 31 * 24 + 1, -5];
    for hour in hours {
        let path = place.put(&format!("h{hour}"), "").await;
        let age = Duration::from_secs(u64::from(i32::unsigned_abs(hour)) * 3600);
        let now = SystemTime::now();
        let modified = if hour < 0 { now + age } else { now - age };
        std::fs::File::open(path).unwrap().set_times(FileTimes::new().set_modified(modified)).unwrap();
    }
    for (older, newer, argument) in
        [(Some(30), None, "+30"), (Some(0), None, "+0"), (None, Some(1), "-1"), (None, Some(31), "-31")]
    {
        let found = ListQuery { older_than_days: older, newer_than_days: newer, ..ListQuery::of(&place.dir) };
        let ours: Vec<_> = place.call.list(found).await.unwrap().into_iter().map(|entry| entry.path).collect();
        let output = Command::new("find").arg(&place.dir).args(["-type", "f", "-mtime", argument]).output().unwrap();
        let mut theirs: Vec<std::path::PathBuf> =
            String::from_utf8(output.stdout).unwrap().lines().map(Into::into).collect();
        theirs.sort();
        assert_eq!(ours, theirs, "-mtime {argument}");
        assert!(!ours.is_empty());
    }
}

#[tokio::test]
async fn what_is_dropped_or_given_up_is_removed_from_the_disk() {
    let (world, kept) = real_world();
    let call = caller(world.clone());
    for _ in 0..3 {
        let mut sink = call.create(&kept.path().join("x"), 0o600).await.unwrap();
        sink.write(Bytes::from(vec![0; 2 << 20])).await.unwrap();
        sink.seal().await.unwrap();
        assert_eq!(raw_names(kept.path()).len(), 1);
        drop(sink);
        assert!(world.settle(Duration::from_secs(10)));
        assert!(raw_names(kept.path()).is_empty());
    }
    // A commit that nobody waits for is taken back, wherever it was.
    for steps in 0..4 {
        let sink = call.create(&kept.path().join("x"), 0o600).await.unwrap();
        let mut commit = sink.commit();
        let mut done = false;
        for _ in 0..steps {
            // On a quick machine it has come to its end by now: then it stands, and there is nothing to take back.
            done = done || (&mut commit).now_or_never().is_some();
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        drop(commit);
        assert!(world.settle(Duration::from_secs(10)));
        if done {
            std::fs::remove_file(kept.path().join("x")).unwrap();
        }
    }
    assert!(names(&call, kept.path()).await.is_empty());
}

#[tokio::test]
async fn a_file_that_shrinks_is_not_read_in_silence() {
    let place = real();
    let path = place.path("log");
    std::fs::write(&path, vec![b'x'; 3 << 20]).unwrap();
    let mut source = place.call.open(&path).await.unwrap();
    source.next().await.unwrap();
    std::fs::File::options().write(true).open(&path).unwrap().set_len(1 << 20).unwrap();
    let error = drain(source.as_mut()).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert_eq!(error.causes(), ["it shrank from 3145728 to 1048576 bytes meanwhile"]);
}

#[tokio::test]
async fn what_could_block_for_ever_is_not_opened() {
    let place = real();
    assert!(Command::new("mkfifo").arg(place.path("fifo")).status().unwrap().success());
    let opened = tokio::time::timeout(Duration::from_secs(10), place.call.open(&place.path("fifo"))).await.unwrap();
    assert_eq!(opened.err().unwrap().causes(), ["it is not a plain file"]);
}

/// A file system of 2 MiB, unmounted when dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn new() -> SmallDisk {
        let dir = tempfile::tempdir().unwrap();
        let done = Command::new("mount").args(["-t", "tmpfs", "-o", "size=2m", "tmpfs"]).arg(dir.path()).status();
        assert!(done.is_ok_and(|status| status.success()), "this test mounts a small tmpfs: run it as root");
        SmallDisk(dir)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        assert!(Command::new("umount").arg("-l").arg(self.0.path()).status().unwrap().success());
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_cleared() {
    let disk = SmallDisk::new();
    super::checks::a_full_disk_is_told_and_cleared(&super::place::real_in(disk.0.path())).await;
}

#[tokio::test]
async fn hikae_itself_reaches_its_files_through_links() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::create_dir(dir.path().join("real")).unwrap();
    std::fs::write(dir.path().join("real/hikae.toml"), "x").unwrap();
    symlink(dir.path().join("real"), dir.path().join("etc")).unwrap();
    symlink(dir.path().join("real/hikae.toml"), dir.path().join("link.toml")).unwrap();
    let call = caller(std::sync::Arc::new(Real::ambient()));
    assert_eq!(call.read(&dir.path().join("etc/hikae.toml"), 10).await.unwrap().len(), 1);
    assert_eq!(call.read(&dir.path().join("link.toml"), 10).await.unwrap().len(), 1);
    call.write(&dir.path().join("etc/new/state"), vec![1], 0o600, false).await.unwrap();
    assert_eq!(mode(&dir.path().join("real/new/state")), 0o600);
    assert_eq!(names(&call, &dir.path().join("etc")).await, ["hikae.toml", "new"]);
    assert_eq!(call.stat("/".as_ref()).await.unwrap().unwrap().kind, EntryKind::Dir);
    assert!(!names(&call, "/".as_ref()).await.is_empty());
}
