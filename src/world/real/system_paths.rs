//! Lists the system paths that every program needs, and may therefore reach through any wall.

/// Programs and their libraries: readable and executable.
pub const PROGRAMS: &[&str] = &["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/// Systems with one folder per package, of which a program needs more than its `bin`; other packages stay hidden.
pub const PACKAGES: &str = "/opt";

/// Readable. From `/proc`, only files that show nothing about other processes, and so none of their secrets.
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

/// Devices without stored content.
pub const DEVICES: &[&str] = &["/dev/full", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"];

/// In the home folder: where the PostgreSQL tools look for a password and for settings.
pub const HOME: &[&str] = &[".pgpass", ".pg_service.conf", ".postgresql", ".postgresqlrc"];
