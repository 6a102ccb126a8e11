//! Starts a throwaway PostgreSQL that ends with the test, however the test ends.
//!
//! A guard process makes the cluster, then waits on a pipe that only this process holds open. The pipe closes when
//! the cluster is dropped, and also when this process exits or is killed: then the guard stops the server and
//! removes its folder. (A parent-death signal would not do: it fires when the *thread* that started the server ends.)

use std::hash::{BuildHasher, Hasher};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

const INSTALL: &str = "this test needs a PostgreSQL server; install it with: apt-get install postgresql";

/// Makes the folder and the cluster, says `ready FOLDER`, and waits for the end of its standard input.
const GUARD: &str = r#"
bin=$1 port=$2 tmp=$3
cd / || exit
dir=$(mktemp -d "$tmp/hikae-pg.XXXXXX") || exit
trap '"$bin/pg_ctl" -D "$dir/data" -w -m immediate stop; rm -rf "$dir"' EXIT
# We may be gone before the server is up: then saying so must not end the guard before it has cleaned up.
trap '' PIPE
trap exit HUP INT TERM
printf %s "$PGPASSWORD" > "$dir/password"
{
    "$bin/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" \
        -E UTF8 --locale=C.UTF-8 --no-sync &&
    "$bin/pg_ctl" -D "$dir/data" -w -t 60 -l "$dir/log" -o "-c port=$port -c listen_addresses=127.0.0.1 \
        -c unix_socket_directories=$dir -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
        -c shared_buffers=32MB -c max_connections=50 -c wal_level=minimal -c max_wal_senders=0" start
} > "$dir/start" 2>&1 || { cat "$dir/start" "$dir/log"; exit 1; } 2>/dev/null
echo "ready $dir"
exec >/dev/null 2>&1
read -r _
"#;

/// A PostgreSQL server on a free loopback port, with one superuser `postgres` who must give a password.
pub struct Cluster {
    pub password: String,
    bin: PathBuf,
    dir: PathBuf,
    port: u16,
    guard: Child,
}

/// The cluster that all tests of this process may share; each makes its own databases in it.
pub fn shared() -> &'static Cluster {
    static SHARED: OnceLock<Cluster> = OnceLock::new();
    SHARED.get_or_init(Cluster::start)
}

impl Cluster {
    /// A cluster of one's own: for a test that breaks it.
    pub fn start() -> Cluster {
        Cluster::start_in(&binaries())
    }

    /// A cluster by the programs in this folder; clients that are not there are those on the `PATH`.
    pub fn start_in(bin: &Path) -> Cluster {
        // Another process can take the free port before the server does.
        let mut said = String::new();
        for _ in 0..3 {
            match Cluster::try_start(bin) {
                Ok(cluster) => return cluster,
                Err(complaint) => said = complaint,
            }
        }
        panic!("PostgreSQL does not start:\n{said}");
    }

    fn try_start(bin: &Path) -> Result<Cluster, String> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let random = std::collections::hash_map::RandomState::new().build_hasher().finish();
        let password = format!("pw-{random:016x}");
        let mut guard = Command::new("/bin/sh");
        guard.args(["-c", GUARD, "guard"]).arg(bin).arg(port.to_string()).arg(std::env::temp_dir());
        guard.env("PGPASSWORD", &password).env("LC_ALL", "C.UTF-8");
        guard.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        // A Ctrl-C at the terminal must end the tests, not the guard that cleans up after them.
        guard.process_group(0);
        if let Some((uid, gid)) = server_user() {
            guard.uid(uid).gid(gid);
        }
        let mut guard = guard.spawn().unwrap();
        let mut said = String::new();
        guard.stdout.take().unwrap().read_to_string(&mut said).unwrap();
        match said.trim_end().strip_prefix("ready ") {
            Some(dir) => Ok(Cluster { password, bin: bin.into(), dir: dir.into(), port, guard }),
            None => guard.wait().map_or_else(|error| Err(error.to_string()), |_| Err(said)),
        }
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder of the server's programs.
    pub fn bin(&self) -> &Path {
        &self.bin
    }

    /// The folder of the cluster; its unix socket lies in it.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What a client of the cluster finds in its environment: where the server is, who asks, and the password.
    pub fn env(&self) -> Vec<(String, String)> {
        let pairs = [
            ("PGHOST", "127.0.0.1".into()),
            ("PGPORT", self.port.to_string()),
            ("PGUSER", "postgres".into()),
            ("PGPASSWORD", self.password.clone()),
        ];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    /// Runs `sql` and gives what it answers: fields by `|`, a row a line. Panics when anything in it fails.
    pub fn psql(&self, db: &str, sql: &str) -> String {
        let args = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-f", "-"];
        let output = self.client("psql", db, &args, sql.as_bytes());
        String::from_utf8(output.stdout).unwrap().trim_end_matches('\n').to_owned()
    }

    pub fn create_database(&self, name: &str) {
        self.psql("postgres", &format!("CREATE DATABASE \"{}\"", name.replace('"', "\"\"")));
    }

    /// What `pg_dump` writes of `db`.
    pub fn dump(&self, db: &str, extra_args: &[&str]) -> Vec<u8> {
        self.client("pg_dump", db, extra_args, b"").stdout
    }

    fn client(&self, program: &str, db: &str, args: &[&str], input: &[u8]) -> Output {
        let own = self.bin.join(program);
        let mut command = Command::new(if own.exists() { own } else { PathBuf::from(program) });
        // By the environment, a name with `=` in it is a name, not a connection string.
        command.args(args).envs(self.env()).env("PGDATABASE", db);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let output = std::thread::scope(|scope| {
            // A client that fails early stops reading; its exit code tells more than our broken pipe.
            scope.spawn(move || stdin.write_all(input));
            child.wait_with_output().unwrap()
        });
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{program} of database `{db}` failed ({}): {complaint}", output.status);
        output
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("cannot wait for the guard of a test cluster: {error}");
        }
    }
}

/// The folder of the newest installed server, else the one on the `PATH`.
fn binaries() -> PathBuf {
    let installed = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let newest = installed
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path().join("bin"))))
        .filter(|(_, bin)| bin.join("initdb").exists())
        .max_by_key(|(version, _)| *version)
        .map(|(_, bin)| bin);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = || std::env::split_paths(&path).find(|bin| bin.join("initdb").exists());
    newest.or_else(on_path).unwrap_or_else(|| panic!("{INSTALL}"))
}

/// Whom the server runs as when we are root, which PostgreSQL refuses to be.
fn server_user() -> Option<(u32, u32)> {
    if !rustix::process::getuid().is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let user = users.lines().find(|line| line.starts_with("postgres:")).unwrap_or_else(|| panic!("{INSTALL}"));
    let field = |at| user.split(':').nth(at).unwrap().parse().unwrap();
    Some((field(2), field(3)))
}
