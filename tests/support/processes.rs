//! Looks at other processes, waits for what they do, and ends them.

use std::process::{Child, Output};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

/// A hang is told apart from a slow machine by this much.
const WALL: Duration = Duration::from_secs(30);

/// Waits until `found` gives something.
pub fn wait_for<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(begun.elapsed() < WALL, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until `holds` does.
pub fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    wait_for(what, || holds().then_some(()));
}

/// A process of the system, as `/proc` tells it.
#[derive(Clone, Debug)]
pub struct Process {
    pub pid: u32,
    pub parent: u32,
    pub group: u32,
    state: char,
}

/// Every process that still runs; one that has ended and only waits to be asked how is none.
pub fn running() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter_map(process).filter(|process| process.state != 'Z').collect()
}

fn process(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in brackets and may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?.chars().next()?;
    let mut number = || fields.next()?.parse().ok();
    Some(Process { pid, parent: number()?, group: number()?, state })
}

/// The process group of the first child of `parent` that has one of its own.
pub fn group_below(parent: &Child) -> Option<u32> {
    running().into_iter().find(|process| process.parent == parent.id() && process.group == process.pid).map(|p| p.group)
}

/// Whether anything of a process group still runs.
pub fn group_runs(group: u32) -> bool {
    running().iter().any(|process| process.group == group)
}

pub fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// The end of `child` with all that it said; one that does not end is killed, and the test fails.
pub fn end_of(child: Child) -> Output {
    let pid = Pid::from_child(&child);
    let (tell, told) = std::sync::mpsc::channel();
    std::thread::spawn(move || tell.send(child.wait_with_output()));
    match told.recv_timeout(WALL) {
        Ok(output) => output.unwrap(),
        Err(_) => {
            kill_process(pid, Signal::KILL).unwrap();
            panic!("the program did not end within {WALL:?}");
        }
    }
}

/// The output of a command once it has ended, and the most memory that it had, in KiB.
pub fn end_with_peak(run: Child) -> (Output, u64) {
    let status = format!("/proc/{}/status", run.id());
    let (done, mut peak) = (std::sync::atomic::AtomicBool::new(false), 0);
    let output = std::thread::scope(|scope| {
        let end = scope.spawn(|| {
            let output = end_of(run);
            done.store(true, std::sync::atomic::Ordering::SeqCst);
            output
        });
        while !done.load(std::sync::atomic::Ordering::SeqCst) {
            let text = std::fs::read_to_string(&status).unwrap_or_default(); // gone once it has ended
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            peak = line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(peak).max(peak);
            std::thread::sleep(Duration::from_millis(20));
        }
        end.join().unwrap()
    });
    (output, peak)
}

/// The processes that were started in the world of this folder: their home lies there.
pub fn started_in(folder: &std::path::Path) -> Vec<Process> {
    let home = format!("HOME={}", folder.display());
    let is_there = |process: &Process| {
        let environ = std::fs::read(format!("/proc/{}/environ", process.pid)).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|entry| entry.starts_with(home.trim_end_matches('/').as_bytes()))
    };
    running().into_iter().filter(is_there).collect()
}
