//! What holds on older kernels: each gives the walls that it has, programs still run there, and `check` says what is missing.

use hikae::world::real::kernel::Kernel;
use hikae::world::real::wall::Policy;
use hikae::world::real::walls::{Hold, report};

use super::place::place;

/// The versions of Landlock, from the first to the newest that hikae asks for, with and without filters of system calls.
fn kernels() -> impl Iterator<Item = Kernel> {
    (1..=6).flat_map(|landlock| [true, false].map(|filters| Kernel { landlock, filters }))
}

/// What holds of one wall, as `check` says it.
fn said(kernel: Kernel, wall: &str) -> (Hold, String) {
    let found = report(kernel).into_iter().find(|holds| holds.wall == wall);
    found.map(|holds| (holds.hold, holds.why)).unwrap_or_else(|| panic!("nothing is said of `{wall}`"))
}

#[tokio::test]
async fn each_kernel_builds_the_walls_that_it_knows() {
    for kernel in kernels() {
        let place = place(|policy| Policy { kernel, ..policy });
        let (output, exit) = place.shell("cat \"$1/in/x\" && echo new > \"$1/out/new\" && cat \"$1/out/new\"").await;
        assert_eq!((output.as_str(), exit.code), ("innew\n", Some(0)), "{kernel:?}: {exit:?}");
        for script in
            ["cat \"$1/other/x\"", "echo > \"$1/in/new\"", "echo > \"$1/other/new\"", "mknod \"$1/out/b\" b 7 0"]
        {
            let (_, exit) = place.shell(script).await;
            assert_ne!(exit.code, Some(0), "{kernel:?}: {script}");
        }
        assert_eq!(said(kernel, "files").0 == Hold::Full, kernel.landlock >= 3, "{kernel:?}");
    }
}

/// A wall that is said to hold in full holds, and one that is said not to does not: what is said is what is.
#[tokio::test]
async fn what_is_said_of_a_kernel_is_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let socket = "use Socket; print socket(S, 2, 1, 6) ? 'open' : 'shut'";
    let connect = format!(
        "use Socket; socket(S, 2, 1, 6); print connect(S, sockaddr_in({port}, inet_aton('127.0.0.1'))) ? 'open' : 'shut'"
    );
    let signal = format!("print kill(0, {}) ? 'open' : 'shut'", std::process::id());
    for kernel in kernels() {
        let closed = place(|policy| Policy { kernel, ..policy });
        let shut = closed.perl(socket).await == "shut";
        assert_eq!(shut, said(kernel, "network, where none is declared").0 == Hold::Full, "{kernel:?}");
        // Another port is declared.
        let declared = place(|policy| Policy { kernel, connect_ports: Some(vec![1]), ..policy });
        let shut = declared.perl(&connect).await == "shut";
        assert_eq!(shut, said(kernel, "network, where hosts are declared").0 != Hold::None, "{kernel:?}");
        let shut = closed.perl(&signal).await == "shut";
        assert_eq!(shut, said(kernel, "signals").0 == Hold::Full, "{kernel:?}");
    }
}

#[test]
fn what_is_missing_is_said_with_the_kernel_that_has_it() {
    let none = Kernel { landlock: 0, filters: false };
    let newest = Kernel { landlock: 9, filters: true };
    for (kernel, wall, hold, words) in [
        (none, "files", Hold::None, "Linux 5.13"),
        (none, "devices", Hold::None, "Linux 5.13"),
        (none, "system calls", Hold::None, "no seccomp filters"),
        (none, "network, where none is declared", Hold::None, "no seccomp filters"),
        (none, "network, where hosts are declared", Hold::None, "Linux 6.7"),
        (none, "Unix sockets", Hold::None, "no seccomp filters"),
        (none, "signals", Hold::None, "Linux 6.12"),
        (Kernel { landlock: 1, filters: true }, "files", Hold::Partly, "Linux 6.2"),
        (Kernel { landlock: 2, filters: true }, "files", Hold::Partly, "cut short"),
        (Kernel { landlock: 3, filters: true }, "files", Hold::Full, "only what is declared"),
        (Kernel { landlock: 3, filters: true }, "network, where hosts are declared", Hold::None, "Linux 6.7"),
        (Kernel { landlock: 4, filters: true }, "devices", Hold::Partly, "Linux 6.10"),
        (Kernel { landlock: 4, filters: true }, "network, where hosts are declared", Hold::Partly, "whatever the host"),
        (Kernel { landlock: 5, filters: true }, "devices", Hold::Full, "none but null"),
        (Kernel { landlock: 5, filters: true }, "Unix sockets", Hold::Partly, "all others can be used too"),
        (Kernel { landlock: 6, filters: true }, "Unix sockets", Hold::Partly, "that are at a path"),
        (Kernel { landlock: 6, filters: true }, "signals", Hold::Full, "what the run has started"),
        (newest, "Unix sockets", Hold::Full, "closed, but for those"),
    ] {
        let (found, why) = said(kernel, wall);
        assert_eq!(found, hold, "{wall} of {kernel:?}: {why}");
        assert!(why.contains(words), "{wall} of {kernel:?}: {why}");
    }
}
