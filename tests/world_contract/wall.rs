//! What the kernel's wall promises: a child reaches what was declared and what every program needs, and nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use hikae::error::Kind;
use hikae::world::program::run_to_end;
use hikae::world::real::Real;
use hikae::world::real::wall::{Level, Policy, enclose};
use hikae::world::{Caller, Command, Exit};

use super::place::caller;

struct Walled {
    call: Caller,
    kept: tempfile::TempDir,
}

/// Children may read `in` and write `out`; `other` stands beside them.
fn walled(connect_ports: Option<Vec<u16>>) -> Walled {
    let kept = tempfile::tempdir().unwrap();
    for folder in ["in", "out", "other"] {
        std::fs::create_dir(kept.path().join(folder)).unwrap();
        std::fs::write(kept.path().join(folder).join("x"), folder).unwrap();
    }
    let policy = Policy {
        read: vec![kept.path().join("in")],
        write: vec![kept.path().join("out")],
        connect_ports,
        ..Policy::default()
    };
    let real = Real::beneath([kept.path().into()]).unwrap().with_wall(policy);
    Walled { call: caller(Arc::new(real)), kept }
}

impl Walled {
    fn at(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    async fn shell(&self, script: &str) -> (String, Exit) {
        let command = Command {
            args: vec!["-c".into(), script.into(), "sh".into(), self.kept.path().to_str().unwrap().into()],
            ..Command::new("bash")
        };
        let (output, exit) = run_to_end("bash", self.call.spawn(command).await.unwrap(), 10_000).await.unwrap();
        (String::from_utf8(output.to_vec()).unwrap(), exit)
    }
}

#[tokio::test]
async fn a_child_reaches_what_is_declared() {
    let place = walled(None);
    let script = r#"cd "$1/in" && cat x && cat ../out/x && echo new > ../out/new && mkdir ../out/d && mv ../out/new ../out/d/ && echo gone > /dev/null"#;
    let (output, exit) = place.shell(script).await;
    assert_eq!((output.as_str(), exit.code, exit.stderr.as_str()), ("inout", Some(0), ""));
    assert_eq!(std::fs::read(place.at("out/d/new")).unwrap(), b"new\n");
}

#[tokio::test]
async fn a_child_reaches_nothing_else() {
    let place = walled(None);
    for script in [
        r#"cat "$1/other/x""#,
        r#"ls "$1/other""#,
        r#"echo > "$1/in/new""#,
        r#"echo > "$1/other/new""#,
        r#"rm -f "$1/in/x""#,
        r#"mv "$1/out/x" "$1/other/""#,
        "cat /etc/shadow",
        "cat /proc/1/environ",
        "cat /proc/$PPID/environ",
        "ls /root",
        "ls /opt",
        r#"cp /bin/true "$1/out/" && "$1/out/true""#,
    ] {
        let (output, exit) = place.shell(script).await;
        assert_ne!(exit.code, Some(0), "{script}: {output}");
        assert!(exit.stderr.contains("ermission denied"), "{script}: {}", exit.stderr);
    }
    assert!(place.at("in/x").exists() && !place.at("in/new").exists() && !place.at("other/new").exists());
    // Only the child is walled in.
    assert_eq!(place.call.read(&place.at("other/x"), 10).await.unwrap(), "other");
}

#[tokio::test]
async fn a_child_connects_only_to_declared_ports() {
    let (open, closed) = (listener(), listener());
    let port = |listener: &std::net::TcpListener| listener.local_addr().unwrap().port();
    let place = walled(Some(vec![port(&open)]));
    let connect = |port: u16| format!("exec 3<>/dev/tcp/127.0.0.1/{port}");
    assert_eq!(place.shell(&connect(port(&open))).await.1.code, Some(0));
    let (_, exit) = place.shell(&connect(port(&closed))).await;
    assert!(exit.stderr.contains("Permission denied"), "{}", exit.stderr);
    assert_eq!(walled(None).shell(&connect(port(&closed))).await.1.code, Some(0), "not declared is not walled");
}

fn listener() -> std::net::TcpListener {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap()
}

#[tokio::test]
async fn a_program_outside_the_system_folders_still_starts() {
    let place = walled(None);
    std::fs::create_dir(place.at("tools")).unwrap();
    std::fs::copy("/bin/true", place.at("tools/mytool")).unwrap();
    let child = place.call.spawn(Command::new(place.at("tools/mytool").to_str().unwrap())).await.unwrap();
    assert!(run_to_end("mytool", child, 10).await.unwrap().1.success());
}

/// Only root can put a package there, so the folder is looked at where tests run as root.
#[tokio::test]
async fn a_program_below_opt_reaches_its_own_package_and_no_other() {
    if !rustix::process::getuid().is_root() {
        return;
    }
    let (package, other) = (tempfile::tempdir_in("/opt").unwrap(), tempfile::tempdir_in("/opt").unwrap());
    for (folder, name) in [(&package, "lib"), (&package, "bin"), (&other, "lib")] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
        std::fs::write(folder.path().join(name).join("x"), name).unwrap();
    }
    let program = package.path().join("bin/mycat");
    std::fs::copy("/bin/cat", &program).unwrap();
    let place = walled(None);
    let cat = async |path: PathBuf| {
        let args = vec![path.to_str().unwrap().to_owned()];
        let child = place.call.spawn(Command { args, ..Command::new(program.to_str().unwrap()) }).await.unwrap();
        run_to_end("mycat", child, 100).await.unwrap().1
    };
    assert!(cat(package.path().join("lib/x")).await.success());
    assert!(cat(other.path().join("lib/x")).await.stderr.contains("ermission denied"));
}

/// Debian's are Perl scripts that read their settings before they run the program.
#[tokio::test]
async fn the_postgresql_tools_run_behind_it() {
    let place = walled(Some(vec![5432]));
    for tool in ["pg_dump", "psql", "pg_restore"] {
        let command = Command { args: vec!["--version".into()], ..Command::new(tool) };
        let (output, exit) = run_to_end(tool, place.call.spawn(command).await.unwrap(), 1000).await.unwrap();
        assert!(exit.success() && exit.stderr.is_empty(), "{tool}: {}", exit.stderr);
        assert!(output.starts_with(tool.as_bytes()));
    }
}

#[test]
fn the_process_itself_can_be_enclosed() {
    let kept = tempfile::tempdir().unwrap();
    let (inside, beside) = (kept.path().join("backups/database"), kept.path().join("beside"));
    std::fs::create_dir(kept.path().join("backups")).unwrap();
    std::fs::write(&beside, "x").unwrap();
    let files = (inside.clone(), beside.clone());
    // The wall closes around the thread that asks, and what it starts: the other tests stay outside.
    let probe = move || {
        let policy = Policy { write: vec![files.0.clone()], ..Policy::default() };
        assert_eq!(enclose(&policy), Level::Full, "this test needs a kernel with Landlock (6.7 or newer)");
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        runtime.block_on(async {
            let call = caller(Arc::new(Real::ambient()));
            call.write(&files.0.join("x"), vec![1], 0o600, false).await.unwrap();
            let error = call.read(&files.1, 10).await.unwrap_err();
            assert_eq!((error.kind(), error.what()), (Kind::Denied, &*format!("cannot read `{}`", files.1.display())));
            assert_eq!(call.read("/etc/shadow".as_ref(), 1 << 20).await.unwrap_err().kind(), Kind::Denied);
            assert!(std::fs::read_to_string("/proc/self/status").is_ok());
        });
    };
    std::thread::spawn(probe).join().unwrap();
    assert!(inside.join("x").exists());
    assert_eq!(["full", "files only", "none"], [Level::Full, Level::FilesOnly, Level::None].map(|l| l.to_string())[..]);
}
