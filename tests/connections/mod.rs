//! Connects to a real server as users of libpq expect: every login, TLS mode, file and variable, each by a line of its own in pg_hba.conf.

mod files;
mod logins;
mod place;
mod programs;
mod tls;
mod variables;
