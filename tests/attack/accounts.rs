//! Programs that run as another user of the machine: with its groups, without any right of root, and behind the same walls.

use std::os::unix::fs::chown;
use std::sync::Arc;

use hikae::world::program::run_to_end;
use hikae::world::real::Real;
use hikae::world::real::account::Account;
use hikae::world::real::wall::Policy;
use hikae::world::{Caller, Command, Limits, SecretOrText};

use crate::support::postgres::Cluster;
use crate::support::program::{Hikae, set_mode};

const PASSWD: &str = "root:x:0:0:root:/root:/bin/bash\npostgres:x:107:114:x:/var/lib/postgresql:/bin/bash\n";
const GROUP: &str = "root:x:0:\nssl-cert:x:113:postgres\npostgres:x:114:\nbackup:x:34:www,postgres\nother:x:35:www\n";

#[test]
fn a_user_has_all_its_groups() {
    let account = Account::in_files("postgres", PASSWD, GROUP).unwrap();
    assert_eq!(account.home.to_str(), Some("/var/lib/postgresql"));
    assert!(format!("{account:?}").contains("user: 107, group: 114, groups: [34, 113, 114]"), "{account:?}");
    assert_eq!(Account::in_files("nobody-at-all", PASSWD, GROUP), None);
    assert_eq!(Account::in_files("broken", "broken:x", GROUP), None);
}

#[test]
fn a_user_that_is_not_there_is_named() {
    let error = Account::named("nobody-at-all").unwrap_err();
    assert_eq!(error.what(), "there is no user `nobody-at-all` on this machine");
}

/// Only root can become somebody else, and only there this can be tried.
#[tokio::test]
async fn a_child_is_that_user_and_stays_behind_the_walls() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let account = Arc::new(Account::named("postgres").unwrap().unwrap());
    let kept = tempfile::tempdir().unwrap();
    set_mode(kept.path(), 0o711);
    for folder in ["in", "out", "other"] {
        std::fs::create_dir(kept.path().join(folder)).unwrap();
        std::fs::write(kept.path().join(folder).join("x"), folder).unwrap();
        set_mode(&kept.path().join(folder), 0o777);
    }
    let owner =
        std::fs::metadata("/var/lib/postgresql").map(|home| std::os::unix::fs::MetadataExt::uid(&home)).unwrap();
    chown(kept.path().join("out"), Some(owner), None).unwrap();
    let (read, write) = (vec![kept.path().join("in")], vec![kept.path().join("out")]);
    let home = Some(account.home.clone());
    let policy = Policy { read, write, connect_ports: Some(Vec::new()), home, ..Policy::default() };
    for policy in [Some(policy), None] {
        let walled = policy.is_some();
        let real = Real::beneath([kept.path().into()]).unwrap().with_account(Some(account.clone()));
        let real = policy.into_iter().fold(real, Real::with_wall);
        let time = std::time::Duration::from_secs(60);
        let call = Caller::new(Arc::new(real), Limits { total: time, idle: time });
        let sh = async |script: &str| {
            let args = ["-c", script, "sh", kept.path().to_str().unwrap()].map(str::to_owned).to_vec();
            let command = Command { args, stdin: true, ..Command::new("bash") };
            let mut child = call.spawn(command).await.unwrap();
            drop(child.stdin.take());
            let (output, exit) = run_to_end("bash", child, 10_000).await.unwrap();
            (String::from_utf8(output.to_vec()).unwrap(), exit)
        };
        let (who, exit) =
            sh("id -un; id -Gn; echo $HOME $USER; setpriv --dump; cat /dev/stdin; echo new > $1/out/new").await;
        assert_eq!(exit.code, Some(0), "{exit:?}");
        let groups = std::process::Command::new("id").args(["-Gn", "postgres"]).output().unwrap();
        let mut expected: Vec<&str> = std::str::from_utf8(&groups.stdout).unwrap().split_whitespace().collect();
        let mut lines = who.lines();
        assert_eq!(lines.next(), Some("postgres"), "{who}");
        let mut found: Vec<&str> = lines.next().unwrap().split_whitespace().collect();
        expected.sort_unstable();
        found.sort_unstable();
        assert_eq!(found, expected, "{who}");
        assert!(who.contains("/var/lib/postgresql postgres\n"), "{who}");
        let env = vec![("HOME".to_owned(), SecretOrText::Plain("/of/the/recipe".to_owned()))];
        let own = Command { args: ["-c", "echo $HOME $USER"].map(str::to_owned).to_vec(), env, ..Command::new("bash") };
        let (own, _) = run_to_end("bash", call.spawn(own).await.unwrap(), 10_000).await.unwrap();
        assert_eq!(own, "/of/the/recipe postgres\n", "what the recipe sets goes before what the account gives");
        // Neither effective, permitted nor inheritable.
        let rights = "perl -e 'my $h = pack(\"Ll\", 0x20080522, 0); my $d = \"\\0\" x 24; syscall(125, $h, $d); print join(\",\", unpack(\"L6\", $d))'";
        assert_eq!(sh(rights).await.0, "0,0,0,0,0,0");
        // It ends with hikae, though it has become another user.
        let dies = "perl -e 'my $s = pack(\"i\", 0); syscall(157, 2, $s); print unpack(\"i\", $s)'";
        assert_eq!(sh(dies).await.0, "9");
        for script in ["cat /etc/shadow", "chown root $1/out/x", "kill -0 1"] {
            assert_ne!(sh(script).await.1.code, Some(0), "{script}");
        }
        if walled {
            assert!(who.contains("no_new_privs: 1"), "{who}");
            for script in ["cat $1/other/x", "echo > $1/other/new", "perl -e 'exit(socket(S, 2, 1, 6) ? 0 : 1)'"] {
                assert_ne!(sh(script).await.1.code, Some(0), "{script}");
            }
        }
    }
}

/// The administrator's usual way: hikae runs as root, and reaches the database at its socket as `postgres`, by peer.
#[test]
fn a_recipe_reaches_its_database_as_the_user_that_it_names() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let cluster = Cluster::start();
    cluster.create_database("shop");
    cluster.psql("shop", "CREATE TABLE t (a int); INSERT INTO t VALUES (1), (2)");
    std::fs::write(
        cluster.dir().join("data/pg_hba.conf"),
        "local all all peer\nhost all all 127.0.0.1/32 scram-sha-256\n",
    )
    .unwrap();
    cluster.psql("postgres", "SELECT pg_reload_conf(), pg_sleep(0.5)");
    let recipe = |user: &str| {
        format!(
            "--- Tries.
return recipe {{ type = \"daily\", params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }}, host = {{ env = \"DB_HOST\" }}, port = {{ env = \"DB_PORT\", default = 5432 }} }},
  needs = {{ run = {{ \"pg_dump\", \"id\" }}, write = {{ \"{{dir}}\" }}, {user} }},
  run = function(p)
    log.info(\"it is \" .. process.run({{ program = \"id\", args = {{ \"-un\" }} }}).stdout)
    log.info(\"rows \" .. pg.query({{ host = p.host, port = p.port, user = \"postgres\", database = \"shop\", sql = \"SELECT count(*) AS n FROM t\" }})[1].n)
    return pg.dump({{ host = p.host, port = p.port, user = \"postgres\", database = \"shop\" }}):gzip():save(path.join(p.dir, \"x.sql.gz\"))
  end,
}}
"
        )
    };
    let world = |user: &str| {
        let socket = cluster.dir().display().to_string();
        let hikae = Hikae::new().env("DB_HOST", &socket).env("DB_PORT", &cluster.port().to_string());
        hikae.file("config/recipes/try.lua", &recipe(user))
    };
    let hikae = world("user = \"postgres\"");
    let said = hikae.run(&["run", "try"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.out.contains("it is postgres") && said.out.contains("rows 2"), "{said:?}");
    let kept = std::fs::metadata(hikae.path("backups/x.sql.gz")).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&kept), 0, "what hikae keeps is its own");
    let checked = hikae.run(&["check", "try", "--verbose"]).out;
    assert!(checked.contains("its programs run as `postgres`"), "{checked}");
    assert!(checked.contains(": connected"), "check connects as that user: {checked}");
    let said = world("").run(&["run", "try"]);
    assert_eq!(said.code, 1, "as root it is not let in: {said:?}");
    let said = world("user = \"nobody-at-all\"").run(&["run", "try"]);
    assert_ne!(said.code, 0, "{said:?}");
    assert!(said.err.contains("there is no user `nobody-at-all`"), "{}", said.err);
}
