//! A disk that fills up at any byte costs the new backup and nothing else, and the message says how much is free.

use super::{DUMPS, LONG_AGO, WHOLE, contents, fails, kind, next_second, night, plant};
use crate::support::disk::{Disk, PAGE_BYTES};
use crate::support::postgres::shared;
use crate::support::program::{Hikae, names};

/// A world whose folder for backups is a disk with `free_bytes` left, beside a backup of long ago.
fn on_disk(hikae: Hikae, free_bytes: u64) -> (Hikae, Disk) {
    let disk = Disk::mount(&hikae.path("backups"), 1 << 20);
    plant(&hikae.path("backups"), LONG_AGO);
    disk.resize(disk.used_bytes() + free_bytes); // never 0, which would be no limit
    (hikae, disk) // in this order: the disk goes before the folder that it lies in
}

/// A real database whose dump does not compress, and how large its backup and its manifest are.
fn large() -> (Hikae, u64) {
    let cluster = shared();
    let name = "damage_space";
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        cluster.create_database(name);
        let rows = "SELECT setseed(0.5); CREATE TABLE noise AS \
            SELECT string_agg(chr(48 + (random() * 70)::int), '') AS line FROM generate_series(1, 4000000) AS n GROUP BY n / 1000";
        cluster.psql(name, rows);
    });
    (Hikae::with_database(cluster, name), 3 << 20)
}

/// db-backup fails for want of space, says how much is left, and the disk is as it was.
fn runs_out(hikae: &Hikae, disk: &Disk, file: &str) {
    let used = disk.used_bytes();
    let said = fails(hikae, &[]);
    let what = format!("error: cannot write `[WORLD]/backups/db_backup_[STAMP].sql.gz{file}`");
    assert!(said.err.contains(&what), "{}", said.err);
    assert!(said.err.contains("No space left on device"), "{}", said.err);
    assert!(said.err.contains("hint: [SIZE] are free on `[WORLD]/backups"), "{}", said.err);
    assert_eq!((kind(hikae), disk.used_bytes()), ("space".to_owned(), used), "{}", said.err);
}

#[test]
fn a_disk_that_is_full_at_the_first_byte_costs_only_the_new_backup() {
    let (hikae, disk) = on_disk(night(DUMPS), 0);
    runs_out(&hikae, &disk, "");
}

#[test]
fn a_disk_that_fills_up_half_way_costs_only_the_new_backup() {
    let (hikae, size) = large();
    let (hikae, disk) = on_disk(hikae, size / 2);
    runs_out(&hikae, &disk, "");
}

#[test]
fn a_disk_that_fills_up_at_the_last_byte_or_with_the_manifest_costs_only_the_new_backup() {
    // Bytes that do not compress, and always the same ones: the size of the backup is known to the byte.
    let noise: String = (0u32..40_000).map(|n| format!("{:x}\n", n.wrapping_mul(2_654_435_761))).collect();
    let whole = WHOLE.replace("花子\n", &noise);
    let hikae = || night(DUMPS).file("bin/whole.sql", &whole);
    let probe = hikae();
    assert_eq!(probe.run(&["run", "db-backup"]).code, 0);
    let size = std::fs::metadata(probe.path("backups").join(&probe.backups()[0])).unwrap().len();
    let pages = size.div_ceil(PAGE_BYTES);
    assert!(pages > 20, "{size} bytes are too few to fill a disk with");

    let (short, disk) = on_disk(hikae(), (pages - 1) * PAGE_BYTES);
    runs_out(&short, &disk, "");
    let (exact, disk) = on_disk(hikae(), pages * PAGE_BYTES);
    runs_out(&exact, &disk, ".manifest.json");
    disk.resize(disk.used_bytes() + (pages + 1) * PAGE_BYTES);
    let said = exact.run(&["run", "db-backup"]);
    assert_eq!((said.code, names(&exact.path("backups")).len()), (0, 2), "one page more is enough: {said:?}");
}

#[test]
fn a_full_disk_of_the_state_folder_does_not_stop_the_backup() {
    for made_before in [false, true] {
        let hikae = night(DUMPS);
        let disk = Disk::mount(&hikae.path("state"), 4 << 20);
        if made_before {
            assert_eq!(hikae.run(&["run", "db-backup"]).code, 0);
            next_second(); // without a catalog nobody keeps two runs of one second apart
        }
        disk.resize(disk.used_bytes().max(PAGE_BYTES));
        let said = hikae.run(&["run", "db-backup", "--json"]);
        assert_eq!(said.code, 2, "{said:?}");
        assert!(said.err.contains("the catalog `[WORLD]/state/catalog.db`"), "{said:?}");
        assert!(said.err.contains("the backups themselves are not affected"), "{said:?}");
        assert_eq!(said.outcome()["status"], "partial", "{said:?}");
        // SQLite knows a full disk as such, but of its file that is mapped into memory only that it could not be written; which of
        // the two it meets first depends on the page at which the disk is full.
        let hints = ["free some space on its file system", "look for a full or failing disk"];
        assert!(hints.iter().any(|hint| said.err.contains(hint)), "{said:?}");
        let stands = contents(&hikae.path("backups"));
        assert_eq!(stands.len(), if made_before { 4 } else { 2 }, "{stands:?}");
    }
}
