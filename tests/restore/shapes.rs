//! Promises of the line in a manifest, for every shape of dump: it restores on a fresh server and over the old database, or is not printed.

use std::process::{Command, Output};

use crate::encryption::keyring::Keyring;
use crate::support::postgres::{Cluster, shared};
use crate::support::program::Hikae;

const IDENTITY: &str = "AGE-SECRET-KEY-1N5W7FJ4S0TEAZG5A8UZ7HGT7EGHHLW2YS7SP65MQ0KGK3JPUUEHS5T3AER\n";
const RECIPIENT: &str = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w";

const RECIPE: &str = r#"
    return recipe {
      type = "daily",
      params = {
        dir = { env = "BACKUP_DIR", type = "path" }, host = { env = "DB_HOST" }, port = { env = "DB_PORT", type = "integer" },
        user = { env = "DB_USER" }, password = { env = "DB_PASSWORD", secret = true }, database = { env = "DB_NAME" },
      },
      needs = { run = { "pg_dump", "pg_restore" }, write = { "{dir}" } },
      run = function(p)
        local server = { host = p.host, port = p.port, user = p.user, password = p.password, database = p.database }
        local function own(options)
          for name, value in pairs(options) do server[name] = value end
          return pg.dump(server)
        end
        local function foreign(args, options)
          local all = { "-h", p.host, "-p", tostring(p.port), "-U", p.user, p.database }
          for index, arg in ipairs(args) do table.insert(all, index, arg) end
          return pg.prove(process.stream { program = "pg_dump", args = all, env = { PGPASSWORD = p.password } }, options)
        end
        return (SHAPE):save(path.join(p.dir, "x.dump"))
      end,
    }"#;

/// What becomes of the database when the line runs.
#[derive(PartialEq)]
enum Target {
    /// The line makes it.
    Made,
    /// The line fills one that is there.
    Filled,
}

const TABLES: &str = "CREATE SCHEMA a; CREATE TABLE a.guests (id serial PRIMARY KEY, name text); \
    INSERT INTO a.guests (name) VALUES ('Zoë'), ('Ann'); CREATE SCHEMA b; CREATE TABLE b.other (id int PRIMARY KEY REFERENCES a.guests); \
    INSERT INTO b.other VALUES (1); CREATE VIEW b.seen AS SELECT name FROM a.guests; SELECT lo_from_bytea(4711, 'x');";
const GUESTS: &str = "SELECT string_agg(name, ' ' ORDER BY id) FROM a.guests";

/// A backup of `database` in this shape; `shape` is the stream as the recipe writes it.
fn backed_up(database: &str, shape: &str) -> Hikae {
    let hikae = Hikae::with_database(shared(), database).file("config/recipes/x.lua", &RECIPE.replace("SHAPE", shape));
    let said = hikae.run(&["run", "x"]);
    assert_eq!(said.code, 0, "{shape}: {said:?}");
    hikae
}

fn line(hikae: &Hikae) -> String {
    let name = hikae.backups().into_iter().find(|name| name.ends_with(".manifest.json")).unwrap();
    let text = std::fs::read(hikae.path("backups").join(name)).unwrap();
    serde_json::from_slice::<serde_json::Value>(&text).unwrap()["restore"].as_str().unwrap().to_owned()
}

/// Runs the line as it stands in the manifest, as a person does who has no hikae.
fn run_line(cluster: &Cluster, hikae: &Hikae, env: &[(&str, String)]) -> Output {
    let mut shell = Command::new("sh");
    shell.args(["-c", &line(hikae)]).current_dir(hikae.path("backups")).envs(cluster.env());
    shell.envs(env.iter().map(|(name, value)| (*name, value))).output().unwrap()
}

fn well(cluster: &Cluster, hikae: &Hikae, env: &[(&str, String)]) {
    let output = run_line(cluster, hikae, env);
    assert!(output.status.success(), "{}\n{}", line(hikae), String::from_utf8_lossy(&output.stderr));
}

#[test]
fn the_line_restores_over_the_old_database_and_on_a_fresh_server_whatever_the_shape() {
    let fresh = Cluster::start();
    let shapes = [
        ("line_whole", Target::Made, "own {}"),
        ("line_into", Target::Filled, "own { create = false }"),
        ("line_part", Target::Filled, "own { create = false, schemas = { 'a' } }"),
        ("line_inserts", Target::Made, "own { inserts = true }"),
        ("line_blind", Target::Made, "foreign({ '--create', '--clean' }, {})"),
        ("line_blind_into", Target::Filled, "foreign({ '--clean' }, { database = 'line_blind_into' })"),
        ("line_custom", Target::Made, "foreign({ '--format=custom' }, {})"),
    ];
    for (name, target, shape) in shapes {
        shared().create_database(name);
        shared().psql(name, TABLES);
        if target == Target::Made {
            shared().psql("postgres", &format!("ALTER DATABASE {name} SET default_transaction_read_only = on"));
        }
        let hikae = backed_up(name, shape);
        if target == Target::Filled {
            fresh.create_database(name);
        }
        well(&fresh, &hikae, &[]);
        assert_eq!(fresh.psql(name, GUESTS), "Zoë Ann", "{shape} on a fresh server");
        if shape.contains("custom") {
            continue; // It drops nothing.
        }
        let old = "SET default_transaction_read_only = off; INSERT INTO a.guests (name) VALUES ('since');";
        let old = if shape.contains("schemas") { format!("{old} DROP SCHEMA b CASCADE") } else { old.to_owned() };
        shared().psql(name, &old);
        well(shared(), &hikae, &[]);
        assert_eq!(shared().psql(name, GUESTS), "Zoë Ann", "{shape} over the old database");
    }
}

#[test]
fn a_line_that_fails_over_the_old_database_leaves_it_as_it_was() {
    shared().create_database("line_kept");
    shared().psql("line_kept", TABLES);
    // A table of the other schema hangs on what the dump would drop.
    for shape in ["own { create = false, schemas = { 'a' } }", "own { clean = false }"] {
        let hikae = backed_up("line_kept", shape);
        assert!(!run_line(shared(), &hikae, &[]).status.success(), "{shape}");
        assert_eq!(shared().psql("line_kept", GUESTS), "Zoë Ann", "{shape}");
    }
}

#[test]
fn a_line_that_would_destroy_what_it_cannot_bring_back_is_not_printed() {
    shared().create_database("line_refused");
    shared().psql("line_refused", TABLES);
    let shapes = [
        "own { schemas = { 'a' } }",
        "own { exclude_schemas = { 'b' } }",
        "own { tables = { 'a.guests' } }",
        "own { exclude_table_data = { 'a.guests' } }",
        "own { create = false, exclude_table_data = { 'a.guests' } }",
        "foreign({}, {})",
    ];
    for shape in shapes {
        let hikae = backed_up("line_refused", shape);
        assert!(!line(&hikae).contains("psql") && line(&hikae).ends_with("> restored"), "{shape}: {}", line(&hikae));
    }
}

#[test]
fn the_line_of_another_encoding_and_of_an_encrypted_backup_restores() {
    let cluster = Cluster::start();
    cluster.psql("postgres", "CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
    cluster.psql("latin", TABLES);
    let keyring = Keyring::new();
    let ops = keyring.make("Ops <ops@example.com>", "", &[]);
    let home = [("GNUPGHOME", keyring.path().display().to_string())];
    for recipient in ["", RECIPIENT, &ops] {
        let hikae =
            Hikae::with_database(&cluster, "latin").env("BACKUP_ENCRYPT_TO", recipient).env(home[0].0, &home[0].1);
        let hikae = hikae.file("backups/identity.txt", IDENTITY);
        let said = hikae.run(&["run", "db-backup"]);
        assert_eq!(said.code, 0, "{said:?}");
        cluster.psql("latin", "DELETE FROM b.other; DELETE FROM a.guests");
        well(&cluster, &hikae, &home);
        assert_eq!(cluster.psql("latin", GUESTS), "Zoë Ann", "{}", line(&hikae));
    }
}
