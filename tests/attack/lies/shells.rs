//! What a shell hides, nobody can prove: it is said by `check`, by the run, and in the manifest.

use crate::support::program::Hikae;

const RECIPE: &str = "--- Pipes.
return recipe {
  type = \"daily\", params = { dir = { env = \"BACKUP_DIR\", type = \"path\" } },
  needs = { run = { \"sh\" }, write = { \"{dir}\" } },
  run = function(p)
    process.stream { program = \"sh\", args = { \"-c\", [[SCRIPT]] } }:save(path.join(p.dir, \"shop.sql.gz\"))
  end,
}
";

fn pipes(script: &str) -> Hikae {
    Hikae::new().file("config/recipes/pipes.lua", &RECIPE.replace("SCRIPT", script))
}

#[test]
fn a_pipe_whose_first_program_fails_makes_no_backup() {
    for script in ["pg_dump nosuch 2>/dev/null | gzip; true", "echo '-- begin'; pg_dump nosuch 2>/dev/null; true"] {
        let said = pipes(script).run(&["run", "pipes"]);
        assert_eq!(said.code, 1, "{script}: {said:?}");
    }
}

#[test]
fn a_shell_is_told_wherever_it_may_hide_something() {
    let hikae = pipes("echo 'CREATE TABLE t (n int);' | gzip");
    let checked = hikae.run(&["check", "pipes", "--offline"]);
    assert!(
        checked.out.contains("! pipes: it may run `sh`, a shell: what a shell hides, nobody can prove"),
        "{checked:?}"
    );
    let said = hikae.run(&["run", "pipes", "--quiet"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.err.contains("a backup comes out of the shell `sh`: what a shell hides, nobody can prove"),
        "{said:?}"
    );
    let manifest = std::fs::read_to_string(hikae.path("backups/shop.sql.gz.manifest.json")).unwrap();
    assert!(manifest.contains("what a shell hides"), "{manifest}");
}
