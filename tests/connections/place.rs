//! The server with one line in pg_hba.conf for each login, and the certificates of the tests.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use hikae::error::{Error, Result};
use hikae::secret::Secret;
use hikae::world::postgres::Login;
use hikae::world::real::Real;
use hikae::world::{Caller, Limits};

use crate::support::postgres::Cluster;

/// Each user has the name of its login. Lines for TLS come first: what is for both would match before them.
const LOGINS: &str = "\
local   all all                peer map=own
hostssl all only_tls 127.0.0.1/32 scram-sha-256
host    all only_tls 127.0.0.1/32 reject
hostnossl all only_plain 127.0.0.1/32 scram-sha-256
host    all only_plain 127.0.0.1/32 reject
hostssl all by_cert  127.0.0.1/32 cert
host    all by_trust 127.0.0.1/32 trust
host    all by_password 127.0.0.1/32 password
host    all by_md5   127.0.0.1/32 md5
host    all by_gss   127.0.0.1/32 gss
host    all nobody   127.0.0.1/32 reject
host    all all      127.0.0.1/32 scram-sha-256
host    all all      ::1/128      scram-sha-256
";

const PASSWORD: &str = "it's a \\ long : word";

pub struct Place {
    pub cluster: Cluster,
    folder: tempfile::TempDir,
}

/// The place that all tests of this room share.
pub fn shared() -> &'static Place {
    static SHARED: OnceLock<Place> = OnceLock::new();
    SHARED.get_or_init(Place::start)
}

/// Who a session is, and whether it is encrypted: `by_trust plain`.
const WHO: &str = "SELECT current_user || CASE WHEN ssl THEN ' tls' ELSE ' plain' END \
    FROM pg_stat_ssl WHERE pid = pg_backend_pid()";

impl Place {
    fn start() -> Place {
        let place = Place { cluster: Cluster::start(), folder: tempfile::tempdir().unwrap() };
        place.make_certificates();
        let data = place.cluster.dir().join("data");
        for name in ["server.crt", "server.key", "root.crt"] {
            std::fs::copy(place.at(name), data.join(name)).unwrap();
            let mut chown = Command::new("chown");
            chown.arg("--reference").arg(&data).arg(data.join(name));
            assert!(chown.status().unwrap().success());
        }
        set_mode(&data.join("server.key"), 0o600);
        std::fs::write(data.join("pg_hba.conf"), LOGINS).unwrap();
        let own = user_of_this_process();
        std::fs::write(data.join("pg_ident.conf"), format!("own {own} by_peer\nown {own} postgres\n")).unwrap();
        let quoted = PASSWORD.replace('\'', "''");
        let mut roles = format!(
            "SET standard_conforming_strings = on; SET password_encryption = 'md5'; CREATE ROLE by_md5 LOGIN PASSWORD '{quoted}'; RESET password_encryption;"
        );
        for role in
            ["only_tls", "only_plain", "by_cert", "by_trust", "by_password", "by_gss", "by_scram", "by_peer", "nobody"]
        {
            roles += &format!("CREATE ROLE {role} LOGIN PASSWORD '{quoted}';");
        }
        place.cluster.psql("postgres", &roles);
        for setting in ["ssl = on", "ssl_ca_file = 'root.crt'"] {
            place.cluster.psql("postgres", &format!("ALTER SYSTEM SET {setting}"));
        }
        place.cluster.psql("postgres", "SELECT pg_reload_conf()");
        // The server reads its files when it has heard of it.
        for _ in 0..100 {
            if place
                .cluster
                .psql("postgres", "SELECT pg_sleep(0.05); SELECT setting FROM pg_settings WHERE name = 'ssl'")
                .contains("on")
            {
                break;
            }
        }
        place
    }

    pub fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn path(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }

    pub fn port(&self) -> String {
        self.cluster.port().to_string()
    }

    fn openssl(&self, args: &str) {
        let run = Command::new("openssl").args(args.split(' ')).current_dir(self.folder.path()).output();
        let run = run.expect("`openssl` is needed: apt-get install openssl");
        assert!(run.status.success(), "openssl {args}: {}", String::from_utf8_lossy(&run.stderr));
    }

    /// An authority, one that signs nothing here, the server's certificate for `localhost`, and one of the user `by_cert`.
    fn make_certificates(&self) {
        const KEY: &str = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
        for name in ["root", "other"] {
            self.openssl(&format!("req -x509 {KEY} -keyout {name}.key -out {name}.crt -days 30 -subj /CN={name}"));
        }
        for (name, subject) in [("server", "localhost"), ("client", "by_cert")] {
            std::fs::write(self.at("ext"), format!("subjectAltName=DNS:{subject}\n")).unwrap();
            self.openssl(&format!("req {KEY} -keyout {name}.key -out {name}.csr -subj /CN={subject}"));
            let by = "-CA root.crt -CAkey root.key -CAcreateserial -days 30 -extfile ext";
            self.openssl(&format!("x509 -req -in {name}.csr -out {name}.crt {by}"));
        }
    }

    /// Logs in by these variables alone, and says who that is.
    pub async fn by(&self, variables: &[(&str, &str)]) -> Result<String> {
        self.log_in(Login { database: "postgres".to_owned(), ..Login::default() }, variables).await
    }

    /// The same over TCP as `user`, who says the password.
    pub async fn user(&self, user: &str, variables: &[(&str, &str)]) -> Result<String> {
        let login = Login { user: Some(user.to_owned()), password: Some(Secret::new(PASSWORD)), ..self.login() };
        self.log_in(login, variables).await
    }

    /// The same as somebody without a password.
    pub async fn silent(&self, user: &str, variables: &[(&str, &str)]) -> Result<String> {
        self.log_in(Login { user: Some(user.to_owned()), ..self.login() }, variables).await
    }

    pub fn login(&self) -> Login {
        let (host, port) = (Some("127.0.0.1".to_owned()), Some(self.cluster.port()));
        Login { host, port, database: "postgres".to_owned(), ..Login::default() }
    }

    pub async fn log_in(&self, login: Login, variables: &[(&str, &str)]) -> Result<String> {
        let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };
        let home = self.folder.path().join("home");
        let home = [("HOME".to_owned(), home.display().to_string())];
        let given = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        // The variables of whoever runs the tests have no part in it.
        let cleared = hikae::world::real::postgres::VARIABLES.iter().map(|name| ((*name).to_owned(), String::new()));
        let real = Real::ambient().with_variables(cleared.chain(home).chain(given));
        let call = Caller::new(Arc::new(real), limits);
        let mut session = call.connect(login).await?;
        let answer = session.ask(WHO.into(), 1 << 20).await?;
        session.close().await?;
        Ok(answer.value().unwrap_or_default())
    }
}

pub const fn password() -> &'static str {
    PASSWORD
}

/// An error with its causes and its hint, in one line.
pub fn told(result: Result<String>) -> String {
    let error: Error = result.expect_err("it was let in");
    format!("{} | {}", error.one_line(), error.hint_text().unwrap_or_default())
}

pub fn set_mode(path: &Path, mode: u32) {
    crate::support::program::set_mode(path, mode);
}

fn user_of_this_process() -> String {
    let output = Command::new("id").arg("-un").output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}
