//! Progress at a terminal: a step shows how much is done of what the last backup took; elsewhere nothing moves.

use super::setting_up::at_a_terminal;
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
