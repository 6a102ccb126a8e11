//! What every world promises, in terms of effects alone.

use std::time::Duration;

use bytes::Bytes;
use hikae::error::Kind;
use hikae::world::simulated::{Age, FileTable};
use hikae::world::{EntryKind, ListQuery};

use super::place::{Place, drain};

fn all(place: &Place) -> ListQuery {
    ListQuery::of(&place.dir)
}

pub async fn a_new_file_shows_only_after_its_commit(place: &Place) {
    let path = place.path("sub/deep/new.gz");
    let mut sink = place.call.create(&path, 0o640).await.unwrap();
    sink.write(Bytes::from_static(b"one ")).await.unwrap();
    sink.write(Bytes::from(vec![b'x'; 3 << 20])).await.unwrap();
    sink.write(Bytes::from_static(b" two")).await.unwrap();
    assert_eq!(place.call.stat(&path).await.unwrap(), None);
    sink.seal().await.unwrap();
    assert_eq!(place.call.stat(&path).await.unwrap(), None, "sealed is not yet shown");
    let below = ListQuery { dir: place.path("sub"), recursive: true, ..all(place) };
    let shown: Vec<_> = place.call.list(below).await.unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(shown, [place.path("sub/deep")], "no partial file is listed");

    sink.commit().await.unwrap();
    let stat = place.call.stat(&path).await.unwrap().unwrap();
    assert_eq!((stat.kind, stat.size_bytes, stat.mode), (EntryKind::File, (3 << 20) + 8, 0o640));
    let data = place.call.read(&path, 4 << 20).await.unwrap();
    assert!(data.starts_with(b"one xxx") && data.ends_with(b"xxx two"));
    assert_eq!(place.call.stat(&place.path("sub/deep")).await.unwrap().unwrap().mode, 0o700);
}

pub async fn an_aborted_file_leaves_nothing(place: &Place) {
    let mut sink = place.call.create(&place.path("x"), 0o600).await.unwrap();
    sink.write(Bytes::from_static(b"data")).await.unwrap();
    sink.seal().await.unwrap();
    sink.abort().await.unwrap();
    assert!(place.names().await.is_empty());
    assert!(place.call.sweep(&place.dir).await.unwrap().is_empty());
    place.put("x", "the name is free").await;
}

pub async fn a_dropped_file_leaves_nothing(place: &Place) {
    let mut sink = place.call.create(&place.path("x"), 0o600).await.unwrap();
    sink.write(Bytes::from_static(b"data")).await.unwrap();
    drop(sink);
    assert!(place.names().await.is_empty());
}

pub async fn a_taken_name_is_kept(place: &Place) {
    let path = place.put("x", "old").await;
    let error = place.call.create(&path, 0o600).await.err().unwrap();
    assert_eq!(error.kind(), Kind::AlreadyExists);
    assert_eq!(error.what(), format!("cannot create `{}`", path.display()));
    assert_eq!(&place.call.read(&path, 10).await.unwrap()[..], b"old");
}

pub async fn a_name_taken_meanwhile_is_kept(place: &Place) {
    let path = place.path("x");
    let mut sink = place.call.create(&path, 0o600).await.unwrap();
    sink.write(Bytes::from_static(b"new")).await.unwrap();
    place.put("x", "old").await;
    assert_eq!(sink.commit().await.unwrap_err().kind(), Kind::AlreadyExists);
    assert_eq!(&place.call.read(&path, 10).await.unwrap()[..], b"old");
    assert_eq!(place.names().await, ["x"]);
}

pub async fn small_files_are_whole_or_not_there(place: &Place) {
    let path = place.path("sub/manifest.json");
    place.call.write(&path, b"{}".to_vec(), 0o604, false).await.unwrap();
    assert_eq!(place.call.stat(&path).await.unwrap().unwrap().mode, 0o604);
    assert_eq!(&place.call.read(&path, 2).await.unwrap()[..], b"{}");
    let error = place.call.write(&place.path("sub/manifest.json/x"), vec![], 0o600, false).await.unwrap_err();
    assert_eq!(error.what(), format!("cannot create `{}`", place.path("sub/manifest.json/x").display()));
}

pub async fn small_files_are_replaced_only_on_request(place: &Place) {
    let path = place.put("x", "old").await;
    let error = place.call.write(&path, b"new".to_vec(), 0o600, false).await.unwrap_err();
    assert_eq!(error.kind(), Kind::AlreadyExists);
    assert_eq!(&place.call.read(&path, 10).await.unwrap()[..], b"old");
    place.call.write(&path, b"new".to_vec(), 0o644, true).await.unwrap();
    assert_eq!(&place.call.read(&path, 10).await.unwrap()[..], b"new");
    assert_eq!(place.call.stat(&path).await.unwrap().unwrap().mode, 0o644);
}

pub async fn reading_is_bounded(place: &Place) {
    let path = place.put("x", "12345").await;
    assert_eq!(place.call.read(&path, 5).await.unwrap().len(), 5);
    let error = place.call.read(&path, 4).await.unwrap_err();
    assert_eq!(error.what(), format!("cannot read `{}` whole", path.display()));
    assert!(error.hint_text().is_some());
}

pub async fn reading_streams_every_byte(place: &Place) {
    let data: Vec<u8> = (0..5_000_000_u32).map(|n| (n % 251) as u8).collect();
    let path = place.path("x");
    let mut sink = place.call.create(&path, 0o600).await.unwrap();
    for piece in data.chunks(70_001) {
        sink.write(Bytes::copy_from_slice(piece)).await.unwrap();
    }
    sink.commit().await.unwrap();
    let mut source = place.call.open(&path).await.unwrap();
    assert!(drain(source.as_mut()).await.unwrap() == data);
    let empty = place.put("empty", "").await;
    assert!(drain(place.call.open(&empty).await.unwrap().as_mut()).await.unwrap().is_empty());
}

pub async fn absence_is_told(place: &Place) {
    let path = place.path("no/such");
    assert_eq!(place.call.stat(&path).await.unwrap(), None);
    let missing = ListQuery { dir: path.clone(), ..all(place) };
    assert_eq!(place.call.open(&path).await.err().unwrap().kind(), Kind::NotFound);
    assert_eq!(place.call.read(&path, 1).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(place.call.list(missing).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(place.call.remove(&path).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(place.call.rename(&path, &place.path("y")).await.unwrap_err().kind(), Kind::NotFound);
    assert!(place.call.sweep(&path).await.unwrap().is_empty(), "nothing to sweep is no error");
    assert_eq!(place.call.stat(&place.put("f", "").await.join("below")).await.unwrap(), None);
}

pub async fn a_file_is_not_a_folder(place: &Place) {
    let file = place.put("backups", "").await;
    let error = place.call.create(&file.join("x.gz"), 0o600).await.err().unwrap();
    assert_eq!(error.what(), format!("cannot create `{}`", file.join("x.gz").display()));
    assert_eq!(error.hint_text(), Some(&*format!("`{}` is a file, not a folder", file.display())));
    assert_eq!(place.call.mkdir(&file, 0o700).await.unwrap_err().kind(), Kind::AlreadyExists);
    assert!(place.call.list(ListQuery { dir: file, ..all(place) }).await.is_err());
    assert!(place.call.open(&place.dir).await.is_err());
    assert!(place.call.read(&place.dir, 10).await.is_err());
}

pub async fn folders_are_made_with_those_above(place: &Place) {
    let path = place.path("a/b/c");
    place.call.mkdir(&path, 0o750).await.unwrap();
    place.call.mkdir(&path, 0o700).await.unwrap();
    let stat = place.call.stat(&path).await.unwrap().unwrap();
    assert_eq!((stat.kind, stat.mode), (EntryKind::Dir, 0o750), "one that stands is left as it is");
    place.call.mkdir(&place.dir, 0o700).await.unwrap();
}

pub async fn renaming_never_replaces(place: &Place) {
    let (old, new) = (place.put("old", "1").await, place.put("new", "2").await);
    assert_eq!(place.call.rename(&old, &new).await.unwrap_err().kind(), Kind::AlreadyExists);
    assert_eq!(&place.call.read(&new, 1).await.unwrap()[..], b"2");
    place.call.rename(&old, &place.path("free")).await.unwrap();
    assert_eq!(place.names().await, ["free", "new"]);
    place.call.mkdir(&place.path("folder"), 0o700).await.unwrap();
    place.call.rename(&place.path("folder"), &place.path("moved")).await.unwrap();
    assert_eq!(place.names().await, ["free", "moved", "new"]);
}

pub async fn removing_takes_files_and_empty_folders(place: &Place) {
    let file = place.put("d/x", "").await;
    assert!(place.call.remove(&place.path("d")).await.is_err(), "the folder is not empty");
    place.call.remove(&file).await.unwrap();
    place.call.remove(&place.path("d")).await.unwrap();
    assert!(place.names().await.is_empty());
}

pub async fn listings_are_sorted_and_filtered_by_name(place: &Place) {
    for name in ["b 2.gz", "控え.gz", "a.gz", "a.gz.manifest.json", "b.sql", "[x].gz"] {
        place.put(name, "12").await;
    }
    assert_eq!(place.names().await, ["[x].gz", "a.gz", "a.gz.manifest.json", "b 2.gz", "b.sql", "控え.gz"]);
    let named = async |pattern: &str| {
        let entries = place.call.list(ListQuery { name: Some(pattern.into()), ..all(place) }).await.unwrap();
        entries.iter().map(|entry| entry.path.file_name().unwrap().to_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(named("*.gz").await, ["[x].gz", "a.gz", "b 2.gz", "控え.gz"]);
    assert_eq!(named("?.gz").await, ["a.gz"]);
    assert_eq!(named("[ab]*").await, ["a.gz", "a.gz.manifest.json", "b 2.gz", "b.sql"]);
    assert_eq!(named(r"\[x\].gz").await, ["[x].gz"]);
    assert_eq!(named("a.gz").await, ["a.gz"]);
    let entries = place.call.list(all(place)).await.unwrap();
    assert!(entries.iter().all(|entry| entry.stat.size_bytes == 2 && entry.stat.kind == EntryKind::File));
}

pub async fn listings_go_down_only_on_request(place: &Place) {
    place.put("d/e/x.gz", "").await;
    place.put("d/y.gz", "").await;
    assert_eq!(place.names().await, ["d"]);
    let found = ListQuery { name: Some("*.gz".into()), recursive: true, ..all(place) };
    let paths: Vec<_> = place.call.list(found).await.unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(paths, [place.path("d/e/x.gz"), place.path("d/y.gz")]);
}

pub async fn a_bad_pattern_is_refused(place: &Place) {
    let error = place.call.list(ListQuery { name: Some("a[".into()), ..all(place) }).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Recipe, "`a[` is not a file name pattern"));
}

pub async fn paths_are_absolute_and_never_step_up(place: &Place) {
    let up = place.dir.join("../x");
    let error = place.call.stat(&up).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(error.what(), format!("the path `{}` steps up with `..`", up.display()));
    assert_eq!(place.call.remove("x".as_ref()).await.unwrap_err().what(), "the path `x` is not absolute");
    let error = place.call.write(&place.path("a\0b"), vec![], 0o600, false).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Recipe);
    assert!(error.what().ends_with("holds a zero byte"), "{error}");
    assert_eq!(place.names().await, Vec::<String>::new());
    place.put(".//sub/./x", "1").await;
    assert_eq!(place.call.read(&place.path("sub/x"), 1).await.unwrap().len(), 1);
}

pub async fn space_is_told_for_folders_to_come(place: &Place) {
    let here = place.call.disk_free(&place.dir).await.unwrap();
    let there = place.call.disk_free(&place.path("not/yet")).await.unwrap();
    assert!(here.free_bytes > 0 && here.free_bytes <= here.total_bytes);
    assert_eq!(here.total_bytes, there.total_bytes);
}

pub async fn a_lock_is_held_once(place: &Place) {
    let path = place.path("locks/db-backup.lock");
    let held = place.call.lock(&path).await.unwrap();
    let error = place.call.lock(&path).await.err().unwrap();
    assert_eq!((error.kind(), error.what()), (Kind::Locked, &*format!("cannot lock `{}`", path.display())));
    let holder = format!("process {} has held it since ", place.call.world.machine().process_id);
    assert!(error.causes()[0].starts_with(&holder), "{:?}", error.causes());
    drop(held);
    place.call.lock(&path).await.unwrap();
}

pub async fn sleeping_takes_its_time(place: &Place) {
    let (now, elapsed) = (place.call.world.now(), place.call.world.elapsed());
    place.call.sleep(Duration::from_millis(20)).await.unwrap();
    assert!(place.call.world.elapsed() - elapsed >= Duration::from_millis(20));
    assert!(place.call.world.now() > now);
}

pub async fn nothing_is_left_of_what_was_given_up(place: &Place) {
    for end in 0..3 {
        let mut sink = place.call.create(&place.path("x"), 0o600).await.unwrap();
        sink.write(Bytes::from(vec![0; 2 << 20])).await.unwrap();
        sink.seal().await.unwrap();
        assert_eq!(place.raw_names().len(), 1);
        match end {
            0 => drop(sink),
            1 => sink.abort().await.unwrap(),
            _ => drop(sink.commit()),
        }
        assert!(place.raw_names().is_empty());
    }
}

pub async fn only_partials_of_the_dead_are_swept(place: &Place) {
    let mut alive = place.call.create(&place.path("alive"), 0o600).await.unwrap();
    alive.write(Bytes::from_static(b"x")).await.unwrap();
    let text = |text: &'static str| FileTable { content: Some(text.into()), ..FileTable::default() };
    place.furnish(".dead.sql.gz.1-1.hikae-part", text("half"));
    place.furnish("other.hikae-part", text("not ours: the dot is missing"));
    assert_eq!(place.names().await, ["other.hikae-part"], "partial files are never listed");
    let swept = place.call.sweep(&place.dir).await.unwrap();
    assert_eq!(swept.len(), 1);
    assert_eq!(swept[0].path, place.path(".dead.sql.gz.1-1.hikae-part"));
    assert_eq!(swept[0].stat.size_bytes, 4);
    alive.commit().await.unwrap();
    assert_eq!(place.raw_names(), ["alive", "other.hikae-part"]);
}

pub async fn ages_are_counted_in_whole_days(place: &Place) {
    for (name, age) in [("a", "1h"), ("b", "25h"), ("c", "30d 23h"), ("d", "31d 1h"), ("future", "-5h")] {
        place.furnish(name, FileTable { age: Some(Age::parse(age).unwrap()), ..FileTable::default() });
    }
    for (older, newer, expected) in [
        (Some(30), None, &["d"][..]),
        (Some(0), None, &["b", "c", "d"]),
        (None, Some(1), &["a", "future"]),
        (None, Some(31), &["a", "b", "c", "future"]),
    ] {
        let found = ListQuery { older_than_days: older, newer_than_days: newer, ..all(place) };
        let paths: Vec<_> = place.call.list(found).await.unwrap().into_iter().map(|entry| entry.path).collect();
        assert_eq!(paths, expected.iter().map(|name| place.path(name)).collect::<Vec<_>>());
    }
}

pub async fn links_are_seen_and_removed_as_themselves(place: &Place) {
    let target = place.put("d/x", "12345").await;
    let link = |to: &str| FileTable { link: Some(to.into()), ..FileTable::default() };
    place.furnish("link", link("d/x"));
    place.furnish("dlink", link("d"));
    place.furnish("round", link("round"));
    assert_eq!(place.call.read(&place.path("dlink/x"), 10).await.unwrap().len(), 5, "a link inside is fine");
    assert_eq!(place.call.read(&place.path("link"), 10).await.unwrap().len(), 5);
    assert!(place.call.read(&place.path("round"), 10).await.is_err());
    assert_eq!(place.call.stat(&place.path("link")).await.unwrap().unwrap().kind, EntryKind::Link);
    let found = ListQuery { recursive: true, ..all(place) };
    let paths: Vec<_> = place.call.list(found).await.unwrap().into_iter().map(|entry| entry.path).collect();
    assert_eq!(paths, ["d", "d/x", "dlink", "link", "round"].map(|name| place.path(name)), "never through a link");
    for name in ["link", "dlink", "round"] {
        place.call.remove(&place.path(name)).await.unwrap();
    }
    assert!(place.call.stat(&target).await.unwrap().is_some());
    place.furnish("new", link("d/elsewhere"));
    assert_eq!(place.call.create(&place.path("new"), 0o600).await.err().unwrap().kind(), Kind::AlreadyExists);
    place.call.write(&place.path("new"), b"n".to_vec(), 0o600, true).await.unwrap();
    assert_eq!(place.call.stat(&place.path("new")).await.unwrap().unwrap().kind, EntryKind::File);
    assert_eq!(place.call.stat(&place.path("d/elsewhere")).await.unwrap(), None, "nothing is written through a link");
}

pub async fn no_link_leads_out(place: &Place) {
    let link = |to: &str| FileTable { link: Some(to.into()), ..FileTable::default() };
    place.furnish("evil", link("/etc"));
    place.furnish("file", link("/etc/passwd"));
    place.furnish("up", link(".."));
    for path in [place.path("evil/passwd"), place.path("file"), place.path("up/x")] {
        let error = place.call.read(&path, 10).await.unwrap_err();
        assert_eq!((error.kind(), error.what()), (Kind::Denied, &*format!("cannot read `{}`", path.display())));
        assert_eq!(error.causes(), [format!("a link leads out of `{}`", place.dir.display())]);
    }
    let denied = |result: hikae::error::Result<()>| assert_eq!(result.unwrap_err().kind(), Kind::Denied);
    denied(place.call.remove(&place.path("evil/passwd")).await);
    denied(place.call.write(&place.path("evil/new"), vec![], 0o600, true).await);
    denied(place.call.create(&place.path("evil/new"), 0o600).await.map(drop));
    denied(place.call.mkdir(&place.path("evil/new"), 0o700).await);
    denied(place.call.rename(&place.path("evil/passwd"), &place.path("mine")).await);
    denied(place.call.lock(&place.path("evil/lock")).await.map(drop));
    denied(place.call.read("/etc/passwd".as_ref(), 10).await.map(drop));
}

pub async fn a_name_of_any_length_can_be_written(place: &Place) {
    let long = "控".repeat(85);
    place.put(&long, "1").await;
    assert_eq!(place.names().await.join("/"), long);
    let error = place.call.create(&place.path(&format!("{long}x")), 0o600).await.err().unwrap();
    assert_eq!(error.hint_text(), Some("choose a shorter name"), "told before anything is written");
}

/// On a disk of 2 MiB.
pub async fn a_full_disk_is_told_and_cleared(place: &Place) {
    let (call, path) = (&place.call, place.path("x"));
    call.write(&place.path("kept"), vec![7; 100_000], 0o600, false).await.unwrap();
    let mut sink = call.create(&path, 0o600).await.unwrap();
    let mut failed = None;
    for _ in 0..100 {
        if let Err(error) = sink.write(Bytes::from(vec![1; 50_000])).await {
            failed = Some(error);
            break;
        }
    }
    let error = failed.expect("100 × 50 kB do not fit into 2 MiB");
    assert_eq!((error.kind(), error.what()), (Kind::Space, &*format!("cannot write `{}`", path.display())));
    let hint = error.hint_text().unwrap();
    assert!(hint.contains(" are free on `/"), "{hint}");
    assert!(sink.write(Bytes::from_static(b"more")).await.is_err(), "a torn file cannot be finished");
    assert!(sink.seal().await.is_err());
    assert!(sink.commit().await.is_err());
    assert_eq!(place.raw_names(), ["kept"]);
    let error = call.write(&place.path("y"), vec![0; 3 << 20], 0o600, false).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Space);
    assert_eq!(place.raw_names(), ["kept"]);
    assert_eq!(call.read(&place.path("kept"), 1 << 20).await.unwrap(), vec![7; 100_000]);
}
