//! What a run says when its folders are not what they should be.

use std::os::unix::fs::symlink;
use std::process::Command;

use crate::support::postgres::shared;
use crate::support::program::{Hikae, Said, set_mode};

fn world() -> Hikae {
    Hikae::with_database(shared(), "postgres")
}

/// Runs as someone whom permissions bind: root is given up its right to pass over them.
fn run_bound(hikae: &Hikae, args: &[&str]) -> Said {
    let plain = hikae.command(args);
    if !rustix::process::getuid().is_root() {
        return hikae.run(args);
    }
    let mut bound = Command::new("setpriv");
    bound.args(["--bounding-set", "-dac_override,-dac_read_search"]).arg(plain.get_program()).args(plain.get_args());
    let set = plain.get_envs().filter_map(|(name, value)| Some((name, value?)));
    bound.env_clear().envs(set).current_dir(hikae.path(""));
    hikae.said(bound.output().expect("this test needs setpriv; install it with: apt-get install util-linux"))
}

#[test]
fn a_folder_that_cannot_be_written_is_named_before_the_dump_starts() {
    let hikae = world();
    set_mode(&hikae.path("backups"), 0o555);
    let said = run_bound(&hikae, &["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/backups/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot create `[WORLD]/backups/db_backup_[STAMP].sql.gz`
      caused by: Permission denied
      at recipes/db-backup.lua:39

    hint: check the owner and the mode of the path and of the folders above it
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let hikae = world();
    set_mode(&hikae.path("backups"), 0o555);
    let below = hikae.path("backups/nightly/db");
    let hikae = hikae.env("BACKUP_DIR", below.to_str().unwrap());
    let said = run_bound(&hikae, &["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/backups/nightly/db/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot create `[WORLD]/backups/nightly/db/db_backup_[STAMP].sql.gz`
      caused by: Permission denied
      at recipes/db-backup.lua:39

    hint: check the owner and the mode of the path and of the folders above it
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, hikae.backups()), (1, vec![]));
}

#[test]
fn a_file_where_the_folder_should_be_is_named() {
    let hikae = world().file("not_a_folder", "precious");
    let path = hikae.path("not_a_folder");
    let hikae = hikae.env("BACKUP_DIR", path.to_str().unwrap());
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/not_a_folder/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot create `[WORLD]/not_a_folder/db_backup_[STAMP].sql.gz`
      caused by: Not a directory
      at recipes/db-backup.lua:39

    hint: `[WORLD]/not_a_folder` is a file, not a folder
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!((said.code, std::fs::read_to_string(path).unwrap().as_str()), (1, "precious"));
}

#[test]
fn a_file_above_the_folder_is_named() {
    let hikae = world().file("not_a_folder", "precious");
    let path = hikae.path("not_a_folder/database");
    let hikae = hikae.env("BACKUP_DIR", path.to_str().unwrap());
    let said = hikae.run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: dump of postgres to [WORLD]/not_a_folder/database/db_backup_[STAMP].sql.gz: failed after [DURATION]
    error: cannot create `[WORLD]/not_a_folder/database/db_backup_[STAMP].sql.gz`
      caused by: Not a directory
      at recipes/db-backup.lua:39

    hint: `[WORLD]/not_a_folder` is a file, not a folder
    [TIME] ERROR: db-backup failed after [DURATION] (BKP-[TIME]-daily)
    ");
    assert_eq!(said.code, 1);
}

#[test]
fn a_folder_that_is_not_absolute_is_misuse() {
    let said = world().env("BACKUP_DIR", "backups").run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    error: 1 problem with the params of `db-backup`
      caused by: `dir` must be an absolute path, but `BACKUP_DIR` is `backups`

    hint: write a path that begins with `/`, or an address such as `s3://bucket/folder`; `BACKUP_DIR` comes from the environment
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn a_link_that_leads_out_of_the_declared_folder_is_not_followed() {
    let hikae = Hikae::new().file("secret/key", "do not read").file(
        "config/recipes/reads.lua",
        "--- Reads by way of a link.
return recipe {
  kind = \"maintenance\", type = \"manual\",
  params = { dir = { env = \"BACKUP_DIR\", type = \"path\" } },
  needs = { read = { \"{dir}\" } },
  run = function(p)
    return fs.read(path.join(p.dir, \"way_out/key\"))
  end,
}
",
    );
    symlink(hikae.path("secret"), hikae.path("backups/way_out")).unwrap();
    let said = hikae.run(&["run", "reads"]);
    insta::assert_snapshot!(said.err, @"
    error: cannot read `[WORLD]/backups/way_out/key`
      caused by: a link leads out of `[WORLD]/backups`
      at [WORLD]/config/recipes/reads.lua:7

    hint: declare the folder that the link leads to, and name the file there
    [TIME] ERROR: reads failed after [DURATION] (BKP-[TIME]-manual)
    ");
    assert_eq!(said.code, 1);
}
