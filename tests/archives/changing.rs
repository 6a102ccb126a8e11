//! Files that grow, shrink, change, vanish or are replaced while they are read.

use std::io::Write;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use hikae::error::Kind;
use hikae::stream::Piece;
use hikae::stream::tar::TarKind;
use hikae::world::packing::{OnChange, Packed};

use super::{entries, pack, packing, whole};

const LARGE: usize = 40 << 20;

/// The first piece of an archive, after which its reader waits: what lies further behind is not read yet.
async fn begun(packed: &mut Packed) -> Vec<u8> {
    let Piece::Data(data) = packed.source.next().await.unwrap() else { panic!("it has ended") };
    tokio::time::sleep(Duration::from_millis(300)).await;
    data.to_vec()
}

async fn rest(mut packed: Packed, mut bytes: Vec<u8>) -> (Vec<u8>, Vec<String>) {
    while let Piece::Data(data) = packed.source.next().await.unwrap() {
        bytes.extend_from_slice(&data);
    }
    let names = packed.findings.lock().changed.first.clone();
    (bytes, names)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_grows_or_shrinks_keeps_its_announced_size_and_is_named() {
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("log");
    for (change, how) in [(1, "it grew"), (-1, "it shrank")] {
        std::fs::write(&path, vec![b'x'; LARGE]).unwrap();
        let mut packed = pack(packing(kept.path())).await.unwrap();
        let first = begun(&mut packed).await;
        match change {
            1 => std::fs::File::options().append(true).open(&path).unwrap().write_all(b"more").unwrap(),
            _ => std::fs::File::options().write(true).open(&path).unwrap().set_len(30 << 20).unwrap(),
        }
        let (bytes, changed) = rest(packed, first).await;
        assert_eq!(changed, [format!("{}: {how}", path.display())]);
        let read = entries(bytes).await;
        let (entry, data) = &read[1];
        assert_eq!((entry.size_bytes, data.len()), (LARGE as u64, LARGE));
        let kept_bytes = if change == 1 { LARGE } else { 30 << 20 };
        assert!(data[..kept_bytes].iter().all(|byte| *byte == b'x'));
        assert!(data[kept_bytes..].iter().all(|byte| *byte == 0), "filled up with zeros");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_change_is_an_error_where_the_recipe_says_so() {
    let kept = tempfile::tempdir().unwrap();
    let path = kept.path().join("log");
    std::fs::write(&path, vec![b'x'; LARGE]).unwrap();
    let strict = hikae::world::packing::Packing { on_change: OnChange::Error, ..packing(kept.path()) };
    let mut packed = pack(strict).await.unwrap();
    begun(&mut packed).await;
    std::fs::File::options().append(true).open(&path).unwrap().write_all(b"more").unwrap();
    let error = whole(packed).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert_eq!(error.what(), format!("`{}` changed while it was packed", path.display()));
    assert_eq!(error.causes(), ["it grew"]);
    assert!(error.hint_text().unwrap().contains("on_change = \"warn\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_vanishes_or_is_replaced_by_a_link_is_named_and_never_followed() {
    let kept = tempfile::tempdir().unwrap();
    let name = |number: usize| kept.path().join(format!("f{number:05}"));
    for number in 0..6000 {
        std::fs::write(name(number), vec![b'x'; 2000]).unwrap();
    }
    let mut packed = pack(packing(kept.path())).await.unwrap();
    let first = begun(&mut packed).await;
    std::fs::remove_file(name(5990)).unwrap();
    std::fs::remove_file(name(5991)).unwrap();
    symlink("/etc/shadow", name(5991)).unwrap();
    std::fs::remove_file(name(5992)).unwrap();
    std::fs::create_dir(name(5992)).unwrap();
    let (bytes, changed) = rest(packed, first).await;
    assert_eq!(changed, [format!("{}: it vanished", name(5990).display())]);
    let read = entries(bytes).await;
    assert_eq!(read.len(), 6000);
    let of = |number: usize| read.iter().find(|(entry, _)| entry.path.starts_with(format!("f{number:05}"))).unwrap();
    assert_eq!(of(5991).0.kind, TarKind::Link);
    assert_eq!(of(5991).0.link.as_deref(), Some("/etc/shadow".as_ref()));
    assert_eq!(of(5992).0.kind, TarKind::Dir);
}

/// A name that is now a file and now a link, as fast as can be: between the look and the opening it may be either.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_that_comes_in_between_is_never_followed() {
    let kept = tempfile::tempdir().unwrap();
    let (tree, secret) = (kept.path().join("tree"), kept.path().join("secret"));
    std::fs::create_dir_all(tree.join("folder")).unwrap();
    std::fs::create_dir(kept.path().join("other")).unwrap();
    std::fs::write(kept.path().join("other/inside"), "the secret of the tests").unwrap();
    std::fs::write(&secret, "the secret of the tests").unwrap();
    std::fs::write(tree.join("always"), "there").unwrap();
    let ended = Arc::new(AtomicBool::new(false));
    let swapping = {
        let (ended, tree, secret, other) = (ended.clone(), tree.clone(), secret.clone(), kept.path().join("other"));
        std::thread::spawn(move || {
            while !ended.load(Ordering::SeqCst) {
                std::fs::write(tree.join("new"), "harmless").unwrap();
                std::fs::rename(tree.join("new"), tree.join("name")).unwrap();
                symlink(&secret, tree.join("new")).unwrap();
                std::fs::rename(tree.join("new"), tree.join("name")).unwrap();
                std::fs::remove_dir(tree.join("folder")).unwrap();
                symlink(&other, tree.join("folder")).unwrap();
                std::fs::remove_file(tree.join("folder")).unwrap();
                std::fs::create_dir(tree.join("folder")).unwrap();
            }
        })
    };
    for _ in 0..300 {
        let (bytes, _) = whole(pack(packing(&tree)).await.unwrap()).await.unwrap();
        assert!(!bytes.windows(10).any(|window| window == b"the secret"));
        assert!(entries(bytes).await.iter().any(|(entry, _)| entry.path.ends_with("always")));
    }
    ended.store(true, Ordering::SeqCst);
    swapping.join().unwrap();
}
