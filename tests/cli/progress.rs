//! Progress at a terminal: a step shows how much is done of what the last backup took; elsewhere nothing moves.

use super::setting_up::at_a_terminal;
use crate::support::postgres::shared;
use crate::support::program::Hikae;

/// A backup that takes its time.
fn slow() -> Hikae {
    let recipe = r#"return recipe {
  type = "daily",
  params = { dir = { env = "BACKUP_DIR", type = "path" } },
  needs = { run = { "tool" }, write = { "{dir}" } },
  run = function(p)
    return process.stream({ program = "tool" }):save(path.join(p.dir, "wiki_" .. clock.stamp() .. ".txt"))
  end,
}"#;
    let tool = "for i in 1 2 3 4 5 6 7 8; do head -c 100000 /dev/zero; sleep 0.3; done";
    Hikae::new()
        .file("config/recipes/wiki.lua", recipe)
        .program("tool", tool)
        .file("config/hikae.toml", "sandbox = \"off\"\n")
}

#[test]
fn a_step_shows_percent_by_the_size_of_the_last_backup() {
    let hikae = slow();
    let said = hikae.run(&["run", "wiki"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(!said.out.contains('\u{1b}') && !said.err.contains('\u{1b}') && !said.err.contains('%'), "{said:?}");
    let line = format!("{} run wiki", env!("CARGO_BIN_EXE_hikae"));
    let shown = at_a_terminal(&hikae, &line, "");
    assert!(shown.contains("of ~800.0 kB, ") && shown.contains("50%"), "{shown}");
    let dumb = at_a_terminal(&hikae, &format!("TERM=dumb {line}"), "");
    assert!(!dumb.contains('\u{1b}') && !dumb.contains('%'), "{dumb}");
}

/// What a first run of this body shows at a terminal; its bytes pass slowly.
fn first(body: &str, needs: &str, hikae: Hikae) -> String {
    let recipe = format!(
        "return recipe {{
  type = \"daily\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }}, from = {{ type = \"path\", default = \"/\" }} }},
  needs = {{ {needs} write = {{ \"{{dir}}\" }} }},
  run = function(p)
    local slow = {{ program = \"slow\", undo = \"cat\" }}
    return {body}:through(slow):save(path.join(p.dir, \"x_\" .. clock.stamp() .. \".x\"))
  end,
}}"
    );
    let slow = "for i in 1 2 3 4 5 6; do head -c 150000; sleep 0.3; done; cat";
    let hikae = hikae.file("config/recipes/x.lua", &recipe).program("slow", slow);
    let hikae = hikae.file("config/hikae.toml", "sandbox = \"off\"\n");
    let line = format!("{} run x --set from={}", env!("CARGO_BIN_EXE_hikae"), hikae.path("from").display());
    let shown = at_a_terminal(&hikae, &line, "");
    assert_eq!(hikae.backups().len(), 2, "{shown}");
    shown
}

#[test]
fn a_first_backup_shows_percent_by_the_size_of_what_it_reads() {
    let large = "x".repeat(800_000);
    let file = Hikae::new().file("from/large", &large);
    let shown = first("fs.open(path.join(p.from, \"large\"))", "run = { \"slow\" }, read = { \"{from}\" },", file);
    assert!(shown.contains("of 800.0 kB, "), "{shown}");
    let folder = Hikae::new().file("from/large", &large).file("from/small", "x");
    let body = "archive.pack { roots = { p.from } }";
    let shown = first(body, "run = { \"slow\" }, read = { \"{from}\" },", folder);
    assert!(shown.contains("of ~80") && shown.contains("100%"), "{shown}");
    let cluster = shared();
    cluster.create_database("watched");
    cluster.psql("watched", "CREATE TABLE t AS SELECT repeat('x', 1000) AS x FROM generate_series(1, 2000)");
    let body = format!(
        "pg.dump {{ host = \"127.0.0.1\", port = {}, user = \"postgres\", password = p.password, database = \"watched\" }}",
        cluster.port()
    );
    let needs = format!("run = {{ \"slow\", \"pg_dump\" }}, connect = {{ \"127.0.0.1:{}\" }},", cluster.port());
    let body = body.replace("p.password", &format!("\"{}\"", cluster.password));
    let shown = first(&body, &needs, Hikae::new());
    assert!(shown.contains(" of ~2.") && shown.contains(" MB, "), "{shown}");
}
