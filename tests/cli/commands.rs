//! Every command on a good day: what it prints, for people and for programs, and its exit code.

use std::io::Read;

use crate::support::program::{Hikae, Said};

/// A recipe that needs no server.
pub const NOTE: &str = "--- Keeps a note.
return recipe {
  type = \"weekly\", schedule = \"0 3 * * 0\",
  params = { dir = { env = \"BACKUP_DIR\", type = \"path\", says = \"Folder for the notes\" } },
  needs = { run = { \"echo\" }, write = { \"{dir}\" } },
  run = function(p)
    return process.stream { program = \"echo\", args = { \"kept\" } }:save(path.join(p.dir, \"note_\" .. run.id()))
  end,
}
";

const BROKEN: &str = "--- Fails.
return recipe { type = \"daily\", kind = \"maintenance\", run = function(p) error \"the shop is closed\" end }
";

pub fn world() -> Hikae {
    Hikae::new().file("config/recipes/note.lua", NOTE).file("config/recipes/broken.lua", BROKEN)
}

pub fn well(said: &Said) {
    assert_eq!((said.code, said.err.as_str()), (0, ""), "{said:?}");
}

/// Columns are as wide as the folder of this test is long.
fn unaligned(table: &str) -> String {
    regex::Regex::new(" {2,}").unwrap().replace_all(table, "  ").into_owned()
}

#[test]
fn list_shows_every_recipe_with_its_schedule_and_what_it_does() {
    let said = world().run(&["list"]);
    well(&said);
    insta::assert_snapshot!(said.out, @"
    RECIPE                 TYPE     SCHEDULE    WHAT IT DOES
    backup-monitor         daily    0 * * * *   Watches the backups: whether the newest of each kind is there, young, large and whole, and whether every recipe ran when it should have.
    backup-permissions     daily    -           Lets only their owner read the backups: folders 700, files 600, the owner as it should be; links are not followed.
    backup-report          monthly  0 3 1 * *   Reports a month: sizes, growth, failures, how young backups were and how fast restores, and when the disk is full.
    backup-test            weekly   0 1 * * 0   Proves that a backup can be restored: restores it into a throwaway database, compares, and reports how long that took.
    backup-verify          manual   -           Verifies one backup: that every byte is there, and that a restore would accept it. `hikae verify` runs it.
    broken                 daily    -           Fails.
    config-backup          daily    30 2 * * *  Packs the configuration of the application: its files, those of the web server, certificates, and its variables without secrets.
    db-backup              daily    0 2 * * *   Dumps one PostgreSQL database, proves the dump, and keeps what the retention keeps.
    db-full-backup         weekly   0 1 * * 0   Dumps every database of the cluster with its roles and tablespaces, as one set that is complete or says that it is not.
    db-restore             manual   -           Restores a database from a backup: proved and compared beside the live one first, then put into its place in one step.
    disaster-recovery-app  manual   -           Brings a lost application back: its newest code, its deployment, its configuration from the newest archive that proves, and a look at it.
    disaster-recovery-db   manual   -           Brings a lost database back: from the newest backup that proves, compared before it takes its place, and looked at afterwards.
    encrypted-backup       manual   -           Encrypts a file for those who may read it, and removes the original only when the encrypted one is proved.
    full-backup            daily    0 2 * * *   Runs the whole night: database, configuration, logs, git, cloud, and the monitor; says in one message what became of each.
    gcs-backup             daily    45 4 * * *  Copies the proved backups to a bucket of Google Cloud Storage; what retention removed here goes there too.
    git-backup             daily    15 3 * * *  Keeps a mirror of each git repository, checks it, and packs it: as an archive, and as a bundle that is proved to clone alone.
    git-backup-test        weekly   -           Proves that a backup of a git repository can be restored: clones the newest bundle, checks every object, and compares the refs.
    log-backup             daily    45 2 * * *  Packs the logs of the last days, each under its path, and keeps the archives for some days.
    note                   weekly   0 3 * * 0   Keeps a note.
    production-restore     manual   -           Restores the production database: maintenance on, a fresh backup, the restore, restart, health check, maintenance off.
    render-db-backup       daily    -           Has Render export a managed PostgreSQL database, downloads the export, proves it, and keeps what the retention keeps.
    s3-backup              daily    30 4 * * *  Copies the proved backups to a bucket of Amazon S3, or of a store that speaks like it; what retention removed here goes there too.
    ");
}

#[test]
fn list_shows_a_recipe_that_cannot_be_loaded_with_its_error_among_the_others() {
    let said = world().file("config/recipes/slip.lua", "return recipe {\n").run(&["list"]);
    well(&said);
    insta::assert_snapshot!(said.out, @"
    RECIPE                 TYPE     SCHEDULE    WHAT IT DOES
    backup-monitor         daily    0 * * * *   Watches the backups: whether the newest of each kind is there, young, large and whole, and whether every recipe ran when it should have.
    backup-permissions     daily    -           Lets only their owner read the backups: folders 700, files 600, the owner as it should be; links are not followed.
    backup-report          monthly  0 3 1 * *   Reports a month: sizes, growth, failures, how young backups were and how fast restores, and when the disk is full.
    backup-test            weekly   0 1 * * 0   Proves that a backup can be restored: restores it into a throwaway database, compares, and reports how long that took.
    backup-verify          manual   -           Verifies one backup: that every byte is there, and that a restore would accept it. `hikae verify` runs it.
    broken                 daily    -           Fails.
    config-backup          daily    30 2 * * *  Packs the configuration of the application: its files, those of the web server, certificates, and its variables without secrets.
    db-backup              daily    0 2 * * *   Dumps one PostgreSQL database, proves the dump, and keeps what the retention keeps.
    db-full-backup         weekly   0 1 * * 0   Dumps every database of the cluster with its roles and tablespaces, as one set that is complete or says that it is not.
    db-restore             manual   -           Restores a database from a backup: proved and compared beside the live one first, then put into its place in one step.
    disaster-recovery-app  manual   -           Brings a lost application back: its newest code, its deployment, its configuration from the newest archive that proves, and a look at it.
    disaster-recovery-db   manual   -           Brings a lost database back: from the newest backup that proves, compared before it takes its place, and looked at afterwards.
    encrypted-backup       manual   -           Encrypts a file for those who may read it, and removes the original only when the encrypted one is proved.
    full-backup            daily    0 2 * * *   Runs the whole night: database, configuration, logs, git, cloud, and the monitor; says in one message what became of each.
    gcs-backup             daily    45 4 * * *  Copies the proved backups to a bucket of Google Cloud Storage; what retention removed here goes there too.
    git-backup             daily    15 3 * * *  Keeps a mirror of each git repository, checks it, and packs it: as an archive, and as a bundle that is proved to clone alone.
    git-backup-test        weekly   -           Proves that a backup of a git repository can be restored: clones the newest bundle, checks every object, and compares the refs.
    log-backup             daily    45 2 * * *  Packs the logs of the last days, each under its path, and keeps the archives for some days.
    note                   weekly   0 3 * * 0   Keeps a note.
    production-restore     manual   -           Restores the production database: maintenance on, a fresh backup, the restore, restart, health check, maintenance off.
    render-db-backup       daily    -           Has Render export a managed PostgreSQL database, downloads the export, proves it, and keeps what the retention keeps.
    s3-backup              daily    30 4 * * *  Copies the proved backups to a bucket of Amazon S3, or of a store that speaks like it; what retention removed here goes there too.
    slip                   -        -           cannot be loaded: cannot parse `[WORLD]/config/recipes/slip.lua`: unexpected symbol near <eof>
    ");
}

#[test]
fn list_json_is_an_object_a_line() {
    let said = world().run(&["list", "--json"]);
    well(&said);
    insta::assert_snapshot!(said.out, @r#"
    {"recipe":"backup-monitor","kind":"monitor","type":"daily","schedule":"0 * * * *","summary":"Watches the backups: whether the newest of each kind is there, young, large and whole, and whether every recipe ran when it should have.","file":"recipes/backup-monitor.lua","error":null}
    {"recipe":"backup-permissions","kind":"maintenance","type":"daily","schedule":null,"summary":"Lets only their owner read the backups: folders 700, files 600, the owner as it should be; links are not followed.","file":"recipes/backup-permissions.lua","error":null}
    {"recipe":"backup-report","kind":"report","type":"monthly","schedule":"0 3 1 * *","summary":"Reports a month: sizes, growth, failures, how young backups were and how fast restores, and when the disk is full.","file":"recipes/backup-report.lua","error":null}
    {"recipe":"backup-test","kind":"drill","type":"weekly","schedule":"0 1 * * 0","summary":"Proves that a backup can be restored: restores it into a throwaway database, compares, and reports how long that took.","file":"recipes/backup-test.lua","error":null}
    {"recipe":"backup-verify","kind":"check","type":"manual","schedule":null,"summary":"Verifies one backup: that every byte is there, and that a restore would accept it. `hikae verify` runs it.","file":"recipes/backup-verify.lua","error":null}
    {"recipe":"broken","kind":"maintenance","type":"daily","schedule":null,"summary":"Fails.","file":"[WORLD]/config/recipes/broken.lua","error":null}
    {"recipe":"config-backup","kind":"backup","type":"daily","schedule":"30 2 * * *","summary":"Packs the configuration of the application: its files, those of the web server, certificates, and its variables without secrets.","file":"recipes/config-backup.lua","error":null}
    {"recipe":"db-backup","kind":"backup","type":"daily","schedule":"0 2 * * *","summary":"Dumps one PostgreSQL database, proves the dump, and keeps what the retention keeps.","file":"recipes/db-backup.lua","error":null}
    {"recipe":"db-full-backup","kind":"backup","type":"weekly","schedule":"0 1 * * 0","summary":"Dumps every database of the cluster with its roles and tablespaces, as one set that is complete or says that it is not.","file":"recipes/db-full-backup.lua","error":null}
    {"recipe":"db-restore","kind":"restore","type":"manual","schedule":null,"summary":"Restores a database from a backup: proved and compared beside the live one first, then put into its place in one step.","file":"recipes/db-restore.lua","error":null}
    {"recipe":"disaster-recovery-app","kind":"restore","type":"manual","schedule":null,"summary":"Brings a lost application back: its newest code, its deployment, its configuration from the newest archive that proves, and a look at it.","file":"recipes/disaster-recovery-app.lua","error":null}
    {"recipe":"disaster-recovery-db","kind":"restore","type":"manual","schedule":null,"summary":"Brings a lost database back: from the newest backup that proves, compared before it takes its place, and looked at afterwards.","file":"recipes/disaster-recovery-db.lua","error":null}
    {"recipe":"encrypted-backup","kind":"maintenance","type":"manual","schedule":null,"summary":"Encrypts a file for those who may read it, and removes the original only when the encrypted one is proved.","file":"recipes/encrypted-backup.lua","error":null}
    {"recipe":"full-backup","kind":"maintenance","type":"daily","schedule":"0 2 * * *","summary":"Runs the whole night: database, configuration, logs, git, cloud, and the monitor; says in one message what became of each.","file":"recipes/full-backup.lua","error":null}
    {"recipe":"gcs-backup","kind":"maintenance","type":"daily","schedule":"45 4 * * *","summary":"Copies the proved backups to a bucket of Google Cloud Storage; what retention removed here goes there too.","file":"recipes/gcs-backup.lua","error":null}
    {"recipe":"git-backup","kind":"backup","type":"daily","schedule":"15 3 * * *","summary":"Keeps a mirror of each git repository, checks it, and packs it: as an archive, and as a bundle that is proved to clone alone.","file":"recipes/git-backup.lua","error":null}
    {"recipe":"git-backup-test","kind":"drill","type":"weekly","schedule":null,"summary":"Proves that a backup of a git repository can be restored: clones the newest bundle, checks every object, and compares the refs.","file":"recipes/git-backup-test.lua","error":null}
    {"recipe":"log-backup","kind":"backup","type":"daily","schedule":"45 2 * * *","summary":"Packs the logs of the last days, each under its path, and keeps the archives for some days.","file":"recipes/log-backup.lua","error":null}
    {"recipe":"note","kind":"backup","type":"weekly","schedule":"0 3 * * 0","summary":"Keeps a note.","file":"[WORLD]/config/recipes/note.lua","error":null}
    {"recipe":"production-restore","kind":"restore","type":"manual","schedule":null,"summary":"Restores the production database: maintenance on, a fresh backup, the restore, restart, health check, maintenance off.","file":"recipes/production-restore.lua","error":null}
    {"recipe":"render-db-backup","kind":"backup","type":"daily","schedule":null,"summary":"Has Render export a managed PostgreSQL database, downloads the export, proves it, and keeps what the retention keeps.","file":"recipes/render-db-backup.lua","error":null}
    {"recipe":"s3-backup","kind":"maintenance","type":"daily","schedule":"30 4 * * *","summary":"Copies the proved backups to a bucket of Amazon S3, or of a store that speaks like it; what retention removed here goes there too.","file":"recipes/s3-backup.lua","error":null}
    "#);
}

#[test]
fn list_whose_reader_goes_away_does_not_panic() {
    let hikae = world();
    let mut child = hikae.start(&["list"]);
    drop(child.stdout.take());
    let mut err = String::new();
    child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
    assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""));
}

#[test]
fn a_recipe_that_cannot_be_read_does_not_hide_the_others() {
    let hikae = world();
    std::os::unix::fs::symlink("nowhere.lua", hikae.path("config/recipes/dangling.lua")).unwrap();
    std::fs::write(hikae.path("config/recipes/latin.lua"), b"-- caf\xe9\n").unwrap();
    std::fs::create_dir(hikae.path("config/recipes/folder.lua")).unwrap();
    let said = hikae.run(&["list"]);
    well(&said);
    for name in ["db-backup", "note", "dangling", "latin", "folder"] {
        assert!(said.out.contains(name), "`{name}` is missing: {said:?}");
    }
    assert!(hikae.run(&["show", "dangling"]).err.contains("a link that leads nowhere"));
    let status = hikae.run(&["status"]);
    assert!(status.out.contains("note") && status.out.contains("dangling"), "{status:?}");
}

#[test]
fn a_param_of_which_nothing_is_said_is_a_param() {
    let recipe = "return recipe { type = 'daily', kind = 'maintenance', params = { name = {} }, run = function(p) log.info('name ' .. p.name) end }";
    let hikae = Hikae::new().file("config/recipes/bare.lua", recipe);
    assert!(hikae.run(&["run", "bare"]).err.contains("name"));
    let said = hikae.run(&["run", "bare", "--set", "name=foo"]);
    assert!(said.code == 0 && said.out.contains("name foo"), "{said:?}");
}

#[test]
fn show_gives_the_params_their_values_and_what_the_recipe_may_touch() {
    let said = world().env("DB_PASSWORD", "hunter2-secret").env("DB_NAME", "shop").run(&["show", "db-backup"]);
    well(&said);
    insta::assert_snapshot!(unaligned(&said.out), @"
    db-backup: Dumps one PostgreSQL database, proves the dump, and keeps what the retention keeps.

    file  recipes/db-backup.lua
    kind  backup
    type  daily
    schedule  0 2 * * *
    runs  pg_dump, gpg
    writes  [WORLD]/backups

    PARAM  TYPE  VARIABLE  VALUE  WHAT IT IS
    accept_warnings  list  -  Warnings that are fine, as patterns of their kind or text
    compress  choice  -  gzip  How to compress the dump
    database  string  DB_NAME  shop  Database to dump
    days  integer  RETENTION_DAYS  30  Days to keep a dump
    dir  path  BACKUP_DIR  [WORLD]/backups  Folder for the dumps
    encrypt_to  list  BACKUP_ENCRYPT_TO  Who can decrypt it: recipients of age, or keys of gpg; else it is not encrypted
    host  string  DB_HOST  localhost  Host of the server, or the folder of its socket
    idle_timeout  duration  -  Longest time in which no byte arrives; else that of `[limits]`
    keep_at_least  integer  -  1  Dumps to keep whatever their age
    password  secret  DB_PASSWORD  ********  Password of the user
    port  integer  DB_PORT  5432  Port of the server
    timeout  duration  -  Longest time for the dump; else that of `[limits]`
    user  string  DB_USER  postgres  User that may read all of it
    ");
}

#[test]
fn show_json_has_the_same() {
    let said = world().run(&["show", "note", "--json"]);
    well(&said);
    insta::assert_snapshot!(said.out, @r#"{"recipe":"note","file":"[WORLD]/config/recipes/note.lua","customised":false,"kind":"backup","type":"weekly","schedule":"0 3 * * 0","summary":"Keeps a note.","params":[{"name":"dir","type":"path","env":"BACKUP_DIR","value":"[WORLD]/backups","says":"Folder for the notes"}],"needs":{"run":["echo"],"read":[],"write":["[WORLD]/backups"],"connect":[],"objects":[],"sockets":[],"capabilities":[],"recipes":[],"user":null}}"#);
}

#[test]
fn show_source_prints_the_file_as_it_is() {
    let said = world().run(&["show", "note", "--source"]);
    well(&said);
    assert_eq!(said.out, NOTE);
}

#[test]
fn show_of_params_that_are_wrong_shows_what_is_declared_and_tells() {
    let said = world().env("BACKUP_DIR", "notes").run(&["show", "note"]);
    insta::assert_snapshot!(unaligned(&said.out), @"
    note: Keeps a note.

    file  [WORLD]/config/recipes/note.lua
    kind  backup
    type  weekly
    schedule  0 3 * * 0
    runs  echo
    writes  {dir}

    PARAM  TYPE  VARIABLE  VALUE  WHAT IT IS
    dir  path  BACKUP_DIR  ?  Folder for the notes
    ");
    insta::assert_snapshot!(said.err, @"
    error: 1 problem with the params of `note`
      caused by: `dir` must be an absolute path, but `BACKUP_DIR` is `notes`

    hint: write a path that begins with `/`, or an address such as `s3://bucket/folder`; `BACKUP_DIR` comes from the environment
    ");
    assert_eq!(said.code, 64);
}

#[test]
fn docs_lists_the_modules_and_shows_a_function_with_its_options() {
    let hikae = Hikae::new();
    let all = hikae.run(&["docs"]);
    well(&all);
    for module in
        ["clock", "errors", "fs", "json", "log", "parallel", "path", "pg", "process", "recipe", "run", "stream"]
    {
        assert!(all.out.lines().any(|line| line.split_whitespace().next() == Some(module)), "{module}: {}", all.out);
        let one = hikae.run(&["docs", module]);
        well(&one);
        assert!(one.out.len() > 100 && !one.out.contains("---@"), "{module}: {}", one.out);
    }
    let said = hikae.run(&["docs", "gzip"]);
    well(&said);
    insta::assert_snapshot!(said.out, @"
    Stream:gzip(options)
    Compresses as gzip (RFC 1952), one member, on all cores.
      options?: Stream.GzipOptions
      gives Stream

    Stream.GzipOptions
      level?: integer 0 to 9. Default 5, and 6 for archives: smaller than `gzip -6`, in less than half the time.
      threads?: integer Default: one a core.
    ");
    let said = hikae.run(&["docs", "pg.dmp"]);
    insta::assert_snapshot!(said.err, @"
    error: there are no docs of `pg.dmp`

    hint: did you mean `pg.dump`? valid names: `pg.dump`, `pg.dump_globals`, `pg.is_ready`, `pg.query`, `pg.databases`, `pg.prove`, `pg.inspect`, `pg.verify`, `pg.create_database`, `pg.drop_database`, `pg.sweep_throwaways`, `pg.swap`, `pg.temporary_cluster`, `pg.drop_cluster`, `pg.restore`
    ");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}

#[test]
fn completions_and_the_manual_come_from_the_same_definitions() {
    let hikae = Hikae::new();
    for shell in ["bash", "zsh", "fish"] {
        let said = hikae.run(&["completions", shell]);
        well(&said);
        assert!(said.out.contains("hikae") && said.out.contains("COMPLETE"), "{shell}: {}", said.out);
    }
    let said = hikae.run(&["man"]);
    well(&said);
    assert!(said.out.contains("audit"), "{}", said.out);
}

#[test]
fn the_version_says_what_it_was_built_from() {
    let hikae = Hikae::new();
    let short = hikae.run(&["--version"]);
    well(&short);
    assert_eq!(short.out, format!("hikae {}\n", env!("CARGO_PKG_VERSION")));
    for words in [["--version", "--verbose"], ["-v", "-V"]] {
        let said = hikae.run(&words);
        well(&said);
        assert!(said.out.starts_with(&short.out), "{}", said.out);
        for line in ["commit    ", "compiler  rustc 1.", "target    ", "profile   "] {
            assert!(said.out.contains(line), "`{line}` is missing from {}", said.out);
        }
    }
}

#[test]
fn each_kind_of_error_has_a_page_in_both_languages() {
    let kinds = hikae::error::Kind::ALL.map(hikae::error::Kind::word);
    for (language, table) in [("en", "| message | what to do |"), ("ja", "| メッセージ | 対処 |")] {
        let contents = Hikae::new().env("HIKAE_LANG", language).run(&["explain"]);
        well(&contents);
        for kind in kinds {
            assert!(contents.out.lines().any(|line| line.starts_with(&format!("{kind} "))), "{kind}: {}", contents.out);
            let page = Hikae::new().env("HIKAE_LANG", language).run(&["explain", kind]);
            well(&page);
            assert!(page.out.starts_with(&format!("# {kind}\n")) && page.out.contains(table), "{}", page.out);
        }
    }
    let said = Hikae::new().run(&["explain", "NotFound"]);
    assert!(said.out.starts_with("# not_found\n"), "{said:?}");
    let unknown = Hikae::new().run(&["explain", "integrty"]);
    assert!(unknown.code == 64 && unknown.err.contains("did you mean `integrity`?"), "{unknown:?}");
}

#[test]
fn the_pages_of_the_manual_are_written_at_once() {
    let hikae = Hikae::new();
    let dir = hikae.path("man");
    well(&hikae.run(&["man", "--out", dir.to_str().unwrap()]));
    for page in ["hikae.1", "hikae-run.1", "hikae-runs-show.1", "hikae-notify-test.1"] {
        let text = std::fs::read_to_string(dir.join(page)).unwrap();
        assert!(text.contains(".TH"), "{page}: {text}");
    }
}

/// What a shell is offered for the last of these words.
fn offered(hikae: Hikae, words: &[&str]) -> Vec<String> {
    let hikae = hikae.env("COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", &words.len().to_string());
    let said = hikae.env("_CLAP_IFS", "\n").run(&[&["--", "hikae"], words].concat());
    said.out.lines().map(str::to_owned).collect()
}

#[test]
fn a_shell_is_offered_commands_recipes_params_and_runs() {
    assert_eq!(offered(Hikae::new(), &["aud"]), ["audit"]);
    assert_eq!(offered(Hikae::new(), &["run", "db-b"]), ["db-backup"]);
    assert_eq!(offered(world(), &["show", "not"]), ["note"]);
    assert_eq!(offered(Hikae::new(), &["run", "db-backup", "--set", "da"]), ["database=", "days="]);
    let hikae = world();
    assert_eq!(hikae.run(&["run", "note"]).code, 0);
    let found = offered(hikae, &["runs", "show", "BKP-"]);
    assert!(found.len() == 1 && found[0].ends_with("-weekly"), "{found:?}");
}

#[test]
fn a_recipe_printed_into_its_own_file_is_the_built_in_one_or_a_refusal() {
    let hikae = Hikae::new().file("config/recipes/db-backup.lua", "").file("config/recipes/mine.lua", "");
    let printed_into = |name: &str| {
        let file = hikae.path(&format!("config/recipes/{name}.lua"));
        let out = std::fs::File::create(&file).unwrap();
        let ended = hikae.command(&["show", name, "--source"]).stdout(out).output().unwrap();
        (ended.status.code(), std::fs::read_to_string(file).unwrap())
    };
    let (code, text) = printed_into("db-backup");
    assert!(code == Some(0) && text.contains("return recipe"), "{text}");
    assert_eq!(printed_into("mine"), (Some(1), String::new()));
}

#[test]
fn the_library_has_docs_and_editors_get_their_files() {
    let hikae = Hikae::new();
    let said = hikae.run(&["docs", "hikae.retention"]);
    well(&said);
    assert!(said.out.contains("retention.prune(options)") && !said.out.contains("local function"), "{}", said.out);
    well(&hikae.run(&["docs", "hikae.retention.plan"]));
    let said = hikae.run(&["docs", "hikae.retentoin"]);
    assert!(said.code == 64 && said.err.contains("did you mean `hikae.retention`?"), "{said:?}");
    let dir = hikae.path("editor");
    well(&hikae.run(&["docs", "--out", dir.to_str().unwrap()]));
    for file in [".luarc.json", "meta/pg.lua", "hikae/retention.lua", "specs/db-backup_spec.lua"] {
        assert!(dir.join(file).is_file(), "{file}");
    }
}

#[test]
fn every_page_that_the_manual_names_is_there() {
    let hikae = Hikae::new();
    let manual = hikae.run(&["man"]).out.replace('\\', "");
    let pages: Vec<&str> = manual.lines().filter_map(|line| line.strip_prefix("hikae-")?.strip_suffix("(1)")).collect();
    assert!(pages.len() > 10 && pages.contains(&"run"), "{manual}");
    for page in pages.into_iter().filter(|page| *page != "help") {
        let said = hikae.run(&["man", page]);
        well(&said);
        assert!(said.out.replace('\\', "").contains(&format!("hikae-{page} - ")), "{page}: {}", said.out);
    }
    assert!(hikae.run(&["man", "runs", "show"]).out.contains("hikae\\-runs\\-show"));
    let unknown = hikae.run(&["man", "rnu"]);
    assert_eq!(unknown.code, 64);
    assert!(
        unknown.err.contains("there is no command `rnu`") && unknown.err.contains("did you mean `run`"),
        "{unknown:?}"
    );
}

#[test]
fn the_help_of_every_command_names_its_flags() {
    let hikae = Hikae::new();
    let commands: [(&[&str], &[&str]); 18] = [
        (&[], &["run", "list", "show", "runs", "audit", "check", "docs", "demo", "--config-dir", "Exit codes"]),
        (&["run"], &["--set", "--type", "--json", "--quiet", "--verbose", "<RECIPE>"]),
        (&["list"], &["--json"]),
        (&["show"], &["--json", "--source", "<RECIPE>"]),
        (&["runs"], &["--status", "--type", "--recipe", "--limit", "--json", "show"]),
        (&["runs", "show"], &["--json", "<ID>"]),
        (&["audit"], &["--limit", "--json"]),
        (&["check"], &["--json", "[RECIPES]"]),
        (&["docs"], &["[MODULE]", "--search", "--out"]),
        (&["init"], &["[DIR]", "--database", "--host", "--port", "--user", "--backup-dir", "--mail"]),
        (&["new"], &["<NAME>", "--from"]),
        (&["eject"], &["<RECIPE>"]),
        (&["diff"], &["<RECIPE>"]),
        (&["verify"], &["<PATH|URL>", "--drill", "--identity", "--json"]),
        (&["restore"], &["[PATH]", "--list", "--database", "--dir", "--set", "--yes", "--json"]),
        (&["schedule"], &["[RECIPE]", "--format", "--out", "--install", "--remove", "--yes", "--user", "--image"]),
        (&["completions"], &["bash", "zsh", "fish"]),
        (&["man"], &["--config-dir"]),
    ];
    for (command, flags) in commands {
        let said = hikae.run(&[command, &["--help"]].concat());
        well(&said);
        for flag in flags {
            assert!(said.out.contains(flag), "`{flag}` is missing from the help of {command:?}:\n{}", said.out);
        }
    }
}

#[test]
fn no_command_shows_the_help_and_is_misuse() {
    let said = Hikae::new().run(&[]);
    assert!(said.err.contains("Usage: hikae"), "{said:?}");
    assert_eq!((said.code, said.out.as_str()), (64, ""));
}
