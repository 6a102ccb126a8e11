//! The memory of a run stays flat however much goes through it.

use super::{WHOLE, night};
use crate::support::processes::end_with_peak;

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
    let (output, peak) = end_with_peak(run);
    let said = hikae.said(output);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.outcome()["steps"][0]["bytes_in"].as_u64().unwrap() > STREAMED_BYTES * 9 / 10, "{said:?}");
    assert!(peak > 1000 && peak < LIMIT_KIB, "{peak} KiB at its peak");
}
