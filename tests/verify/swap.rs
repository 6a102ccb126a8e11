//! A swap is all or nothing: under open sessions, when it fails, when hikae is killed, and when two come at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{recipe, world, world_at};
use crate::support::postgres::{Cluster, shared};
use crate::support::processes::{end_of, send, wait_until};
use crate::support::proxy::{Act, Proxy, has};

const SWAP: &str = r#"
    local swapped = pg.swap(at { live = p.database, staged = p.database .. " staged", keep_as = p.database .. " kept" })
    log.info("kept: " .. swapped.kept)
"#;

/// A live database and a staged one, each with a table that tells which it is.
fn pair(cluster: &Cluster, live: &str) {
    for (name, which) in [(live.to_owned(), "old"), (format!("{live} staged"), "new")] {
        cluster.create_database(&name);
        cluster.psql(&name, &format!("CREATE TABLE which AS SELECT '{which}' AS which"));
    }
}

fn which(cluster: &Cluster, name: &str) -> String {
    cluster.psql(name, "SELECT which FROM which")
}

fn databases(cluster: &Cluster, like: &str) -> String {
    let sql = format!(
        "SELECT string_agg(datname, ', ' ORDER BY datname) FROM pg_database WHERE datname LIKE '{like}%' AND datallowconn"
    );
    cluster.psql("postgres", &sql)
}

/// A psql on its own, as a client of the application is one: whether it could read, and what.
fn client(cluster: &Cluster, name: &str) -> Option<String> {
    let mut command = std::process::Command::new("psql");
    command.envs(cluster.env()).env("PGDATABASE", name).args(["-X", "-A", "-t", "-c", "SELECT which FROM which"]);
    let output = command.output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
}

#[test]
fn clients_that_always_come_back_find_the_new_database_and_are_away_for_a_moment() {
    let (cluster, live) = (shared(), "swap busy");
    pair(cluster, live);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let loops: Vec<_> = (0..3)
            .map(|_| {
                scope.spawn(|| {
                    let (mut last, mut longest, mut seen) = (Instant::now(), Duration::ZERO, Vec::new());
                    while !done.load(Ordering::SeqCst) || seen.last().map(String::as_str) == Some("old") {
                        if let Some(found) = client(cluster, live) {
                            longest = longest.max(last.elapsed());
                            last = Instant::now();
                            seen.push(found);
                        }
                    }
                    (longest, seen)
                })
            })
            .collect();
        // One that never leaves by itself.
        let idle = scope.spawn(|| {
            let mut command = std::process::Command::new("psql");
            command.envs(cluster.env()).env("PGDATABASE", live).args(["-X", "-c", "SELECT pg_sleep(600)"]);
            command.output().unwrap().status
        });
        wait_until("the idle client", || {
            cluster.psql(
                "postgres",
                "SELECT count(*) FROM pg_stat_activity WHERE datname = 'swap busy' AND query LIKE '%600%'",
            ) == "1"
        });
        let said = world(live, SWAP).run(&["run", "try"]);
        done.store(true, Ordering::SeqCst);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        assert!(!idle.join().unwrap().success());
        for each in loops {
            let (longest, seen) = each.join().unwrap();
            assert_eq!(seen.last().unwrap(), "new");
            let first_new = seen.iter().position(|found| found == "new").unwrap();
            assert!(seen[first_new..].iter().all(|found| found == "new"), "the old one came back");
            println!("away for at most {longest:?}");
            assert!(longest < Duration::from_secs(15), "away for {longest:?}");
        }
    });
    assert_eq!((which(cluster, live), which(cluster, "swap busy kept")), ("new".to_owned(), "old".to_owned()));
}

/// How long a client that comes back every 10 ms had to do without the live database while it was swapped, beyond what it takes to ask.
fn away(cluster: &Cluster, live: &str) -> Duration {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let client = scope.spawn(|| {
            let (mut asking, mut last_old) = (Vec::new(), Instant::now());
            loop {
                let began = Instant::now();
                match client(cluster, live).as_deref() {
                    Some("new") => {
                        asking.sort();
                        return last_old.elapsed().saturating_sub(asking[asking.len() / 2]);
                    }
                    Some(_) => {
                        asking.push(began.elapsed());
                        last_old = Instant::now();
                    }
                    None => {}
                }
                assert!(!done.load(Ordering::SeqCst) || last_old.elapsed() < Duration::from_secs(30), "it is gone");
                std::thread::sleep(Duration::from_millis(10));
            }
        });
        let said = world(live, SWAP).run(&["run", "try"]);
        done.store(true, Ordering::SeqCst);
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        client.join().unwrap()
    })
}

#[test]
fn the_live_database_is_away_for_less_than_a_second() {
    // A machine that is busy with other things may stop everything for a second: the best of some tries tells.
    let tries = (1..=5).map(|number| {
        let live = format!("swap brief {number}");
        pair(shared(), &live);
        away(shared(), &live)
    });
    let mut seen = Vec::new();
    let brief = tries.inspect(|time| seen.push(*time)).any(|time| time < Duration::from_secs(1));
    assert!(brief, "away for {seen:?}");
}

#[test]
fn what_belongs_to_the_name_stays_with_it() {
    let (cluster, live) = (shared(), "swap \"names\"");
    pair(cluster, live);
    cluster.psql(
        "postgres",
        r#"CREATE ROLE "swap owner"; CREATE ROLE "swap reader";
        ALTER DATABASE "swap ""names""" OWNER TO "swap owner";
        ALTER DATABASE "swap ""names""" CONNECTION LIMIT 17;
        ALTER DATABASE "swap ""names""" SET search_path TO "$user", "a ""b""", '';
        ALTER DATABASE "swap ""names""" SET statement_timeout = '1h';
        ALTER DATABASE "swap ""names""" SET my.words TO 'it''s, "all" right';
        ALTER ROLE "swap reader" IN DATABASE "swap ""names""" SET work_mem TO '8MB';
        ALTER DATABASE "swap ""names"" staged" SET lock_timeout = '1min';
        REVOKE ALL ON DATABASE "swap ""names""" FROM PUBLIC;
        GRANT CONNECT ON DATABASE "swap ""names""" TO "swap reader" WITH GRANT OPTION;
        COMMENT ON DATABASE "swap ""names""" IS 'the shop''s own';"#,
    );
    let told = r#"SELECT pg_get_userbyid(datdba), datconnlimit, (SELECT string_agg(item::text, ' ' ORDER BY item::text) FROM unnest(datacl) AS item),
        shobj_description(oid, 'pg_database'),
        (SELECT string_agg(setrole::regrole || ':' || setting, ' ' ORDER BY setrole, setting)
         FROM pg_db_role_setting, unnest(setconfig) AS setting WHERE setdatabase = d.oid AND setting NOT LIKE 'lock_timeout%')
        FROM pg_database d WHERE datname = 'swap "names"'"#;
    let before = cluster.psql("postgres", told);
    assert!(before.contains("swap owner") && before.contains("work_mem") && before.contains("search_path"), "{before}");
    let said = world(live, SWAP).run(&["run", "try"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert_eq!(cluster.psql("postgres", told), before);
    let own = "SELECT count(*) FROM pg_db_role_setting, unnest(setconfig) AS s JOIN pg_database d ON true \
               WHERE setdatabase = d.oid AND datname = 'swap \"names\"' AND s LIKE 'lock_timeout%'";
    assert_eq!(cluster.psql("postgres", own), "1", "a setting that only the staged one had is lost");
}

#[test]
fn a_swap_that_cannot_be_done_changes_nothing() {
    let (cluster, live) = (shared(), "swap refused");
    pair(cluster, live);
    // The swap's user owns both, but may not end a superuser's session.
    cluster.psql(
        "postgres",
        "CREATE ROLE swapper LOGIN CREATEDB PASSWORD 'swapper'; ALTER DATABASE \"swap refused\" OWNER TO swapper; \
         ALTER DATABASE \"swap refused staged\" OWNER TO swapper",
    );
    let mut stays = std::process::Command::new("psql")
        .envs(cluster.env())
        .env("PGDATABASE", live)
        .args(["-X", "-q", "-A", "-t", "-c", "SELECT 1", "-c", "SELECT pg_sleep(600)"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the superuser's session", || {
        cluster.psql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'swap refused'") == "1"
    });
    let mut own = std::process::Command::new("psql")
        .envs(cluster.env())
        .envs([("PGUSER", "swapper"), ("PGPASSWORD", "swapper"), ("PGDATABASE", live)])
        .args(["-X", "-q", "-A", "-t", "-c", "SELECT pg_sleep(600)"])
        .stdout(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the application's session", || {
        cluster.psql("postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = 'swap refused'") == "2"
    });
    let hikae = world(live, SWAP).env("DB_USER", "swapper").env("DB_PASSWORD", "swapper");
    let said = hikae.run(&["run", "try"]);
    assert_eq!(said.code, 1, "{}", said.out);
    let words = "may not end these sessions in it: ";
    assert!(said.err.contains(words) && said.err.contains("(postgres, psql)"), "{}", said.err);
    assert!(!said.err.contains("(swapper, "), "{}", said.err);
    assert!(own.try_wait().unwrap().is_none(), "a session was ended for nothing");
    own.kill().unwrap();
    own.wait().unwrap();
    assert_eq!(databases(cluster, live), "swap refused, swap refused staged");
    assert!(stays.try_wait().unwrap().is_none(), "the session was ended");
    stays.kill().unwrap();
    stays.wait().unwrap();
    assert_eq!((which(cluster, live), which(cluster, "swap refused staged")), ("old".to_owned(), "new".to_owned()));
}

#[test]
fn names_that_are_taken_absent_or_the_servers_own_are_refused() {
    let (cluster, live) = (shared(), "swap taken");
    pair(cluster, live);
    cluster.create_database("swap taken kept");
    let said = world(live, SWAP).run(&["run", "try"]);
    assert!(said.code == 1 && said.err.contains("`swap taken kept` is there already"), "{}", said.err);
    let said = world(live, r#"pg.swap(at { live = p.database, staged = "no such database" })"#).run(&["run", "try"]);
    assert!(said.code == 1 && said.err.contains("there is no database `no such database`"), "{}", said.err);
    for name in ["postgres", "template1"] {
        let said =
            world(name, r#"pg.swap(at { live = p.database, staged = "swap taken staged" })"#).run(&["run", "try"]);
        assert!(said.code == 1 && said.err.contains("the server itself needs it"), "{}", said.err);
    }
    assert_eq!(databases(cluster, live), "swap taken, swap taken kept, swap taken staged");
    assert_eq!(which(cluster, live), "old");
}

#[test]
fn a_killed_swap_leaves_the_old_or_the_new_database_whole_and_open() {
    let cluster = shared();
    // Before its commit, and when the server has answered that.
    for (live, late, expected) in [
        ("swap cut", false, ("old", "swap cut, swap cut staged")),
        ("swap cut late", true, ("new", "swap cut late, swap cut late kept")),
    ] {
        pair(cluster, live);
        let mut committed = false;
        let proxy = Proxy::start(cluster.port(), move |data| {
            let here = if late { committed && data.starts_with(b"X") } else { has(data, "COMMIT") };
            committed |= has(data, "COMMIT");
            if here { Act::Hold } else { Act::Pass }
        });
        let hikae = world(live, SWAP).env("DB_PORT", &proxy.port.to_string());
        let child = hikae.start(&["run", "try"]);
        wait_until("the swap to come to that place", || proxy.held() > 0);
        send(&child, Signal::KILL);
        end_of(child);
        wait_until("the server to see that hikae is gone", || {
            let left = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'hikae' AND query ~ 'swap cut|COMMIT|statement_timeout'";
            cluster.psql("postgres", left) == "0"
        });
        assert_eq!(client(cluster, live).as_deref(), Some(expected.0), "{live}");
        assert_eq!(databases(cluster, live), expected.1, "{live}");
    }
}

#[test]
fn of_two_swaps_at_once_none_loses_a_database() {
    let cluster = Cluster::start();
    cluster.create_database("shop");
    cluster.psql("shop", "CREATE TABLE which AS SELECT 'old' AS which");
    let swap = |which: &str| {
        cluster.create_database(which);
        cluster.psql(which, &format!("CREATE TABLE which AS SELECT '{which}' AS which"));
        let lines = format!(r#"pg.swap(at {{ live = p.database, staged = "{which}", keep_as = "before {which}" }})"#);
        world_at(&cluster, "shop", "").file("config/recipes/try.lua", &recipe(&lines))
    };
    let worlds = [swap("one"), swap("two")];
    let running = worlds.each_ref().map(|hikae| hikae.start(&["run", "try"]));
    let said = running.map(|child| worlds[0].said(end_of(child)));
    let won = said.iter().filter(|said| said.code == 0).count();
    assert!(won >= 1, "{said:?}");
    let names = "SELECT datname FROM pg_database WHERE datname NOT LIKE 'template%' AND datname <> 'postgres'";
    let mut held: Vec<String> = cluster.psql("postgres", names).lines().map(|name| which(&cluster, name)).collect();
    held.sort();
    assert_eq!(held, ["old", "one", "two"]);
    assert_ne!(which(&cluster, "shop"), "old");
}
