//! What every world promises of archives, of many files at once, and of modes.

use hikae::error::Kind;
use hikae::stream::Piece;
use hikae::stream::tar::Tar;
use hikae::world::packing::{OnChange, Packing, Root};
use hikae::world::simulated::FileTable;

use super::place::Place;

/// All of the folder, relative to itself.
fn all(place: &Place) -> Packing {
    Packing {
        roots: vec![Root { path: place.dir.clone(), optional: false }],
        base: place.dir.clone(),
        include: Vec::new(),
        exclude: Vec::new(),
        newer_than: None,
        older_than: None,
        one_file_system: false,
        xattrs: true,
        acls: true,
        allow_empty: false,
        on_change: OnChange::Warn,
        accept_unreadable: Vec::new(),
        contents: true,
        outputs: Default::default(),
    }
}

/// What is in the archive: name, kind, data.
async fn read(place: &Place, packing: Packing) -> hikae::error::Result<Vec<String>> {
    let packed = place.call.pack(packing).await?;
    let mut tar = Tar::new(packed.source);
    let mut entries = Vec::new();
    while let Some(entry) = tar.next_entry().await? {
        let mut data = Vec::new();
        while let Some(piece) = tar.data().await? {
            data.extend_from_slice(&piece);
        }
        let kind = format!("{:?}", entry.kind);
        let link = entry.link.map(|link| format!(" -> {}", link.display())).unwrap_or_default();
        entries.push(format!("{} {kind}{link} {}", entry.path.display(), String::from_utf8(data).unwrap()));
    }
    Ok(entries)
}

async fn furnished(place: &Place) {
    place.put("b/c.txt", "see").await;
    place.put("a.txt", "one").await;
    place.put("b.log", "log").await;
    place.put(".x.1.hikae-part", "half").await;
    place.furnish("link", FileTable { link: Some("/etc/shadow".into()), ..FileTable::default() });
    place.furnish("empty", FileTable { dir: true, ..FileTable::default() });
}

pub async fn an_archive_has_all_in_order_and_links_as_links(place: &Place) {
    furnished(place).await;
    let read = read(place, all(place)).await.unwrap();
    let expected = [
        "./ Dir ",
        "a.txt File one",
        "b/ Dir ",
        "b/c.txt File see",
        "b.log File log",
        "empty/ Dir ",
        "link Link -> /etc/shadow ",
    ];
    assert_eq!(read, expected);
}

pub async fn patterns_pick_what_goes_into_an_archive(place: &Place) {
    furnished(place).await;
    let without = Packing { exclude: vec!["*.log".into(), "/link".into()], ..all(place) };
    let names = ["./ Dir ", "a.txt File one", "b/ Dir ", "b/c.txt File see", "empty/ Dir "];
    assert_eq!(read(place, without).await.unwrap(), names);
    let only = Packing { include: vec!["*.txt".into()], ..all(place) };
    assert_eq!(read(place, only).await.unwrap(), ["./ Dir ", "a.txt File one", "b/ Dir ", "b/c.txt File see"]);
    let none = Packing { exclude: vec!["*".into()], ..all(place) };
    assert_eq!(read(place, none).await.unwrap_err().kind(), Kind::Recipe);
}

pub async fn a_root_is_there_and_no_link(place: &Place) {
    furnished(place).await;
    let of = |name: &str, optional| {
        let roots = vec![Root { path: place.path(name), optional }];
        Packing { roots, ..all(place) }
    };
    assert_eq!(read(place, of("a.txt", false)).await.unwrap(), ["a.txt File one"]);
    assert_eq!(read(place, of("absent", false)).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(read(place, of("absent", true)).await.unwrap_err().causes(), ["none of the optional roots is there"]);
    assert_eq!(read(place, of("link", false)).await.unwrap_err().causes(), ["it is a link"]);
    let empty = Packing { allow_empty: true, ..of("absent", true) };
    assert!(read(place, empty).await.unwrap().is_empty());
}

pub async fn a_look_at_what_would_be_packed_gives_no_byte(place: &Place) {
    furnished(place).await;
    let mut packed = place.call.pack(Packing { contents: false, ..all(place) }).await.unwrap();
    assert_eq!(packed.source.next().await.unwrap(), Piece::End);
    let none = Packing { contents: false, exclude: vec!["*".into()], ..all(place) };
    assert_eq!(read(place, none).await.unwrap_err().kind(), Kind::Recipe);
}

pub async fn many_are_removed_at_once(place: &Place) {
    furnished(place).await;
    let paths = ["b", "a.txt", "absent", "b/c.txt", "link"].map(|name| place.path(name));
    let error = place.call.remove_many(paths.to_vec()).await.unwrap_err();
    assert_eq!(error.what(), "cannot remove 1 of 5 files");
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(place.names().await, ["b.log", "empty"]);
    place.call.remove_many(vec![place.path("b.log"), place.path("empty")]).await.unwrap();
    assert!(place.names().await.is_empty());
}

pub async fn modes_and_owners_are_set_but_never_through_a_link(place: &Place) {
    furnished(place).await;
    let path = place.path("a.txt");
    place.call.set_mode(&path, 0o640).await.unwrap();
    assert_eq!(place.call.stat(&path).await.unwrap().unwrap().mode, 0o640);
    let owner = place.call.stat(&path).await.unwrap().unwrap().owner;
    place.call.set_owner(&path, Some(owner.to_string()), None).await.unwrap();
    assert_eq!(place.call.set_mode(&place.path("absent"), 0o600).await.unwrap_err().kind(), Kind::NotFound);
    assert_eq!(place.call.set_mode(&place.path("link"), 0o600).await.unwrap_err().causes(), ["it is a link"]);
    let given = place.call.set_owner(&place.path("link"), Some(owner.to_string()), None).await;
    assert_eq!(given.unwrap_err().causes(), ["it is a link"]);
    let unknown = place.call.set_owner(&path, Some("no-such-user".into()), None).await.unwrap_err();
    assert_eq!(unknown.what(), "there is no user `no-such-user`");
}
