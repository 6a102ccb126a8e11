//! `hikae run render-db-backup` against a server that answers as Render's API does, with exports by the real `pg_dump`.

use std::path::Path;
use std::process::Command;

use rustix::process::Signal;

use crate::support::postgres::{Cluster, shared};
use crate::support::processes::{end_of, send, wait_until};
use crate::support::program::{Hikae, names};
use crate::support::receiver::Receiver;

const LIST: &str = "GET /v1/postgres/dpg-cafe-a/export";
const MAKE: &str = "POST /v1/postgres/dpg-cafe-a/export";
const KEY: &str = "rnd_qwxzlamphreyvintagebolt";
const SIGNATURE: &str = "thornypalimpsestquagga";

/// An export as Render makes it: a dump as a folder, in a folder named by the moment, in a tar file that gzip has packed.
pub fn export(cluster: &Cluster, database: &str) -> Vec<u8> {
    let work = tempfile::tempdir().unwrap();
    let top = work.path().join("2026-02-15T02:00Z");
    std::fs::create_dir(&top).unwrap();
    let mut dump = Command::new("pg_dump");
    dump.args(["--format=directory", "--no-password"]).arg("--file").arg(top.join(database)).arg(database);
    assert!(dump.envs(cluster.env()).status().unwrap().success());
    tar(work.path(), "2026-02-15T02:00Z")
}

fn tar(folder: &Path, name: &str) -> Vec<u8> {
    let output = Command::new("tar").arg("-C").arg(folder).args(["-czf", "-", name]).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    output.stdout
}

/// A database with rows of several kinds.
fn cafe(database: &str) -> &'static Cluster {
    shared().create_database(database);
    shared().psql(database, include_str!("../support/cafe.sql"));
    shared().psql(database, "SELECT lo_from_bytea(0, 'a large object')");
    shared()
}

/// Render, which finishes the new export at the third look, and hikae beside it.
pub fn render(export: &[u8], database: &str) -> (Receiver, Hikae) {
    let render = Receiver::start();
    let url = render.url(&format!("/files/2026-02-15.dir.tar.gz?X-Amz-Signature={SIGNATURE}"));
    let old = r#"{"id": "exp-old", "createdAt": "2026-02-14T02:00:00Z", "url": "http://127.0.0.1:1/"}"#;
    let before = format!("[{old}]");
    let during = format!(r#"[{old}, {{"id": "exp-new", "createdAt": "2026-02-15T02:00:00Z"}}]"#);
    let after = format!(r#"[{{"id": "exp-new", "createdAt": "2026-02-15T02:00:00Z", "url": "{url}"}}, {old}]"#);
    render.put(LIST, &[(200, before.as_bytes()), (200, during.as_bytes()), (200, after.as_bytes())]);
    render.put(MAKE, &[(202, b"")]);
    render.put("GET /files/2026-02-15.dir.tar.gz", &[(200, export)]);
    let hikae = Hikae::with_database(shared(), database)
        .file("config/hikae.toml", "")
        .env("RENDER_API_KEY", KEY)
        .env("RENDER_DATABASE_ID", "dpg-cafe-a");
    let work = hikae.path("work").display().to_string();
    (render, hikae.env("BACKUP_WORK_DIR", &work))
}

/// The arguments that let it speak to the server of the test.
pub fn args(render: &Receiver, more: &[&str]) -> Vec<String> {
    let own = ["run", "render-db-backup", "--set", "poll=10ms", "--set", "download_hosts=127.0.0.1"];
    let api = format!("api_url={}", render.url("/v1"));
    own.iter().chain(&["--set", &api]).chain(more).map(|arg| (*arg).to_owned()).collect()
}

pub fn run(hikae: &Hikae, render: &Receiver, more: &[&str]) -> crate::support::program::Said {
    let args = args(render, more);
    hikae.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
}

fn backup_of(hikae: &Hikae) -> String {
    let backups = hikae.backups();
    let found = backups.iter().find(|name| name.starts_with("backup_") && name.ends_with(".gz"));
    found.unwrap_or_else(|| panic!("{backups:?}")).clone()
}

fn fingerprint(cluster: &Cluster, database: &str) -> String {
    let dump = String::from_utf8(cluster.dump(database, &[])).unwrap();
    dump.lines().filter(|line| !line.starts_with('\\')).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_newest_finished_export_is_proved_and_can_be_drilled_and_restored() {
    let name = "render_cafe";
    let cluster = cafe(name);
    let (render, hikae) = render(&export(cluster, name), name);
    let said = run(&hikae, &render, &["--json"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert!(!said.out.contains(SIGNATURE) && !said.out.contains(KEY), "{}", said.out);
    let asked: Vec<String> = render.got().iter().map(|got| format!("{} {}", got.method, got.target)).collect();
    assert_eq!(asked[..4], [LIST, MAKE, LIST, LIST]);
    assert!(render.got()[..4].iter().all(|got| got.headers["authorization"] == format!("Bearer {KEY}")));
    assert!(!render.got()[4].headers.contains_key("authorization"), "the key is Render's API's alone");

    let backup = backup_of(&hikae);
    assert!(backup.ends_with(".dir.tar.gz"), "{backup}");
    assert_eq!(names(&hikae.path("work")), Vec::<String>::new(), "what was unpacked has gone");
    let manifest = std::fs::read_to_string(hikae.path("backups").join(format!("{backup}.manifest.json"))).unwrap();
    assert!(!manifest.contains(SIGNATURE), "{manifest}");
    let manifest: serde_json::Value = serde_json::from_str(&manifest).unwrap();
    assert_eq!(manifest["database"]["name"], name);
    let rows: u64 =
        manifest["database"]["tables"].as_array().unwrap().iter().map(|t| t["rows"].as_u64().unwrap()).sum();
    assert!(rows > 0, "{manifest}");

    let drill = ["run", "backup-test", "--set", "name=backup_*"];
    let said = hikae.run(&drill);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert!(said.out.contains("Restore test: success") && said.out.contains("✓ Rows"), "{}", said.out);
    let before = fingerprint(cluster, name);
    cluster.psql(name, "CREATE TABLE since (a int)");
    let said = hikae.run(&["run", "db-restore", "--yes", "--set", "name=backup_*"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert_eq!(fingerprint(cluster, name), before);
    assert_eq!(names(&hikae.path("work")), Vec::<String>::new());
}

#[test]
fn its_manifest_restores_it_with_standard_tools() {
    let name = "render_line";
    let (render, hikae) = render(&export(cafe(name), name), name);
    assert_eq!(run(&hikae, &render, &[]).code, 0);
    let manifest = std::fs::read_to_string(hikae.path("backups").join(format!("{}.manifest.json", backup_of(&hikae))));
    let manifest: serde_json::Value = serde_json::from_str(&manifest.unwrap()).unwrap();
    let line = manifest["restore"].as_str().unwrap();
    let to = Cluster::start();
    let output =
        Command::new("sh").args(["-c", line]).current_dir(hikae.path("backups")).envs(to.env()).output().unwrap();
    assert!(output.status.success(), "{line}: {output:?}");
    assert_eq!(fingerprint(&to, name), fingerprint(shared(), name));
}

#[test]
fn an_export_that_is_not_whole_is_refused_and_nothing_is_left() {
    let name = "render_broken";
    let whole = export(cafe(name), name);
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 0x10;
    let folder = tempfile::tempdir().unwrap();
    let unpacked = folder.path().join("x");
    std::fs::create_dir(&unpacked).unwrap();
    let untar =
        Command::new("sh").arg("-c").arg("tar -xzf - -C x").current_dir(folder.path()).stdin(file(&whole)).status();
    assert!(untar.unwrap().success());
    let dump = unpacked.join("2026-02-15T02:00Z").join(name);
    let largest = |folder: &Path| {
        let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let data = files.filter(|path| path.extension().is_some_and(|ending| ending == "gz"));
        data.max_by_key(|path| std::fs::metadata(path).unwrap().len()).unwrap()
    };
    // Packed whole by tar and gzip, and yet not whole: Render itself had only a part of it.
    let rows = largest(&dump);
    let data = std::fs::read(&rows).unwrap();
    std::fs::write(&rows, &data[..data.len() / 2]).unwrap();
    let inner_cut = tar(&unpacked, "2026-02-15T02:00Z");
    std::fs::remove_file(&rows).unwrap();
    let missing = tar(&unpacked, "2026-02-15T02:00Z");
    std::fs::remove_file(dump.join("toc.dat")).unwrap();
    let no_contents = tar(&unpacked, "2026-02-15T02:00Z");

    let cases: [(&[u8], &str); 7] = [
        (&whole[..whole.len() / 2], "ends too early"),
        (&whole[..whole.len() - 4], "ends too early"),
        (&flipped, ""),
        (&inner_cut, "cannot decode the folder of the dump"),
        (&missing, "cannot decode the folder of the dump"),
        (&no_contents, "the tar file holds no dump"),
        (b"<html>not found</html>", "does not begin as gzip data does"),
    ];
    for (number, (bytes, words)) in cases.into_iter().enumerate() {
        let (render, hikae) = render(bytes, name);
        let said = run(&hikae, &render, &[]);
        assert_eq!(said.code, 1, "case {number}: {}\n{}", said.out, said.err);
        assert!(said.err.contains(words) && !said.err.contains(SIGNATURE), "case {number}: {}", said.err);
        assert_eq!(hikae.backups(), Vec::<String>::new(), "case {number}");
        if hikae.path("work").exists() {
            assert_eq!(names(&hikae.path("work")), Vec::<String>::new(), "case {number}");
        }
    }
}

fn file(bytes: &[u8]) -> std::fs::File {
    use std::io::{Seek, Write};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file.rewind().unwrap();
    file
}

#[test]
fn what_a_killed_run_has_unpacked_goes_with_the_next_one() {
    let name = "render_killed";
    let export = export(cafe(name), name);
    let (server, hikae) = render(&export, name);
    let hikae = hikae.program("pg_restore", "sleep 60");
    let begun = args(&server, &[]);
    let child = hikae.start(&begun.iter().map(String::as_str).collect::<Vec<_>>());
    let unpacked = || names(&hikae.path("work")).iter().any(|name| name.starts_with("unpacked_"));
    wait_until("the work folder", || hikae.path("work").exists() && unpacked());
    send(&child, Signal::KILL);
    end_of(child);
    assert!(unpacked(), "a killed run cannot tidy up");
    std::fs::remove_file(hikae.path("bin/pg_restore")).unwrap();
    let (again, _) = render(&export, name);
    let said = run(&hikae, &again, &[]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert_eq!(names(&hikae.path("work")), Vec::<String>::new());
}

#[test]
fn what_is_unpacked_goes_when_the_run_is_interrupted() {
    let name = "render_interrupted";
    let (server, hikae) = render(&export(cafe(name), name), name);
    let hikae = hikae.program("pg_restore", "touch \"$HOME/work/begun\"; sleep 60");
    let begun = args(&server, &[]);
    let child = hikae.start(&begun.iter().map(String::as_str).collect::<Vec<_>>());
    wait_until("pg_restore", || hikae.path("work/begun").exists());
    send(&child, Signal::TERM);
    end_of(child);
    assert_eq!(names(&hikae.path("work")), ["begun"]);
    assert!(!hikae.backups().iter().any(|name| name.starts_with("backup_")), "{:?}", hikae.backups());
}

#[test]
fn the_program_of_render_is_used_where_it_is_installed() {
    let name = "render_cli";
    let cluster = cafe(name);
    let (server, hikae) = render(&export(cluster, name), name);
    let dump = hikae.path("dump.sql.gz");
    let plain = cluster.dump(name, &["--create"]);
    let packed = Command::new("gzip").arg("-c").stdin(file(&plain)).output().unwrap().stdout;
    std::fs::write(&dump, packed).unwrap();
    // As the guide calls it; what it downloads is what its server has.
    let script = r#"
test "$RENDER_API_KEY" = rnd_qwxzlamphreyvintagebolt || exit 9
case "$3" in
create) touch "$HOME/work/made" ;;
list) if test -e "$HOME/work/made"; then echo '[{"id": "b2", "status": "Completed"}, {"id": "b1"}]'; else echo '[{"id": "b1"}]'; fi ;;
download) for arg in "$@"; do case "$arg" in --output=*) cat "$HOME/work/dump" > "${arg#--output=}" ;; esac; done ;;
esac"#;
    std::fs::create_dir(hikae.path("work")).unwrap();
    std::fs::copy(&dump, hikae.path("work/dump")).unwrap();
    let hikae = hikae.program("render", script);
    let said = run(&hikae, &server, &[]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
    assert!(server.got().is_empty(), "the API was not asked");
    let backup = backup_of(&hikae);
    assert!(backup.ends_with(".sql.gz"), "{backup}");
    assert_eq!(names(&hikae.path("work")), ["dump", "made"]);
    let said = hikae.run(&["run", "backup-test", "--set", "name=backup_*"]);
    assert_eq!(said.code, 0, "{}\n{}", said.out, said.err);
}
