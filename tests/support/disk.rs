//! Mounts a small file system in memory that goes away with the test, however the test ends.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const NEEDS: &str = "this test fills a small disk in memory: it must be root, and may mount a tmpfs \
                     (in a container: add the capability SYS_ADMIN)";

/// Mounts, says `ready`, and waits for the end of its standard input: that comes with the end of this process at the latest.
const GUARD: &str = r#"
mount -t tmpfs -o size="$2",mode=0700 tmpfs "$1" || exit
trap '' PIPE HUP INT TERM
echo ready
exec >/dev/null 2>&1
read -r _
umount -l "$1"
"#;

/// The unit in which the disk gives out its space.
pub const PAGE_BYTES: u64 = 4096;

/// A small disk of its own. Let it go before the folder that it lies in.
pub struct Disk {
    path: PathBuf,
    guard: Child,
}

impl Disk {
    /// A disk of `size_bytes` at `path`, which is made when it does not stand.
    pub fn mount(path: &Path, size_bytes: u64) -> Disk {
        std::fs::create_dir_all(path).unwrap();
        let mut guard = Command::new("/bin/sh");
        guard.args(["-c", GUARD, "guard"]).arg(path).arg(size_bytes.to_string());
        guard.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut guard = guard.spawn().unwrap();
        let (mut said, mut complaint) = (String::new(), String::new());
        guard.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        guard.stderr.take().unwrap().read_to_string(&mut complaint).unwrap();
        assert_eq!(said, "ready\n", "{NEEDS}: {complaint}");
        Disk { path: path.into(), guard }
    }

    pub fn resize(&self, size_bytes: u64) {
        self.remount(&format!("size={size_bytes}"));
    }

    pub fn make_read_only(&self) {
        self.remount("ro");
    }

    fn remount(&self, option: &str) {
        let output = Command::new("mount").args(["-o", &format!("remount,{option}")]).arg(&self.path).output().unwrap();
        assert!(output.status.success(), "{NEEDS}: {}", String::from_utf8_lossy(&output.stderr));
    }

    /// What is in use, in whole pages.
    pub fn used_bytes(&self) -> u64 {
        let found = rustix::fs::statvfs(&self.path).unwrap();
        (found.f_blocks - found.f_bfree) * found.f_frsize
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("cannot wait for the guard of a disk: {error}");
        }
    }
}
