//! Knows which Debian package contains a program, for the hint when it is missing.

const PACKAGES: [(&str, &[&str]); 17] = [
    (
        "postgresql-client",
        &["pg_dump", "pg_dumpall", "pg_restore", "pg_isready", "psql", "createdb", "dropdb", "createuser", "dropuser"],
    ),
    ("postgresql", &["initdb", "pg_ctl", "postgres"]),
    ("default-mysql-client", &["mysqldump", "mysql"]),
    ("mariadb-client", &["mariadb-dump", "mariadb"]),
    ("sqlite3", &["sqlite3"]),
    ("gnupg", &["gpg", "gpg2"]),
    ("age", &["age", "age-keygen"]),
    ("git", &["git"]),
    ("gzip", &["gzip", "gunzip", "zcat"]),
    ("zstd", &["zstd", "zstdcat", "unzstd"]),
    ("tar", &["tar"]),
    ("rsync", &["rsync"]),
    ("openssh-client", &["ssh", "scp", "sftp"]),
    ("awscli", &["aws"]),
    ("curl", &["curl"]),
    ("cron", &["crontab"]),
    ("systemd", &["systemctl"]),
];

pub fn package_of(program: &str) -> Option<&'static str> {
    PACKAGES.iter().find(|(_, programs)| programs.contains(&program)).map(|(package, _)| *package)
}
