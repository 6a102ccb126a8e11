//! The memory of a run stays flat however much goes through it.

use super::{WHOLE, night};
use crate::support::processes::end_of;

/// As much as a development build moves in a few seconds. Memory that grew with it would be far above the limit.
const STREAMED_BYTES: u64 = 512 << 20;
const LIMIT_KIB: u64 = 64 << 10;

#[test]
fn half_a_gibibyte_of_rows_passes_in_less_than_64_mib() {
    let (head, tail) = WHOLE.split_once("花子\n太郎\n").unwrap();
    let row = "20991231\tお問い合わせの本文です。予約の変更について\t\\N\tt\t2026-02-15 02:00:00+09";
    let here = "\"$(dirname \"$0\")\"";
    let lines = STREAMED_BYTES / (row.len() as u64 + 1);
    let script = format!("cat {here}/head; yes \"$(cat {here}/row)\" | head -n {lines}; cat {here}/tail");
    let hikae = night(&script).file("bin/head", head).file("bin/row", row).file("bin/tail", tail);

    let run = hikae.start(&["run", "db-backup", "--set", "compress=zstd", "--json"]);
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
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        end.join().unwrap()
    });
    let said = hikae.said(output);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.outcome()["steps"][0]["bytes_in"].as_u64().unwrap() > STREAMED_BYTES * 9 / 10, "{said:?}");
    assert!(peak > 1000 && peak < LIMIT_KIB, "{peak} KiB at its peak");
}
