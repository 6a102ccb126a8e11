//! Another user of this machine: the programs of a run and its database connections run as that user.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

use crate::error::{Error, Kind, Result};

/// A user with all its groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub home: PathBuf,
    user: u32,
    group: u32,
    groups: Vec<libc::gid_t>,
}

impl Account {
    /// The environment `ours`, with the home and the name of this user.
    pub fn environment(&self, ours: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut environment = ours.clone();
        environment.insert("HOME".to_owned(), self.home.display().to_string());
        environment.extend(["USER", "LOGNAME"].map(|name| (name.to_owned(), self.name.clone())));
        environment
    }

    /// The user with this name, if root can switch to it; `None` if it is the current user.
    pub fn named(name: &str) -> Result<Option<Account>> {
        // An unreadable file names nobody; the entry of another user may not be UTF-8.
        let read = |path| String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned();
        let found = Account::in_files(name, &read("/etc/passwd"), &read("/etc/group"));
        let account = found.ok_or_else(|| {
            Error::new(Kind::NotFound, format!("there is no user `{name}` on this machine"))
                .hint("the recipe's `needs.user` names it; look in `/etc/passwd`")
        })?;
        let own = geteuid();
        match own.as_raw() == account.user {
            true => Ok(None),
            false if own.is_root() => Ok(Some(account)),
            false => Err(Error::new(
                Kind::Denied,
                format!("the programs of this recipe run as `{name}`, and only root can start them so"),
            )
            .hint(format!("run hikae as root, or as that user: `sudo -u {name} hikae run …`"))),
        }
    }

    /// The same, from the text of the user and group files.
    pub fn in_files(name: &str, users: &str, groups: &str) -> Option<Account> {
        let user = users.lines().map(|line| line.split(':').collect::<Vec<_>>()).find(|fields| fields[0] == name)?;
        let (number, group) = (user.get(2)?.parse().ok()?, user.get(3)?.parse().ok()?);
        let member = |line: &str| {
            let fields: Vec<&str> = line.split(':').collect();
            let is_member = fields.get(3)?.split(',').any(|member| member.trim() == name);
            is_member.then(|| fields[2].parse().ok())?
        };
        let mut all: Vec<u32> = groups.lines().filter_map(member).collect();
        all.push(group);
        all.sort_unstable();
        all.dedup();
        let home = PathBuf::from(user.get(5).copied().unwrap_or("/"));
        Some(Account { name: name.to_owned(), home, user: number, group, groups: all })
    }

    /// Switches the calling thread to this user for good. Only system calls, and none of them affects another thread.
    pub fn become_it(&self) -> io::Result<()> {
        let (user, group) = (self.user, self.group);
        // SAFETY: the calls take only numbers, except one, which takes our own list with its length.
        let done = unsafe {
            libc::syscall(libc::SYS_setgroups, self.groups.len(), self.groups.as_ptr()) == 0
                && libc::syscall(libc::SYS_setresgid, group, group, group) == 0
                && libc::syscall(libc::SYS_setresuid, user, user, user) == 0
        };
        if done { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Makes the user the owner of the pipes of a child, so that the child can reopen them by name, such as `/dev/stdin`.
    pub fn own_pipes(&self) -> io::Result<()> {
        for pipe in 0..3 {
            let mut found = std::mem::MaybeUninit::<libc::stat>::uninit();
            // SAFETY: the kernel writes one structure behind the pointer, which is read only after the call succeeded.
            unsafe {
                if libc::fstat(pipe, found.as_mut_ptr()) != 0
                    || found.assume_init().st_mode & libc::S_IFMT != libc::S_IFIFO
                {
                    continue;
                }
                if libc::fchown(pipe, self.user, self.group) != 0 {
                    return Err(io::Error::last_os_error());
                }
            }
        }
        Ok(())
    }

    /// Connects to a Unix socket as this user: the server asks the kernel which user has connected.
    pub fn connect(&self, socket: &Path) -> io::Result<std::os::unix::net::UnixStream> {
        std::thread::scope(|scope| {
            // On a separate thread that ends afterwards: the rights of the other threads stay unchanged.
            let connecting =
                scope.spawn(|| self.become_it().and_then(|()| std::os::unix::net::UnixStream::connect(socket)));
            connecting.join().map_err(|_| io::Error::other("a thread crashed"))?
        })
    }
}
