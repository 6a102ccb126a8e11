//! A declared program that is replaced by a script gets no further than what the recipe declares.

use hikae::world::capability::Capability;

use super::place::place;

/// System calls with the arguments that would make them work, and the number by which an x86-64 kernel knows them.
const CALLS: &[(&str, &str)] = &[
    ("mount", "165, 0, 0, 0, 0, 0"),
    ("umount2", "166, 0, 0"),
    ("pivot_root", "155, 0, 0"),
    ("move_mount", "429, 0, 0, 0, 0, 0"),
    ("open_tree", "428, 0, 0, 0"),
    ("fsopen", "430, 0, 0"),
    ("mount_setattr", "442, 0, 0, 0, 0, 0"),
    ("chroot", "161, 0"),
    ("unshare", "272, 0x10000000"),
    ("setns", "308, 0, 0"),
    ("swapon", "167, 0, 0"),
    ("acct", "163, 0"),
    ("init_module", "175, 0, 0, 0"),
    ("finit_module", "313, 0, 0, 0"),
    ("delete_module", "176, 0, 0"),
    ("kexec_load", "246, 0, 0, 0, 0"),
    ("kexec_file_load", "320, 0, 0, 0, 0, 0"),
    ("reboot", "169, 0, 0, 0, 0"),
    ("sethostname", "170, 0, 0"),
    ("setdomainname", "171, 0, 0"),
    ("settimeofday", "164, 0, 0"),
    ("clock_settime", "227, 0, 0"),
    ("clock_adjtime", "305, 0, 0"),
    ("adjtimex", "159, 0"),
    ("syslog", "103, 10, 0, 0"),
    ("ptrace", "101, 16, $$, 0, 0"),
    ("process_vm_readv", "310, 1, 0, 0, 0, 0, 0"),
    ("pidfd_getfd", "438, 0, 0, 0"),
    ("open_by_handle_at", "304, 0, 0, 0"),
    ("bpf", "321, 0, 0, 0"),
    ("perf_event_open", "298, 0, 0, 0, 0, 0"),
    ("userfaultfd", "323, 0"),
    ("io_uring_setup", "425, 1, 0"),
    ("keyctl", "250, 0, 0, 0, 0, 0"),
    ("add_key", "248, 0, 0, 0, 0, 0"),
    ("iopl", "172, 3"),
    ("quotactl", "179, 0, 0, 0, 0"),
    ("clone with a user namespace", "56, 0x10000011, 0, 0, 0, 0"),
    ("TIOCSTI", "16, 0, 0x5412, 0"),
    ("TIOCSTI with other bits above", "16, 0, 0x100005412, 0"),
    ("TIOCLINUX", "16, 0, 0x541C, 0"),
    ("renice of another", "141, 0, 1, 5"),
    ("renice of all that a user has", "141, 2, 0, 5"),
    ("ionice of another", "251, 1, 1, 0"),
    ("limits of another", "302, 1, 7, 0, 0"),
    ("a block device", "259, -100, $path, 0x61b0, 0x700"),
    ("a character device", "259, -100, $path, 0x21b0, 0x101"),
];

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_that_no_recipe_needs_are_refused_and_kill_nobody() {
    let place = place(|policy| policy);
    for (name, call) in CALLS {
        let script =
            format!(r#"$path = "$ARGV[0]/out/made"; $r = syscall({call}); print $r == -1 ? "refused $!" : "done""#);
        let said = place.perl(&script).await;
        assert_eq!(said, "refused Operation not permitted", "{name}");
    }
}

#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn calls_of_another_numbering_are_not_there() {
    let place = place(|policy| policy);
    for call in ["0x40000000 + 165", "435"] {
        let said = place
            .perl(&format!(r#"$r = syscall({call}, 0, 0, 0, 0, 0); print $r == -1 ? "refused $!" : "done""#))
            .await;
        assert_eq!(said, "refused Function not implemented", "{call}");
    }
}

#[tokio::test]
async fn what_programs_do_every_day_still_works() {
    let place = place(|policy| policy);
    for script in [
        "nice -n 5 true",
        "ionice -c 3 true",
        "ulimit -n 100; true",
        "mkfifo \"$1/out/fifo\"",
        "(sleep 0; true) | cat",
        "setsid true",
        "timeout 5 true",
        "chmod 600 \"$1/out/x\"",
        "ln -s x \"$1/out/link\"",
        "cp -r \"$1/in\" \"$1/out/copy\" && tar -cf \"$1/out/t.tar\" -C \"$1/in\" x && tar -xf \"$1/out/t.tar\" -C \"$1/out\"",
        "head -c 10 /dev/urandom | sha256sum > \"$1/out/sum\"; echo x > /dev/null",
        "cat <(echo inner)",
    ] {
        let (output, exit) = place.shell(script).await;
        assert!(exit.success(), "{script}: {output} {exit:?}");
    }
}

#[tokio::test]
async fn there_is_no_terminal() {
    let place = place(|policy| policy);
    let (_, exit) = place.shell("echo typed > /dev/tty").await;
    assert_ne!(exit.code, Some(0), "{exit:?}");
    let session = place.perl("use POSIX; print getppid() && syscall(124, 0) == $$ ? 'its own' : 'ours'").await;
    assert_eq!(session, "its own");
}

#[tokio::test]
async fn what_hikae_was_given_open_is_not_passed_on() {
    let place = place(|policy| policy);
    let secret = std::fs::File::open(place.at("other/x")).unwrap();
    rustix::io::fcntl_setfd(&secret, rustix::io::FdFlags::empty()).unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&secret);
    let (output, _) = place.shell(&format!("cat <&{number}")).await;
    assert_eq!(output, "");
}

#[tokio::test]
async fn devices_are_neither_made_nor_opened() {
    let place = place(|policy| policy);
    for script in [
        "mknod \"$1/out/disk\" b 7 0",
        "mknod \"$1/out/mem\" c 1 1",
        "cat /dev/kmsg",
        "ls /dev/pts",
        "echo > /dev/ptmx",
        "head -c 1 /dev/vda || head -c 1 /dev/sda",
    ] {
        let (output, exit) = place.shell(script).await;
        assert_ne!(exit.code, Some(0), "{script}: {output}");
    }
}

/// An ordinary user's programs may change the modes of that user's files; `hikae check` says so.
#[tokio::test]
async fn modes_owners_and_times_of_undeclared_files_stay() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let place = place(|policy| policy);
    for script in [
        "chmod 777 \"$1/other/x\"",
        "chmod 777 \"$1/in/x\"",
        "chown 65534 \"$1/other/x\"",
        "chgrp 65534 \"$1/in/x\"",
        "touch -d 2001-01-01 \"$1/other/x\"",
        "chmod 777 /etc /usr/bin/true",
        "chown 65534 \"$1/out/x\"",
        "chmod 777 \"$1/out/../other\"",
    ] {
        let (output, exit) = place.shell(script).await;
        assert_ne!(exit.code, Some(0), "{script}: {output}");
    }
    let mode = |path| std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(path).unwrap().permissions()) & 0o777;
    assert_eq!(mode(place.at("other/x")), 0o644);
    assert!(place.shell("chmod 640 \"$1/out/x\"").await.1.success());
    assert_eq!(mode(place.at("out/x")), 0o640);
}

#[tokio::test]
async fn root_keeps_two_rights_and_what_is_declared() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let rights = "open F, '<', '/proc/self/status' or print \"none\"; ";
    let locked = place(|policy| policy);
    std::fs::set_permissions(locked.at("in/x"), std::os::unix::fs::PermissionsExt::from_mode(0o0)).unwrap();
    std::os::unix::fs::chown(locked.at("in/x"), Some(65534), None).unwrap();
    assert_eq!(locked.shell("cat \"$1/in/x\"").await.0, "in", "files of others can be read: {rights}");
    for script in
        ["chown 1 \"$1/out/x\"", "setpriv --reuid=65534 --clear-groups true", "kill -0 1", "chmod u+s /bin/true"]
    {
        assert_ne!(locked.shell(script).await.1.code, Some(0), "{script}");
    }
    let given = place(|mut policy| {
        policy.capabilities = vec![Capability::named("chown").unwrap()];
        policy
    });
    assert!(given.shell("chown 1 \"$1/out/x\"").await.1.success());
    assert_ne!(given.shell("chown 1 \"$1/other/x\"").await.1.code, Some(0));
}

#[test]
fn rights_that_would_take_the_walls_down_cannot_be_declared() {
    for name in ["sys_admin", "CAP_SYS_MODULE", "sys_ptrace", "mac_admin", "sys_rawio", "bpf", "sys_boot"] {
        assert!(Capability::named(name).is_err(), "{name}");
    }
    assert_eq!(Capability::named("CAP_CHOWN").unwrap(), Capability::CHOWN);
    assert!(Capability::named("chwon").unwrap_err().hint_text().unwrap().contains("chown"));
}
