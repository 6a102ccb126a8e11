//! `hikae run db-restore` of what databases really hold: a bit of everything, a million rows, nothing at all, two at once.

use super::restore::databases;
use crate::support::postgres::{Cluster, shared};
use crate::support::processes::end_of;
use crate::support::program::Hikae;

/// All that is in a database and what belongs to it, as `pg_dump` sees it.
fn contents(cluster: &Cluster, name: &str) -> String {
    let dump = String::from_utf8(cluster.dump(name, &["--create"])).unwrap();
    dump.lines().filter(|line| !line.starts_with('\\')).fold(String::new(), |text, line| text + line + "\n")
}

fn well(hikae: &Hikae, recipe: &str) -> String {
    let said = hikae.run(&["run", recipe, "--yes"]);
    assert_eq!(said.code, 0, "{recipe}: {}{}", said.out, said.err);
    said.out
}

#[test]
fn a_database_with_a_bit_of_everything_is_backed_up_drilled_and_restored_as_it_was() {
    let cluster = Cluster::start();
    cluster.psql("postgres", "CREATE ROLE bob; CREATE DATABASE \"店 one\" OWNER bob");
    cluster.psql("店 one", &include_str!("../restore/rich.sql").replace("BOB", "bob"));
    cluster.psql("postgres", "COMMENT ON DATABASE \"店 one\" IS 'ours'; GRANT CONNECT ON DATABASE \"店 one\" TO bob");
    let before = contents(&cluster, "店 one");
    let hikae = Hikae::with_database(&cluster, "店 one");
    well(&hikae, "db-backup");
    let drill = well(&hikae, "backup-test");
    for words in ["✓ Rows (public.people): 3000", "✓ Rows (public.sales_2026_x): ", "✓ Rows (public.cache): 1"] {
        assert!(drill.contains(words), "no `{words}` in\n{drill}");
    }
    cluster.psql("店 one", "DROP TABLE public.sales; TRUNCATE public.people CASCADE; SELECT lo_unlink(990001)");
    well(&hikae, "db-restore");
    assert_eq!(contents(&cluster, "店 one"), before);
    assert_eq!(databases(&cluster, "hikae_throwaway_"), Vec::<String>::new());
}

#[test]
fn a_million_rows_come_back_to_the_last_one() {
    let (cluster, name) = (shared(), "restore_million");
    cluster.create_database(name);
    let sql = "CREATE TABLE log (id int, what text); INSERT INTO log SELECT n, 'row ' || n FROM generate_series(1, 1000000) n";
    cluster.psql(name, sql);
    let hikae = Hikae::with_database(cluster, name);
    well(&hikae, "db-backup");
    let sum = "SELECT count(*), sum(id), sum(length(what)) FROM log";
    let before = cluster.psql(name, sum);
    cluster.psql(name, "DELETE FROM log WHERE id % 7 = 0");
    let said = well(&hikae, "db-restore");
    assert!(said.contains("✓ Rows (public.log): 1000000"), "{said}");
    assert_eq!(cluster.psql(name, sum), before);
    assert!(before.starts_with("1000000|"), "{before}");
}

#[test]
fn an_empty_database_is_backed_up_drilled_and_restored_as_an_empty_one() {
    let (cluster, name) = (shared(), "restore_empty");
    cluster.create_database(name);
    let hikae = Hikae::with_database(cluster, name);
    well(&hikae, "db-backup");
    assert!(well(&hikae, "backup-test").contains("✓ Tables: 0"));
    cluster.psql(name, "CREATE TABLE since (a int)");
    well(&hikae, "db-restore");
    assert_eq!(cluster.psql(name, "SELECT to_regclass('since') IS NULL"), "t");
}

#[test]
fn two_restores_of_two_databases_at_once_both_come_to_their_end() {
    let cluster = shared();
    let worlds = ["restore_pair_a", "restore_pair_b"].map(|name| (name, super::restore::backed_up(cluster, name)));
    let running = worlds.each_ref().map(|(_, hikae)| hikae.start(&["run", "db-restore", "--yes"]));
    for (child, (name, hikae)) in running.into_iter().zip(&worlds) {
        let said = hikae.said(end_of(child));
        assert_eq!(said.code, 0, "{name}: {}", said.err);
        assert_eq!(super::restore::guests(cluster, name), "花子 太郎 次郎", "{name}");
        assert_eq!(databases(cluster, name).len(), 2);
    }
}

/// Two machines restore the same database: each has its own locks, so that only the server can keep them apart.
#[test]
fn of_two_restores_of_one_database_from_two_machines_none_loses_anything() {
    let cluster = Cluster::start();
    let here = super::restore::backed_up(&cluster, "shop");
    let there = Hikae::with_database(&cluster, "shop").env("BACKUP_DIR", &here.path("backups").display().to_string());
    let running = [&here, &there].map(|hikae| hikae.start(&["run", "db-restore", "--yes"]));
    let said = running.map(|child| here.said(end_of(child)));
    let won = said.iter().filter(|said| said.code == 0).count();
    assert!(won >= 1, "{said:?}");
    let lost = said.iter().find(|said| said.code != 0);
    assert!(lost.is_none_or(|said| said.err.contains("cannot put the database")), "{said:?}");
    assert_eq!(super::restore::guests(&cluster, "shop"), "花子 太郎 次郎");
    let kept = databases(&cluster, "shop_before_");
    assert_eq!(kept.len(), won, "{kept:?}");
    assert!(kept.iter().any(|name| super::restore::guests(&cluster, name).ends_with(" since")), "{kept:?}");
    assert_eq!(databases(&cluster, "hikae_throwaway_"), Vec::<String>::new());
}
