//! Each page begins with what it is for and an example, and the example works as it is pasted.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::Mutex;

use super::pages;
use crate::support::postgres::{Cluster, shared};
use crate::support::program::{Hikae, set_mode};
use crate::support::smtp::{Authority, MailServer, PASSWORD, Shape};

/// Pages that are tried elsewhere, or have another form: the contents, the map of the code, the list of changes.
const OTHERS: [&str; 4] = ["docs/SUMMARY.md", "ARCHITECTURE.md", "CHANGELOG.md", "README.md"];
/// The folders that pages name, and where they lie in the world of a test.
const FOLDERS: [(&str, &str); 5] = [
    ("/var/backups/hikae", "backups"),
    ("/etc/hikae", "config"),
    ("/srv/shop/uploads", "uploads"),
    ("/mnt/nas", "nas"),
    ("/backups", "backups"),
];
/// Stands in for `sudo`: a role that another page has made already is no failure.
const SUDO: &str = r#"
while case "$1" in -u) true;; *=*) export "$1"; shift; continue;; *) false;; esac; do shift 2; done
if [ "$1" = psql ]; then
  said=$("$@" 2>&1) || case "$said" in *"already exists"*) ;; *) echo "$said" >&2; exit 1;; esac
else
  exec "$@"
fi"#;

/// The beginning of a page: everything before its first section.
struct Opening<'a> {
    prose: &'a str,
    /// Files that the prose before each block names, with their text.
    files: Vec<(&'a str, &'a str)>,
    console: &'a str,
}

/// The last path in backticks that names a file for the block that follows.
fn named(prose: &str) -> Option<&str> {
    let code = prose.split('`').enumerate().filter(|(at, _)| at % 2 == 1).map(|(_, code)| code);
    code.filter(|code| code.ends_with(".lua") || code.ends_with("/.env") || code.ends_with("hikae.toml")).last()
}

fn opening(page: &str) -> Option<Opening<'_>> {
    let begin = page.find("# ")?;
    let body = page[begin..].split_once("\n")?.1;
    let mut end = body.len();
    let mut fenced = false;
    let mut at = 0;
    for line in body.split_inclusive('\n') {
        fenced ^= line.starts_with("```");
        if !fenced && line.starts_with("## ") {
            end = at;
            break;
        }
        at += line.len();
    }
    let parts: Vec<&str> = body[..end].split("```").collect();
    let mut files = Vec::new();
    for (number, block) in parts.iter().enumerate().filter(|(number, _)| number % 2 == 1) {
        let (language, text) = block.split_once('\n')?;
        if language == "console" {
            return Some(Opening { prose: parts[0].trim(), files, console: text });
        }
        files.extend(named(parts[number - 1]).map(|name| (name, text)));
    }
    None
}

/// A world in which a page's folders lie, with a database and a backup of it.
fn world(cluster: &Cluster, number: usize) -> Hikae {
    let database = format!("pages_{number}");
    cluster.create_database(&database);
    cluster.psql(
        &database,
        "CREATE TABLE orders (id int PRIMARY KEY, what text); INSERT INTO orders VALUES (1, '本'), (2, 'tea')",
    );
    let fake = "cat > \"$(dirname \"$0\")/crontab.txt\"";
    let hikae = Hikae::with_database(cluster, &database)
        .file("uploads/picture.txt", "a picture")
        .file("nas/.keep", "")
        .file("backups/database/.keep", "")
        .program("sudo", SUDO)
        .program("crontab", fake)
        .env("PGHOST", "127.0.0.1")
        .env("PGPORT", &cluster.port().to_string())
        .env("PGUSER", "postgres")
        .env("PGPASSWORD", &cluster.password);
    let (all, dir) = (hikae.path("backups"), hikae.path("backups/database"));
    let settings =
        format!("[params.s3-backup]\nsource = \"{0}\"\n[params.full-backup]\nroot = \"{0}\"\n", all.display());
    let hikae = hikae.file("config/hikae.toml", &settings).env("BACKUP_DIR", &dir.display().to_string());
    let path = std::env::split_paths(&hikae.path_variable()).collect::<Vec<_>>();
    let program = Path::new(env!("CARGO_BIN_EXE_hikae")).parent().unwrap().to_owned();
    let path = std::env::join_paths(std::iter::once(hikae.path("bin")).chain([program]).chain(path)).unwrap();
    hikae.env("PATH", path.to_str().unwrap())
}

/// The world of a page about mail: its server is one of this machine.
fn with_mail(hikae: Hikae, server: &MailServer) -> Hikae {
    hikae
        .env("SMTP_HOST", "localhost")
        .env("SMTP_PORT", &server.port.to_string())
        .env("SMTP_SECURE", "starttls")
        .env("SMTP_USER", "backup")
        .env("SMTP_PASSWORD", PASSWORD)
        .env("SMTP_CA_FILE", &Authority::shared().path("ca.pem").display().to_string())
}

/// A text of a page with its folders in the world.
fn placed(hikae: &Hikae, text: &str) -> String {
    let mut text = text.to_owned();
    for (folder, below) in FOLDERS {
        text = text.replace(folder, &format!("\u{1}{below}"));
    }
    text.replace('\u{1}', &format!("{}/", hikae.path("").display().to_string().trim_end_matches('/')))
}

/// What fails of a page; nothing where its example works.
fn tried(cluster: &Cluster, number: usize, page: &Path, text: &str) -> Option<String> {
    let Some(opening) = opening(text) else {
        return Some(format!("{}: no example before its first section", page.display()));
    };
    if opening.prose.trim_start_matches("<!--").len() < 30 {
        return Some(format!("{}: it does not begin with what it is for", page.display()));
    }
    // The page of a recipe has an example that needs what the recipe needs.
    let is_recipe = page.starts_with("docs/recipes");
    let mut hikae = world(cluster, number);
    let server = page.ends_with("alerts.md").then(|| MailServer::start(Shape::default()));
    if let Some(server) = &server {
        hikae = with_mail(hikae, server);
    }
    for (name, block) in &opening.files {
        let name = name.trim_start_matches("/etc/hikae/");
        let block = placed(&hikae, block);
        hikae = hikae.file(&format!("config/{name}"), &block);
        set_mode(&hikae.path("config").join(name), 0o600);
    }
    let is_of_an_error = page.parent().is_some_and(|folder| folder.ends_with("errors"));
    if !is_recipe && !is_of_an_error {
        let first = hikae.run(&["run", "db-backup"]);
        assert_eq!(first.code, 0, "{first:?}");
    }
    let typed = opening.console.lines().filter_map(|line| line.strip_prefix("$ "));
    let typed: Vec<&str> = typed.take(if is_recipe { 1 } else { usize::MAX }).collect();
    // A plan that needs to know what only a run would know ends early, with 2.
    let line = |line: &str| match line.contains("--dry-run") {
        true => format!("{} || [ $? = 2 ]", line.split(" # ").next().unwrap_or(line)),
        false => line.to_owned(),
    };
    let lines: Vec<String> = typed.into_iter().map(line).collect();
    // Two backups of one second would have one name.
    let script = placed(&hikae, &format!("sleep 1\n{}", lines.join("\n")));
    let mut shell = std::process::Command::new("bash");
    let command = hikae.command(&[]);
    shell.args(["-ec", &script]).env_clear().current_dir(hikae.path(""));
    shell.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = shell.stdin(Stdio::null()).output().unwrap();
    (!output.status.success()).then(|| format!("{}:\n{script}\n{:?}", page.display(), hikae.said(output)))
}

#[test]
fn every_page_begins_with_what_it_is_for_and_an_example_that_works() {
    let cluster = shared();
    let pages: Vec<(usize, (PathBuf, String))> = pages()
        .into_iter()
        .filter(|(page, _)| !OTHERS.contains(&page.to_str().unwrap()) && !page.starts_with("README.ja.md"))
        .enumerate()
        .collect();
    assert!(pages.len() > 60, "only {} pages were found", pages.len());
    let (left, failed) = (Mutex::new(pages), Mutex::new(Vec::new()));
    let next = || left.lock().unwrap().pop();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some((number, (page, text))) = next() {
                    let found = tried(cluster, number, &page, &text);
                    failed.lock().unwrap().extend(found);
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{}", failed.join("\n\n"));
}
