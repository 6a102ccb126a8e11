//! Runs the built program from outside, with an environment and folders of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use super::postgres::Cluster;

/// The built program in a world of its own: a configuration folder, a state folder, a folder for backups.
pub struct Hikae {
    folder: tempfile::TempDir,
    env: BTreeMap<String, String>,
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The last line of what was printed with `--json`.
    pub fn outcome(&self) -> serde_json::Value {
        let last = self.out.lines().last().unwrap_or_else(|| panic!("no line: {}", self.err));
        serde_json::from_str(last).unwrap_or_else(|error| panic!("{error}: {last}"))
    }
}

impl Hikae {
    pub fn new() -> Hikae {
        let folder = tempfile::Builder::new().prefix("hikae-test-").tempdir().unwrap();
        for name in ["config/recipes", "state", "backups"] {
            std::fs::create_dir_all(folder.path().join(name)).unwrap();
        }
        let mut hikae = Hikae { folder, env: BTreeMap::new() };
        let at = |name: &str| hikae.folder.path().join(name).display().to_string();
        let set = [
            ("PATH", std::env::var("PATH").unwrap()),
            ("HOME", at("")),
            ("LANG", "C.UTF-8".to_owned()),
            ("TZ", "Asia/Tokyo".to_owned()),
            ("USER", "backup".to_owned()),
            ("HIKAE_CONFIG_DIR", at("config")),
            ("HIKAE_STATE_DIR", at("state")),
            ("BACKUP_DIR", at("backups")),
        ];
        hikae.env = set.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        hikae
    }

    /// With the variables that let `db-backup` reach `database` of a real server.
    pub fn with_database(cluster: &Cluster, database: &str) -> Hikae {
        Hikae::new()
            .env("DB_HOST", "127.0.0.1")
            .env("DB_PORT", &cluster.port().to_string())
            .env("DB_USER", "postgres")
            .env("DB_PASSWORD", &cluster.password)
            .env("DB_NAME", database)
            // Most tests look at this server afterwards.
            .env("BACKUP_DRILL_CLUSTER", "server")
    }

    pub fn env(mut self, name: &str, value: &str) -> Hikae {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Writes a file below this world, such as `config/recipes/x.lua`.
    pub fn file(self, below: &str, text: &str) -> Hikae {
        let path = self.path(below);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        self
    }

    /// A program of this name, found before every other: a shell script.
    pub fn program(mut self, name: &str, script: &str) -> Hikae {
        let folder = self.path("bin");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(name), format!("#!/bin/sh\n{script}\n")).unwrap();
        set_mode(&folder.join(name), 0o755);
        let path = &self.env["PATH"];
        if !path.starts_with(&folder.display().to_string()) {
            let path = format!("{}:{path}", folder.display());
            self.env.insert("PATH".to_owned(), path);
        }
        self
    }

    /// The folders in which programs are found.
    pub fn path_variable(&self) -> String {
        self.env["PATH"].clone()
    }

    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hikae"));
        command.args(args).env_clear().envs(&self.env).current_dir(self.folder.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn start(&self, args: &[&str]) -> Child {
        self.command(args).spawn().unwrap()
    }

    /// Runs a command to its end. What differs between two runs is written the same: this folder, ids, times, sizes of time.
    pub fn run(&self, args: &[&str]) -> Said {
        self.said(self.command(args).output().unwrap())
    }

    pub fn said(&self, output: std::process::Output) -> Said {
        let text = |bytes: Vec<u8>| self.steady(&String::from_utf8(bytes).unwrap());
        Said { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
    }

    /// `text` without what differs between two runs.
    pub fn steady(&self, text: &str) -> String {
        let text = text.replace(&self.folder.path().display().to_string(), "[WORLD]");
        let rules = [
            (r"BKP-\d{8}-\d{6}", "BKP-[TIME]"),
            (r"\d{8}_\d{6}", "[STAMP]"),
            (r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]", "[TIME]"),
            (r"\b(after|in) \d[\d.]*m?s\b", "$1 [DURATION]"),
            (r"(所要時間) \d[\d.]*m?s\b", "$1 [DURATION]"),
            (r"\d+(\.\d+)? [kMG]?B\b", "[SIZE]"),
            (r"port \d+", "port [PORT]"),
        ];
        rules.iter().fold(text, |text, (pattern, steady)| {
            regex::Regex::new(pattern).unwrap().replace_all(&text, *steady).into_owned()
        })
    }

    /// The names in the folder for backups, sorted.
    pub fn backups(&self) -> Vec<String> {
        names(&self.path("backups"))
    }

    /// The last line of what a command with `--json` prints.
    pub fn outcome(&self, args: &[&str]) -> serde_json::Value {
        let output = self.command(args).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let last =
            text.lines().last().unwrap_or_else(|| panic!("no line: {}", String::from_utf8_lossy(&output.stderr)));
        serde_json::from_str(last).unwrap()
    }
}

/// The names in a folder, sorted; hidden ones as well.
pub fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

pub fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}
