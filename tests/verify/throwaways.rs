//! Databases that hikae makes for itself: dropped by their run, swept after a killed one, and nothing else is ever dropped.

use rustix::process::Signal;

use super::{world, world_at};
use crate::support::postgres::{Cluster, shared};
use crate::support::processes::{end_of, send, wait_for, wait_until};
use crate::support::program::Hikae;

const HOLD: &str = r#"
    local name = pg.create_database(at { like = p.database })
    fs.write(path.join(p.dir, "made"), name)
    clock.sleep(60)
"#;

const SWEEP: &str = r#"log.info("swept: " .. table.concat(pg.sweep_throwaways(at {}), " "))"#;

fn exists(cluster: &Cluster, name: &str) -> bool {
    cluster.psql("postgres", &format!("SELECT count(*) FROM pg_database WHERE datname = '{name}'")) == "1"
}

/// Everything of the server that is not hikae's, so that a change of any of it is seen.
fn fingerprint(cluster: &Cluster, names: &[&str]) -> String {
    let told = "SELECT d.oid, datname, datdba, datacl, datallowconn, datconnlimit, shobj_description(d.oid, 'pg_database'), setconfig \
                FROM pg_database d LEFT JOIN pg_db_role_setting ON setdatabase = d.oid WHERE datname NOT LIKE 'hikae%' ORDER BY 1";
    let mut text = cluster.psql("postgres", told);
    for name in names {
        let dump = String::from_utf8(cluster.dump(name, &["--create"])).unwrap();
        let lines = dump.lines().filter(|line| !line.starts_with("\\restrict") && !line.starts_with("\\unrestrict"));
        text.extend(lines.map(|line| format!("{line}\n")));
    }
    text
}

#[test]
fn a_killed_runs_throwaway_is_swept_and_a_living_ones_is_kept_and_nothing_else_changes() {
    let cluster = Cluster::start();
    for name in ["shop", "other", "hikae_throwaway_of_mine"] {
        cluster.create_database(name);
        cluster.psql(name, "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
    }
    // A name as hikae gives them, of a person who says so.
    let human = "hikae_throwaway_20260101_020000_1";
    cluster.create_database(human);
    cluster.psql("postgres", &format!("COMMENT ON DATABASE {human} IS 'hands off'"));
    let before = fingerprint(&cluster, &["shop", "other"]);

    let holder = world_at(&cluster, "shop", HOLD);
    let child = holder.start(&["run", "try"]);
    let made = wait_for("the throwaway", || std::fs::read_to_string(holder.path("backups/made")).ok());
    assert!(exists(&cluster, &made), "{made}");
    let sweeper = world_at(&cluster, "shop", SWEEP);
    let said = sweeper.run(&["run", "try"]);
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(exists(&cluster, &made), "the throwaway of a living run was swept");
    let drop_it = format!(r#"pg.drop_database(at {{ name = "{made}" }})"#);
    let said = world_at(&cluster, "shop", &drop_it).run(&["run", "try"]);
    assert!(said.code == 1 && said.err.contains("the run that made it is under way"), "{}", said.err);

    send(&child, Signal::KILL);
    end_of(child);
    wait_until("the sweep of what the killed run left", || {
        sweeper.run(&["run", "try"]);
        !exists(&cluster, &made)
    });
    assert!(exists(&cluster, human) && exists(&cluster, "hikae_throwaway_of_mine"));
    assert_eq!(fingerprint(&cluster, &["shop", "other"]), before);
}

#[test]
fn no_database_of_another_is_dropped_whatever_it_is_called() {
    shared().create_database("precious");
    let hikae: Hikae = world("precious", r#"pg.drop_database(at { name = p.database })"#);
    let said = hikae.run(&["run", "try"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("refused to drop the database `precious`"), "{}", said.err);
    // Made under this name by the run, dropped by somebody, and made again by another: it is not the run's any more.
    let lines = r#"
    pg.create_database(at { name = "made twice" })
    pg.swap(at { live = "made twice", staged = pg.create_database(at {}), keep_as = "made once" })
    pg.drop_database(at { name = "made twice" })"#;
    let said = world("precious", lines).run(&["run", "try"]);
    assert!(said.code == 1 && said.err.contains("refused to drop the database `made twice`"), "{}", said.err);
    assert!(exists(shared(), "precious") && exists(shared(), "made twice") && exists(shared(), "made once"));
}

#[test]
fn a_throwaway_is_marked_and_is_like_the_database_that_it_stands_for() {
    shared().psql(
        "postgres",
        "CREATE DATABASE \"like this\" TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'",
    );
    let look = r#"
    local sql = "SELECT pg_encoding_to_char(encoding) AS encoding, datcollate AS collate, shobj_description(oid, 'pg_database') AS comment"
    local row = pg.query(at { database = "postgres", sql = sql .. " FROM pg_database WHERE datname = '" .. name .. "'" })[1]
    log.info("LIKE " .. row.encoding .. " " .. row.collate .. " " .. row.comment)"#;
    let hikae = world("like this", &HOLD.replace("clock.sleep(60)", look));
    let said = hikae.run(&["run", "try"]);
    assert_eq!(said.code, 0, "{}", said.err);
    let line = said.out.lines().find_map(|line| line.split_once("LIKE ")).unwrap_or_else(|| panic!("{said:?}")).1;
    assert!(line.starts_with("SQL_ASCII C made by hikae run BKP-") && line.contains(" of try on "), "{line}");
    // The recipe has forgotten it; no later run need sweep it.
    let made = std::fs::read_to_string(hikae.path("backups/made")).unwrap();
    let warning = format!("WARN: the recipe forgot the database {}; it was dropped", hikae.steady(&made));
    assert!(said.err.contains(&warning), "{}", said.err);
    assert!(!exists(shared(), &made));
}
