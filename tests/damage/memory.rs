//! The memory of a run stays flat however much goes through it.

use super::{WHOLE, night};
use crate::support::processes::end_with_peak;

/// As much as a development build moves in a few seconds. Memory that grew with it would be far above the limit.
const STREAMED_BYTES: u64 = 512 << 20;
/// What buffers may take. The pages of the program itself are not counted: a development build has many.
const LIMIT_KIB: u64 = 32 << 10;

/// The peak of a backup of so many bytes of rows.
fn peak_of(bytes: u64) -> u64 {
    let (head, tail) = WHOLE.split_once("花子\n太郎\n").unwrap();
    let row = "20991231\tお問い合わせの本文です。予約の変更について\t\\N\tt\t2026-02-15 02:00:00+09";
    let here = "\"$(dirname \"$0\")\"";
    let lines = bytes / (row.len() as u64 + 1);
    let script = format!("cat {here}/head; yes \"$(cat {here}/row)\" | head -n {lines}; cat {here}/tail");
    let hikae = night(&script).file("bin/head", head).file("bin/row", row).file("bin/tail", tail);

    let run = hikae.start(&["run", "db-backup", "--set", "compress=zstd", "--json"]);
    let (output, peak) = end_with_peak(run);
    let said = hikae.said(output);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.outcome()["steps"][0]["bytes_in"].as_u64().unwrap() > bytes * 9 / 10, "{said:?}");
    assert!(peak > 1000, "{peak} KiB at its peak");
    peak
}

#[test]
fn half_a_gibibyte_of_rows_takes_less_than_32_mib_more_than_a_few() {
    let (few, many) = (peak_of(1000), peak_of(STREAMED_BYTES));
    assert!(many < few + LIMIT_KIB, "{many} KiB at its peak, and {few} KiB with a few rows");
}
