//! Lists what every program needs of the system, and may therefore reach through any wall.

/// Programs and their libraries: to be read and run.
pub const PROGRAMS: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// Where each package has a folder of its own, of which a program needs more than its `bin`; it sees no other's.
pub const PACKAGES: &str = "/opt";

/// To be read. Of `/proc` only what shows nothing about other processes, and so none of their secrets.
pub const READ: &[&str] = &[
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/gai.conf",
    "/etc/group",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/passwd",
    "/etc/perl",
    "/etc/pki",
    "/etc/postgresql",
    "/etc/postgresql-common",
    "/etc/protocols",
    "/etc/resolv.conf",
    "/etc/services",
    "/etc/ssl",
    "/etc/timezone",
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/stat",
    "/proc/sys",
    "/proc/uptime",
    "/proc/version",
    "/run/systemd/resolve",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
];

/// Devices without content of their own.
pub const DEVICES: &[&str] = &["/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"];

/// In the person's home: where the PostgreSQL tools look for a password and for settings.
pub const HOME: &[&str] = &[".pgpass", ".pg_service.conf", ".postgresql", ".postgresqlrc"];
