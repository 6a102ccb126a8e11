//! A git remote that vanishes half-way, or falls silent: nothing old goes, the mirror stays whole, and the next run goes on with it.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::nightly::git;
use crate::compression::samples::Random;
use crate::support::processes::wait_until;
use crate::support::program::{Hikae, names};
use crate::support::proxy::{Act, Proxy};
use crate::support::receiver::closed_port;

const PLENTY: usize = usize::MAX / 2;

/// A git daemon on loopback, which ends with the test.
struct Daemon {
    child: Child,
    port: u16,
}

impl Daemon {
    fn start(base: &Path) -> Daemon {
        let port = closed_port();
        let place =
            Command::new("git").arg("--exec-path").output().expect("`git` is needed: apt-get install git").stdout;
        let program = PathBuf::from(String::from_utf8(place).unwrap().trim()).join("git-daemon");
        let mut daemon = Command::new(program);
        daemon.args(["--export-all", "--reuseaddr", "--listen=127.0.0.1", &format!("--port={port}")]);
        daemon.arg(format!("--base-path={}", base.display())).arg(base);
        // The daemon reads repositories of its own user only, unless it is told otherwise.
        daemon.env("GIT_CONFIG_COUNT", "1").env("GIT_CONFIG_KEY_0", "safe.directory").env("GIT_CONFIG_VALUE_0", "*");
        let child = daemon.stderr(Stdio::null()).spawn().expect("`git daemon` is needed: apt-get install git");
        wait_until("the git daemon", || TcpStream::connect(("127.0.0.1", port)).is_ok());
        Daemon { child, port }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// A commit with some megabytes that do not compress, and so many objects that git keeps them as one pack.
fn commit(folder: &Path, seed: u64) {
    let mut random = Random(seed);
    let noise: Vec<u8> = (0..3 << 20).map(|_| random.next() as u8).collect();
    std::fs::write(folder.join(format!("large{seed}.bin")), noise).unwrap();
    for number in 0..120 {
        std::fs::write(folder.join(format!("small{seed}-{number}")), format!("{seed} {number}")).unwrap();
    }
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "-m", "more"]);
}

/// A remote behind a proxy whose budget of bytes the test changes; what is over it is cut or held.
struct Site {
    hikae: Hikae,
    _daemon: Daemon,
    budget: Arc<AtomicUsize>,
    set: Vec<String>,
}

impl Site {
    fn new(act: Act) -> Site {
        let hikae = Hikae::new().file("served/cafe/readme", "cafe\n");
        let cafe = hikae.path("served/cafe");
        git(&cafe, &["init", "--quiet", "--initial-branch=main"]);
        commit(&cafe, 7);
        let daemon = Daemon::start(&hikae.path("served"));
        let budget = Arc::new(AtomicUsize::new(PLENTY));
        let proxy = Proxy::with_budget(daemon.port, &budget, act);
        let dir = format!("dir={}", hikae.path("backups").display());
        let set = vec![dir, format!("url=git://127.0.0.1:{}/cafe/.git", proxy.port)];
        Site { hikae, _daemon: daemon, budget, set }
    }

    fn mirror(&self) -> PathBuf {
        self.hikae.path("backups/repo_mirror_cafe")
    }

    /// A run that gets so many bytes of the remote.
    fn run(&self, bytes: usize, more: &[&str]) -> crate::support::program::Said {
        self.budget.store(bytes, Ordering::SeqCst);
        let mut args = vec!["run", "git-backup"];
        self.set.iter().map(String::as_str).chain(more.iter().copied()).for_each(|one| args.extend(["--set", one]));
        self.hikae.run(&args)
    }

    /// What there is beside the mirror.
    fn backups(&self) -> Vec<String> {
        self.hikae.backups().into_iter().filter(|name| !name.starts_with("repo_mirror_")).collect()
    }

    /// Whether the newest bundle clones alone and has the remote's newest commit.
    fn is_restorable(&self) {
        let newest = self.backups().into_iter().rfind(|name| name.ends_with(".bundle")).unwrap();
        let again = self.hikae.path(&format!("again-{newest}"));
        let bundle = self.hikae.path("backups").join(newest).display().to_string();
        git(&self.hikae.path(""), &["clone", "--quiet", &bundle, &again.display().to_string()]);
        let served = self.hikae.path("served/cafe");
        assert_eq!(git(&again, &["rev-parse", "HEAD"]), git(&served, &["rev-parse", "HEAD"]));
    }

    /// The mirror is whole, and holds no half pack that would stay for ever.
    fn mirror_is_clean(&self) {
        git(&self.mirror(), &["fsck", "--full"]);
        let packs = names(&self.mirror().join("objects/pack"));
        assert!(!packs.iter().any(|name| name.starts_with("tmp_")), "{packs:?}");
    }
}

#[test]
fn a_remote_that_vanishes_in_the_middle_costs_only_this_night() {
    let site = Site::new(Act::Cut);
    let said = site.run(1 << 20, &[]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("`git` failed") && said.err.contains("hint: "), "{said:?}");
    assert_eq!(site.backups(), Vec::<String>::new(), "the first clone was cut: there is no backup");

    let said = site.run(PLENTY, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    site.is_restorable();
    site.mirror_is_clean();

    let before = (site.backups(), git(&site.mirror(), &["for-each-ref"]));
    commit(&site.hikae.path("served/cafe"), 8);
    for bytes in [0, 500, 1 << 20, 3 << 20] {
        let said = site.run(bytes, &[]);
        assert_eq!(said.code, 1, "{bytes}: {said:?}");
        assert_eq!((site.backups(), git(&site.mirror(), &["for-each-ref"])), before, "{bytes}");
    }
    std::thread::sleep(std::time::Duration::from_secs(1)); // the stamps have seconds
    let said = site.run(PLENTY, &[]);
    assert_eq!(said.code, 0, "{said:?}");
    site.is_restorable();
    site.mirror_is_clean();
}

#[test]
fn a_remote_that_falls_silent_is_ended_at_its_limit_of_time() {
    let site = Site::new(Act::Hold);
    let said = site.run(1 << 20, &["timeout=3s"]);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("3.0s") || said.err.contains("3s"), "{said:?}");
    assert_eq!(site.backups(), Vec::<String>::new());
    let said = site.run(PLENTY, &["timeout=60s"]);
    assert_eq!(said.code, 0, "{said:?}");
    site.is_restorable();
    site.mirror_is_clean();
}
