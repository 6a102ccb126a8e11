//! `hikae run db-restore` of backups that are no good: each is refused with its reason, and the live database is as it was.

use super::restore::{backed_up, databases, guests};
use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;

/// All of the live database: its number, what belongs to its name, and all that is in it.
fn fingerprint(cluster: &Cluster, name: &str) -> String {
    let about = format!(
        "SELECT oid, datdba, datacl, shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = '{name}'"
    );
    let dump = String::from_utf8(cluster.dump(name, &["--create"])).unwrap();
    let lines = dump.lines().filter(|line| !line.starts_with('\\'));
    lines.fold(cluster.psql("postgres", &about), |text, line| text + "\n" + line)
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut encoder, bytes).unwrap();
    encoder.finish().unwrap()
}

/// The file of the backup that `backed_up` has made.
fn backup(hikae: &Hikae) -> std::path::PathBuf {
    hikae.path("backups").join(&hikae.backups()[0])
}

#[test]
fn a_file_that_is_no_good_is_refused_before_the_live_database_is_touched() {
    let (cluster, name) = (&Cluster::start(), "restore_refused");
    let hikae = backed_up(cluster, name);
    cluster.create_database("restore_refused_other");
    let packed = std::fs::read(backup(&hikae)).unwrap();
    let dump = String::from_utf8(cluster.dump(name, &["--create", "--clean", "--if-exists"])).unwrap();
    let foreign = cluster.dump("restore_refused_other", &["--create"]);
    let evil =
        |line: &str| gzip(dump.replacen("COPY public.guests", &format!("{line}\nCOPY public.guests"), 1).as_bytes());
    let mut flipped = packed.clone();
    flipped[packed.len() / 2] ^= 0x10;
    let before = (fingerprint(cluster, name), databases(cluster, name));
    let files = [
        ("truncated", packed[..packed.len() / 2].to_vec(), "the gzip data ends too early"),
        ("flipped", flipped, "cannot unpack the `gzip` data"),
        ("empty", Vec::new(), "is empty"),
        ("garbage", b"garbage".to_vec(), "does not begin as gzip data does"),
        ("garbage_sql", gzip(b"SELECT 1;\nDROP TABLE guests;\n"), "does not start as `pg_dump` starts"),
        ("foreign", gzip(&foreign), "cannot accept a dump of `restore_refused_other` as a dump of `restore_refused`"),
        ("shell", evil("\\! touch /tmp/x"), "the psql command `\\!`"),
        ("program", evil("COPY guests FROM PROGRAM 'id';"), "a `COPY` that does not read its rows from the dump"),
        ("drops", evil("DROP DATABASE restore_refused_other;"), "names the database `restore_refused_other`"),
        ("halts", gzip(dump.replacen("CREATE VIEW public.known", "CREATE VIEWS public.known", 1).as_bytes()), ""),
    ];
    for (which, bytes, words) in files {
        let file = hikae.path("backups").join(format!("{which}.sql.gz"));
        std::fs::write(&file, bytes).unwrap();
        let said = hikae.run(&["run", "db-restore", "--yes", "--set", &format!("file={}", file.display())]);
        assert_eq!(said.code, 1, "{which}: {}", said.err);
        assert!(said.err.contains(words) && said.err.contains("hint: "), "{which}: no `{words}` in\n{}", said.err);
        assert_eq!((fingerprint(cluster, name), databases(cluster, name)), before, "{which}");
    }
    assert_eq!(databases(cluster, "hikae_throwaway_"), Vec::<String>::new());
}

/// As `zstd` and `pg_dump --format=custom` write it.
#[test]
fn a_file_of_another_format_that_is_no_good_is_refused_before_the_live_database_is_touched() {
    let (cluster, name) = (&Cluster::start(), "refused_formats");
    let hikae = backed_up(cluster, name);
    cluster.create_database("refused_formats_other");
    let plain = |database: &str| cluster.dump(database, &["--create", "--clean", "--if-exists"]);
    // With the checksum, as hikae writes it.
    let zstd = |bytes: &[u8]| {
        let mut encoder = zstd::Encoder::new(Vec::new(), 1).unwrap();
        encoder.include_checksum(true).unwrap();
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    };
    let dump = String::from_utf8(plain(name)).unwrap();
    let evil =
        |line: &str| zstd(dump.replacen("COPY public.guests", &format!("{line}\nCOPY public.guests"), 1).as_bytes());
    let flipped = |bytes: &[u8], at: usize| [&bytes[..at], &[bytes[at] ^ 0x10], &bytes[at + 1..]].concat();
    let (packed, archive) = (zstd(dump.as_bytes()), cluster.dump(name, &["--format=custom"]));
    // Its rows are packed, with a checksum.
    let rows = archive.windows(2).rposition(|bytes| bytes == [0x78, 0x9c]).unwrap();
    // What an archive is to do stands in it as text; its length stands before it.
    let view = "CREATE VIEW public.known AS\n SELECT guests.name\n   FROM public.guests;";
    let worded = |line: &str| {
        let at = archive.windows(view.len()).position(|bytes| bytes == view.as_bytes()).unwrap();
        let words = format!("{line:<width$}", width = view.len());
        [&archive[..at], words.as_bytes(), &archive[at + view.len()..]].concat()
    };
    assert_eq!(worded(view), archive);
    let before = (fingerprint(cluster, name), databases(cluster, name));
    let not_a_dump = "does not start as `pg_dump` starts";
    let foreign = "cannot accept a dump of `refused_formats_other` as a dump of `refused_formats`";
    let files = [
        ("cut.sql.zst", packed[..packed.len() / 2].to_vec(), "cannot unpack the `zstd` data"),
        ("flipped.sql.zst", flipped(&packed, packed.len() - 2), "cannot unpack the `zstd` data"),
        ("empty.sql.zst", Vec::new(), "is empty"),
        ("empty_inside.sql.zst", zstd(b""), "is empty"),
        ("garbage.sql.zst", b"garbage".to_vec(), "does not begin as zstd data does"),
        ("garbage_sql.sql.zst", zstd(b"DROP TABLE guests;\n"), not_a_dump),
        ("foreign.sql.zst", zstd(&plain("refused_formats_other")), foreign),
        ("shell.sql.zst", evil("\\! touch /tmp/x"), "the psql command `\\!`"),
        ("program.sql.zst", evil("COPY guests FROM PROGRAM 'id';"), "a `COPY` that does not read its rows"),
        ("drops.sql.zst", evil("DROP DATABASE refused_formats_other;"), "names the database `refused_formats_other`"),
        ("cut.dump", archive[..archive.len() / 2].to_vec(), "cannot decode the archive"),
        ("flipped.dump", flipped(&archive, rows + 8), "cannot decode the archive"),
        ("empty.dump", Vec::new(), "is empty"),
        ("garbage.dump", b"garbage".to_vec(), not_a_dump),
        ("foreign.dump", cluster.dump("refused_formats_other", &["--format=custom"]), foreign),
        ("shell.dump", worded("SELECT 1;\n\\! touch /tmp/x\n"), "the statement `SELECT 1"),
        ("only_shell.dump", worded("\\! touch /tmp/x\n"), "the psql command `\\!`"),
        ("program.dump", worded("COPY public.guests FROM PROGRAM 'id';"), "a `COPY` that does not read its rows"),
        ("drops.dump", worded("DROP DATABASE refused_formats_other;"), "names the database `refused_formats_other`"),
    ];
    for (which, bytes, words) in files {
        let file = hikae.path("backups").join(which);
        std::fs::write(&file, bytes).unwrap();
        let said = hikae.run(&["run", "db-restore", "--yes", "--set", &format!("file={}", file.display())]);
        assert_eq!(said.code, 1, "{which}: {}", said.err);
        assert!(said.err.contains(words) && said.err.contains("hint: "), "{which}: no `{words}` in\n{}", said.err);
    }
    assert_eq!((fingerprint(cluster, name), databases(cluster, name)), before);
    assert_eq!(databases(cluster, "hikae_throwaway_"), Vec::<String>::new());
}

#[test]
fn a_newest_backup_that_is_broken_gives_way_to_the_one_before_only_where_that_was_agreed_to() {
    let (cluster, name) = (shared(), "restore_older");
    let hikae = backed_up(cluster, name);
    let newer = hikae.path("backups/db_backup_29990101_020000.sql.gz");
    std::fs::write(newer, &std::fs::read(backup(&hikae)).unwrap()[..100]).unwrap();
    let before = (guests(cluster, name), databases(cluster, name));
    let said = hikae.run(&["run", "db-restore", "--yes"]);
    assert_eq!((said.code, (guests(cluster, name), databases(cluster, name))), (1, before), "{}", said.err);
    assert!(said.err.contains("is damaged: ") && said.err.contains("--set fallback=older"), "{}", said.err);
    assert!(said.err.contains("3 rows"), "{}", said.err);
    let said = hikae.run(&["run", "db-restore", "--yes", "--set", "fallback=older"]);
    assert_eq!((said.code, guests(cluster, name)), (2, "花子 太郎 次郎".to_owned()), "{}", said.err);
    assert!(said.err.contains("WARN: ") && said.err.contains("an older backup was restored"), "{}", said.err);
}

#[test]
fn a_wrong_password_is_told_and_nothing_is_tried_twice() {
    let (cluster, name) = (shared(), "restore_denied");
    let hikae = backed_up(cluster, name).env("DB_PASSWORD", "wrong-and-secret");
    let said = hikae.run(&["run", "db-restore", "--yes"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("password authentication failed") && said.err.contains("DB_PASSWORD"), "{}", said.err);
    assert!(!said.err.contains("wrong-and-secret"), "{}", said.err);
    assert_eq!(guests(cluster, name), "花子 太郎 次郎 since");
}

#[test]
fn a_folder_without_backups_is_told() {
    let hikae = Hikae::with_database(shared(), "postgres");
    let said = hikae.run(&["run", "db-restore", "--yes"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("there is no backup `db_backup_*` in `[WORLD]/backups`"), "{}", said.err);
}
