//! Reads the start conditions of the process: its environment, the machine and the user.

use std::collections::BTreeMap;

use crate::world::Machine;

pub fn read() -> BTreeMap<String, String> {
    let text = |value: std::ffi::OsString| value.to_string_lossy().into_owned();
    std::env::vars_os().map(|(name, value)| (text(name), text(value))).collect()
}

pub fn machine(environment: &BTreeMap<String, String>, cores: Option<usize>) -> Machine {
    let named = ["LOGNAME", "USER"].iter().find_map(|name| environment.get(*name).filter(|user| !user.is_empty()));
    Machine {
        host: host(),
        user: named.cloned().unwrap_or_else(|| user_name(rustix::process::getuid().as_raw())),
        process_id: std::process::id(),
        cores: cores.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from)),
    }
}

/// The name of the user that this process runs as, whatever the environment variables say.
pub fn user() -> String {
    user_name(rustix::process::getuid().as_raw())
}

/// The name of this machine.
pub fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The name of a user in `/etc/passwd`, or the number if it has no entry.
fn user_name(uid: u32) -> String {
    let number = uid.to_string();
    let known = std::fs::read_to_string("/etc/passwd").unwrap_or_default(); // the number says as much
    let name = known.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == number).then(|| name.to_owned())
    });
    name.unwrap_or(number)
}
