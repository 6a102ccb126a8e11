//! What `Guarded` promises: what was not declared is refused before anything happens, and the hint says how to declare it.

use hikae::error::Kind;
use hikae::world::guarded::{Guarded, Needs};
use hikae::world::{Caller, Command, ListQuery};

use super::place::{caller, raw_names, real_world};

/// A guarded world: `in` may be read, `out` be written, `echo` be run; `other` stands undeclared beside them.
fn guarded() -> (Caller, tempfile::TempDir) {
    let (world, kept) = real_world();
    for folder in ["in", "out", "other"] {
        std::fs::create_dir(kept.path().join(folder)).unwrap();
        std::fs::write(kept.path().join(folder).join("x"), folder).unwrap();
    }
    let needs = Needs {
        run: vec!["echo".into()],
        read: vec![kept.path().join("in")],
        write: vec![kept.path().join("./out/")],
        objects: Vec::new(),
        connect: vec![],
        ..Needs::default()
    };
    (caller(std::sync::Arc::new(Guarded::new(world, needs).unwrap())), kept)
}

fn found(dir: std::path::PathBuf) -> ListQuery {
    ListQuery::of(dir)
}

#[tokio::test]
async fn what_is_declared_is_allowed() {
    let (call, kept) = guarded();
    let at = |name: &str| kept.path().join(name);
    assert_eq!(call.read(&at("in/x"), 10).await.unwrap(), "in");
    assert_eq!(call.read(&at("out/x"), 10).await.unwrap(), "out", "what may be written may be read");
    assert_eq!(call.list(found(at("in"))).await.unwrap().len(), 1);
    call.write(&at("out/d/new"), vec![], 0o600, false).await.unwrap();
    call.rename(&at("out/d/new"), &at("out/new")).await.unwrap();
    call.remove(&at("out/x")).await.unwrap();
    call.create(&at("out/y"), 0o600).await.unwrap();
    call.spawn(Command { cwd: Some(at("in")), ..Command::new("echo") }).await.unwrap();
}

#[tokio::test]
async fn what_is_not_declared_is_refused_with_the_line_to_add() {
    let (call, kept) = guarded();
    let at = |name: &str| kept.path().join(name);
    let error = call.read("/etc/shadow".as_ref(), 10).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Denied, "the recipe may not read `/etc/shadow`"));
    assert_eq!(error.hint_text(), Some("add `read = { \"/etc\" }` to its needs"));
    let error = call.spawn(Command::new("rm")).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::Denied, "the recipe may not run `rm`"));
    assert_eq!(error.hint_text(), Some("add `run = { \"rm\" }` to its needs"));
    let error = call.mkdir("/etc/new".as_ref(), 0o700).await.unwrap_err();
    assert_eq!(error.what(), "the recipe may not write `/etc/new`");
    assert_eq!(error.hint_text(), Some("add `write = { \"/etc/new\" }` to its needs"));

    let refused = |result: hikae::error::Result<()>| {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.what().starts_with("the recipe may not "), "{error}");
    };
    refused(call.open(&at("other/x")).await.map(drop));
    refused(call.stat(&at("other/x")).await.map(drop));
    refused(call.list(found(at("other"))).await.map(drop));
    refused(call.list(found(kept.path().into())).await.map(drop));
    refused(call.disk_free(&at("other")).await.map(drop));
    refused(call.create(&at("in/new"), 0o600).await.map(drop));
    refused(call.write(&at("in/x"), vec![], 0o600, true).await);
    refused(call.remove(&at("in/x")).await);
    refused(call.rename(&at("in/x"), &at("out/y")).await);
    refused(call.rename(&at("out/x"), &at("in/y")).await);
    refused(call.sweep(&at("in")).await.map(drop));
    refused(call.lock(&at("in/lock")).await.map(drop));
    refused(call.read(&at("input"), 10).await.map(drop));
    refused(call.spawn(Command::new("/bin/echo")).await.map(drop));
    refused(call.spawn(Command { cwd: Some(at("other")), ..Command::new("echo") }).await.map(drop));
    assert_eq!(raw_names(&at("in")), ["x"]);
}

#[tokio::test]
async fn a_declared_path_itself_is_neither_removed_nor_renamed() {
    let (world, kept) = real_world();
    let at = |name: &str| kept.path().join(name);
    std::fs::create_dir_all(at("out/below")).unwrap();
    std::fs::write(at("standing"), "x").unwrap();
    let write = ["out", "out/below", "standing", "new"].map(at).into();
    let call = caller(std::sync::Arc::new(Guarded::new(world, Needs { write, ..Needs::default() }).unwrap()));
    let hint = format!("declare the folder above: `write = {{ {:?} }}`", kept.path().display().to_string());
    for name in ["out", "standing"] {
        let error = call.remove(&at(name)).await.unwrap_err();
        let what = format!("the recipe may not remove `{}` itself", at(name).display());
        assert_eq!((error.kind(), error.what(), error.hint_text()), (Kind::Denied, &*what, Some(&*hint)));
        let error = call.rename(&at(name), &at("out/gone")).await.unwrap_err();
        assert_eq!(error.what(), format!("the recipe may not rename `{}` itself", at(name).display()));
        let remove = hikae::world::Effect::Remove { path: at(name) };
        assert_eq!(call.permits(remove).unwrap_err().kind(), Kind::Denied, "also before anything is done towards it");
    }
    call.remove(&at("out/below")).await.unwrap(); // it lies in a declared folder
    call.write(&at("new"), vec![], 0o600, false).await.unwrap();
    call.remove(&at("new")).await.unwrap(); // the run has written it
    assert_eq!(raw_names(kept.path()), ["out", "standing"]);
}

#[tokio::test]
async fn no_spelling_of_a_path_gets_around_it() {
    let (call, kept) = guarded();
    for path in ["out/../other/x", "out/./../other/x", "in/../other/x"] {
        let error = call.read(&kept.path().join(path), 10).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{path}");
    }
    assert!(call.read("in/x".as_ref(), 10).await.is_err());
    assert!(Guarded::new(caller_world(), Needs { read: vec!["/a/../b".into()], ..Needs::default() }).is_err());
    assert!(Guarded::new(caller_world(), Needs { write: vec!["b".into()], ..Needs::default() }).is_err());
}

fn caller_world() -> std::sync::Arc<hikae::world::real::Real> {
    real_world().0
}
