//! A place with walls, in which a program tries what it may not do.

use std::path::PathBuf;
use std::sync::Arc;

use hikae::world::program::run_to_end;
use hikae::world::real::Real;
use hikae::world::real::view::View;
use hikae::world::real::wall::Policy;
use hikae::world::{Caller, Command, Exit, Limits};

pub struct Place {
    pub call: Caller,
    pub kept: tempfile::TempDir,
}

/// Children may read `in` and write `out`; `other` stands beside them. As root they have a view of their own.
pub fn place(change: impl FnOnce(Policy) -> Policy) -> Place {
    let kept = tempfile::tempdir().unwrap();
    for folder in ["in", "out", "other"] {
        std::fs::create_dir(kept.path().join(folder)).unwrap();
        std::fs::write(kept.path().join(folder).join("x"), folder).unwrap();
    }
    let (read, write) = (vec![kept.path().join("in")], vec![kept.path().join("out")]);
    let view = rustix::process::geteuid().is_root().then(|| Arc::new(View::of(write.clone()).unwrap()));
    let policy = change(Policy { read, write, view, connect_ports: Some(Vec::new()), ..Policy::default() });
    let real = Real::beneath([kept.path().into()]).unwrap().with_wall(policy);
    let time = std::time::Duration::from_secs(60);
    Place { call: Caller::new(Arc::new(real), Limits { total: time, idle: time }), kept }
}

impl Place {
    pub fn at(&self, name: &str) -> PathBuf {
        self.kept.path().join(name)
    }

    pub async fn run(&self, program: &str, args: &[&str]) -> (String, Exit) {
        let args = args.iter().map(|arg| (*arg).to_owned()).collect();
        let command = Command { args, ..Command::new(program) };
        let (output, exit) = run_to_end(program, self.call.spawn(command).await.unwrap(), 10_000).await.unwrap();
        (String::from_utf8(output.to_vec()).unwrap(), exit)
    }

    /// A script of bash, with the place as `$1`.
    pub async fn shell(&self, script: &str) -> (String, Exit) {
        self.run("bash", &["-c", script, "sh", self.kept.path().to_str().unwrap()]).await
    }

    /// What a script of Perl prints; its first argument is the place. It must not be killed.
    pub async fn perl(&self, script: &str) -> String {
        let (output, exit) = self.run("perl", &["-e", script, self.kept.path().to_str().unwrap()]).await;
        assert_eq!(exit.signal, None, "{script}: {exit:?}");
        format!("{output}{}", exit.stderr)
    }
}
