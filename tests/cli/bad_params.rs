//! What a run says of params and flags that are wrong: all at once, before anything starts, with exit code 64.

use crate::support::program::Hikae;

#[test]
fn a_number_that_is_none_names_its_variable_and_where_that_comes_from() {
    let said = Hikae::new().env("RETENTION_DAYS", "abc").run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    error: 1 problem with the params of `db-backup`
      caused by: `days` must be an integer, but `RETENTION_DAYS` is `abc`

    hint: write a whole number, such as `30`; `RETENTION_DAYS` comes from the environment
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let hikae = Hikae::new()
        .env("RETENTION_DAYS", "0")
        .env("DB_PORT", "70000")
        .env("BACKUP_DIR", "/backups")
        .file("config/.env", "DB_NAME=shop\n")
        .file("config/hikae.toml", "[params.db-backup]\ncompress = \"gzp\"\nidle_timeout = \"soon\"\n");
    let said = hikae.run(&["run", "db-backup", "--set", "keep_at_least=none", "--set", "databse=x"]);
    insta::assert_snapshot!(said.err, @"
    [TIME] WARN: `[WORLD]/config/.env` is open to every user of this machine: run `chmod 600 [WORLD]/config/.env`
    error: 6 problems with the params of `db-backup`
      caused by: `databse` is not a param of `db-backup`, but `--set databse` sets it
                 `compress` must be one of `gzip`, `zstd`, but `params.db-backup.compress` is `gzp`
                 `days` must be at least 1, but `RETENTION_DAYS` is `0`
                 `idle_timeout` must be a duration, but `params.db-backup.idle_timeout` is `soon`
                 `keep_at_least` must be an integer, but `--set keep_at_least` is `none`
                 `port` must be at most 65535, but `DB_PORT` is `70000`

    hint: did you mean `database`? valid names: `accept_warnings`, `compress`, `database`, `days`, `dir`, `encrypt_to`, `host`, `idle_timeout`, `keep_at_least`, `password`, `port`, `timeout`, `user`
          did you mean `gzip`? `params.db-backup.compress` comes from `[WORLD]/config/hikae.toml`
          `RETENTION_DAYS` comes from the environment
          write a number and a unit, such as `90s`, `25h` or `30d`; `params.db-backup.idle_timeout` comes from `[WORLD]/config/hikae.toml`
          write a whole number, such as `30`; `--set keep_at_least` comes from the command line
          `DB_PORT` comes from the environment
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_param_that_the_recipe_does_not_have_suggests_the_one_that_was_meant() {
    let said = Hikae::new().run(&["run", "db-backup", "--set", "day=3"]);
    insta::assert_snapshot!(said.err, @"
    error: 1 problem with the params of `db-backup`
      caused by: `day` is not a param of `db-backup`, but `--set day` sets it

    hint: did you mean `days`? valid names: `accept_warnings`, `compress`, `database`, `days`, `dir`, `encrypt_to`, `host`, `idle_timeout`, `keep_at_least`, `password`, `port`, `timeout`, `user`
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_set_without_a_value_is_misuse() {
    let said = Hikae::new().run(&["run", "db-backup", "--set", "days"]);
    insta::assert_snapshot!(said.err, @"
    error: invalid value 'days' for '--set <NAME=VALUE>': write it as NAME=VALUE

    For more information, try '--help'.
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_type_that_there_is_not_is_misuse() {
    let said = Hikae::new().run(&["run", "db-backup", "--type", "dayly"]);
    insta::assert_snapshot!(said.err, @"
    error: invalid value 'dayly' for '--type <TYPE>'
      [possible values: daily, weekly, monthly, manual]

      tip: a similar value exists: 'daily'

    For more information, try '--help'.
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_recipe_that_there_is_not_suggests_the_one_that_was_meant() {
    for command in ["run", "show"] {
        let said = Hikae::new().run(&[command, "db_backup"]);
        insta::allow_duplicates! {
            insta::assert_snapshot!(said.err, @"
            error: cannot find the recipe `db_backup`

            hint: did you mean `db-backup`? `hikae list` shows all recipes
            ");
        }
        assert_eq!((said.code, said.out.as_str()), (64, ""), "{command}");
    }
}

#[test]
fn a_path_to_no_file_is_told_as_it_was_typed() {
    let said = Hikae::new().run(&["run", "./nightly.lua"]);
    insta::assert_snapshot!(said.err, @"
    error: cannot find the file `./nightly.lua`

    hint: `hikae list` shows all recipes
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_line_of_dotenv_that_cannot_be_read_is_named_without_its_value() {
    let said = Hikae::new().file("config/.env", "DB_NAME=shop\nDB_PASSWORD='hunter2\n").run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    error: cannot read `[WORLD]/config/.env:2`
      caused by: the quote is never closed

    hint: end the value with the quote that it begins with
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_setting_that_there_is_not_is_named() {
    let said = Hikae::new().file("config/hikae.toml", "sandbx = \"off\"\n").run(&["run", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    error: cannot read `[WORLD]/config/hikae.toml:1:1`
      caused by: `sandbx` is not a known key

    hint: did you mean `sandbox`? valid names: `state_dir`, `lang`, `sandbox`, `write_shared`, `limits`, `catalog`, `channels`, `pings`, `alerts`, `escalation`, `contacts`, `objectives`, `schedules`, `params`, `drill`
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_command_that_there_is_not_suggests_the_one_that_was_meant() {
    let said = Hikae::new().run(&["rum", "db-backup"]);
    insta::assert_snapshot!(said.err, @"
    error: unrecognized subcommand 'rum'

      tip: some similar subcommands exist: 'runs', 'run'

    Usage: hikae [OPTIONS] <COMMAND>

    For more information, try '--help'.
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn a_flag_that_there_is_not_suggests_the_one_that_was_meant() {
    let said = Hikae::new().run(&["run", "db-backup", "--quite"]);
    insta::assert_snapshot!(said.err, @"
    error: unexpected argument '--quite' found

      tip: a similar argument exists: '--quiet'

    Usage: hikae run --quiet <RECIPE>

    For more information, try '--help'.
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}
