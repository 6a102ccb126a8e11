//! Writes a service and a timer for each recipe, and a unit that reports when systemd could not run one.

use std::path::Path;

use super::calendar::events;
use super::entries::Entry;
use super::place::Place;
use super::{MADE_BY, units};
use crate::cli::files::TextFile;
use crate::recipe::job::DEFAULT_TIMEOUT;

/// What a run may take beyond its timeout to clean up and to report.
const LAST_WORDS_SECS: u64 = 900;

/// The same for every unit: what no backup needs.
const CLOSED: &str = "\
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=read-only
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
PrivateDevices=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=landlock_create_ruleset landlock_add_rule landlock_restrict_self seccomp
SystemCallErrorNumber=EPERM
UMask=0077
";

/// Two units for each entry, and one for all that reports what systemd could not start.
pub fn files(entries: &[Entry], place: &Place) -> Vec<TextFile> {
    let mut files = Vec::new();
    for entry in entries {
        files.push(TextFile::new(format!("{}.service", unit(entry)), service(entry, place)));
        files.push(TextFile::new(format!("{}.timer", unit(entry)), timer(entry)));
    }
    files.push(TextFile::new("hikae-failed@.service", failed(place)));
    files
}

/// The name of the units of an entry, without the ending.
pub fn unit(entry: &Entry) -> String {
    format!("hikae-{}", entry.slug())
}

fn timer(entry: &Entry) -> String {
    let events: String = events(&entry.schedule).iter().map(|event| format!("OnCalendar={event}\n")).collect();
    // The delay is the same each day: a changing delay can starve a timer on a machine that reboots often.
    format!(
        "{MADE_BY}\n[Unit]\nDescription={} (hikae, {})\n\n[Timer]\n{events}Persistent=true\nRandomizedDelaySec=1min\n\
         FixedRandomDelay=true\nAccuracySec=1s\n\n[Install]\nWantedBy=timers.target\n",
        plain(&entry.recipe),
        entry.cron
    )
}

fn service(entry: &Entry, place: &Place) -> String {
    let timeout = entry.job.declaration.timeout.unwrap_or(DEFAULT_TIMEOUT).as_secs() + LAST_WORDS_SECS;
    let words: Vec<String> = place.command(&entry.recipe).iter().map(|word| command_word(word)).collect();
    let mut text = format!(
        "{MADE_BY} It fits the values of today's configuration: make it again when folders or hosts change.\n[Unit]\n\
         Description={}\nWants=network-online.target\nAfter=network-online.target postgresql.service\n\
         OnFailure=hikae-failed@{}.service\n\n[Service]\nType=oneshot\nExecStart={}\nTimeoutStartSec={timeout}\n\
         KillMode=mixed\nTimeoutStopSec=90\nNice=10\nIOSchedulingPriority=7\n",
        plain(entry.summary()),
        entry.slug(),
        words.join(" ")
    );
    text.push_str(&identity(place));
    if place.is_user_manager {
        return text + "NoNewPrivileges=yes\nUMask=0077\n";
    }
    text.push_str("\n# What the recipe does not need is closed to it.\n");
    text.push_str(CLOSED);
    for folder in units::writable(entry, place) {
        text.push_str(&format!("ReadWritePaths={}\n", path_word(&folder)));
    }
    let yes = |set: bool| if set { "yes" } else { "no" };
    text.push_str(&format!("PrivateTmp={}\n", yes(units::private_temporary(entry, place))));
    text.push_str(&format!("MemoryDenyWriteExecute={}\n", yes(!units::makes_code(entry))));
    text.push_str(&format!("RestrictNamespaces={}\n", if place.is_root { "mnt" } else { "yes" }));
    if place.is_root {
        // hikae shows its programs a file tree in which only the declared folders are writable.
        text.push_str("SystemCallFilter=@mount\n");
    }
    text.push_str(&format!("CapabilityBoundingSet={}\n", units::capabilities(entry, place)));
    text.push_str(&match units::addresses(entry, place) {
        Some(addresses) => format!("IPAddressDeny=any\nIPAddressAllow={}\n", addresses.join(" ")),
        None => "# Addresses stay open: it reaches hosts by their names, whose addresses can change.\n".to_owned(),
    });
    text
}

/// The user and the state folder, which `hikae status` of root then finds.
fn identity(place: &Place) -> String {
    let mut text = String::new();
    if let Some(user) = &place.user {
        text.push_str(&format!("User={}\n", plain(user)));
    }
    if place.state_dir == Path::new("/var/lib/hikae") && !place.is_user_manager {
        text.push_str("StateDirectory=hikae\nStateDirectoryMode=0700\n");
    }
    text + &format!("Environment={}\n", word(&format!("HIKAE_STATE_DIR={}", place.state_dir.display())))
}

/// The unit that reports a failure of systemd's own: a run reports what it fails at itself.
fn failed(place: &Place) -> String {
    let mut words = vec![place.program.display().to_string()];
    if place.config_dir != Path::new("/etc/hikae") {
        words.extend(["--config-dir".to_owned(), place.config_dir.display().to_string()]);
    }
    words.extend(["notify", "unit-failed"].map(str::to_owned));
    let words: Vec<String> = words.iter().map(|word| command_word(word)).collect();
    if place.is_user_manager {
        return format!(
            "{MADE_BY}\n[Unit]\nDescription=Report that systemd could not run %i (hikae)\n\n[Service]\nType=oneshot\n\
             ExecStart={} %i\n{}",
            words.join(" "),
            identity(place)
        );
    }
    format!(
        "{MADE_BY}\n[Unit]\nDescription=Report that systemd could not run %i (hikae)\n\n[Service]\nType=oneshot\n\
         ExecStart={} %i\n{}{CLOSED}ReadWritePaths={}\nPrivateTmp=yes\nCapabilityBoundingSet=\nRestrictNamespaces=yes\n",
        words.join(" "),
        identity(place),
        path_word(&place.state_dir)
    )
}

/// A text of one line in which systemd sees no specifier.
fn plain(text: &str) -> String {
    text.replace(['\n', '\r'], " ").replace('%', "%%")
}

/// A word as systemd reads it, in quotes where it needs them.
fn word(text: &str) -> String {
    let text = plain(text).replace('\\', "\\\\").replace('"', "\\\"");
    let simple = text.chars().all(|c| c.is_ascii_alphanumeric() || "/_-.:=@%+,".contains(c));
    if simple { text } else { format!("\"{text}\"") }
}

/// The same in a command line, where `$` begins a variable.
fn command_word(text: &str) -> String {
    word(text).replace('$', "$$")
}

fn path_word(path: &Path) -> String {
    word(&path.display().to_string())
}
