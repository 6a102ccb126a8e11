//! GNU tar and bsdtar unpack our archives with every attribute, and theirs are read here.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use super::{entries, must, pack, packing, run, whole};

/// Whatever a file can be called and have.
fn odd_tree(top: &Path) {
    std::fs::create_dir_all(top.join("sub/deep")).unwrap();
    std::fs::write(top.join("a.txt"), "one\n").unwrap();
    std::fs::hard_link(top.join("a.txt"), top.join("sub/hard")).unwrap();
    symlink("../a.txt", top.join("sub/link")).unwrap();
    symlink("/nowhere", top.join("sub/dangling")).unwrap();
    symlink("y".repeat(300), top.join("longlink")).unwrap();
    symlink("日本", top.join("jlink")).unwrap();
    std::fs::write(top.join(OsStr::from_bytes(b"latin\xe9.txt")), "x").unwrap();
    std::fs::write(top.join(OsStr::from_bytes(&[0xe9; 200])), "long").unwrap();
    std::fs::write(top.join("new\nline"), "nl").unwrap();
    let far = top.join("長い名前/".repeat(20));
    std::fs::create_dir_all(&far).unwrap();
    std::fs::write(far.join("x".repeat(150)), "far").unwrap();
    std::fs::write(top.join("x".repeat(100)), "just fits").unwrap();
    std::fs::create_dir(top.join("d".repeat(100))).unwrap();
    std::fs::write(top.join("d".repeat(100)).join("e".repeat(101)), "just does not").unwrap();
    std::fs::write(top.join("big"), vec![7; 3 << 20]).unwrap();
    std::fs::File::create(top.join("sparse")).unwrap().set_len(5 << 20).unwrap();
    std::fs::create_dir(top.join("empty")).unwrap();
    std::fs::write(top.join("zero"), "").unwrap();
    std::fs::write(top.join("future"), "").unwrap();
    let shown = |name: &str| top.join(name).display().to_string();
    must("touch", &["-d", "2300-01-01 00:00:00.25 UTC", &shown("future")]);
    must("touch", &["-d", "2001-02-03 04:05:06.123456789 UTC", &shown("zero")]);
    must("chmod", &["4755", &shown("a.txt")]);
    must("chmod", &["1777", &shown("empty")]);
    must("chown", &["12345:54321", &shown("zero")]);
    must("chown", &["3000000:3000000", &shown("future")]);
    must("setfattr", &["-n", "user.note", "-v", "0x00ff0a3d", &shown("a.txt")]);
    must("setfattr", &["-n", "user.dir", "-v", "yes", &shown("sub")]);
    must("setfacl", &["-m", "u:1234:rw,g:4321:r", &shown("zero")]);
    must("setfacl", &["-d", "-m", "u:1234:rwx", &shown("sub/deep")]);
}

/// What the file system says of everything below a folder; sockets and pipes aside.
fn seen(top: &Path) -> BTreeMap<PathBuf, String> {
    let mut seen = BTreeMap::new();
    for entry in walkdir::WalkDir::new(top).min_depth(1) {
        let entry = entry.unwrap();
        let meta = entry.metadata().unwrap();
        let kind = meta.file_type();
        if kind.is_fifo() || kind.is_socket() {
            continue;
        }
        let content = match (kind.is_file(), kind.is_symlink()) {
            (true, _) => format!("{} {:x?}", meta.nlink(), md(&std::fs::read(entry.path()).unwrap())),
            (_, true) => std::fs::read_link(entry.path()).unwrap().display().to_string(),
            _ => String::new(),
        };
        let said =
            format!("{:o} {}:{} {}.{} {content}", meta.mode(), meta.uid(), meta.gid(), meta.mtime(), meta.mtime_nsec());
        seen.insert(entry.path().strip_prefix(top).unwrap().to_owned(), said);
    }
    let attributes = |program: &str, args: &[&str]| {
        let output = std::process::Command::new(program).args(args).current_dir(top).output().unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    seen.insert("xattrs".into(), attributes("getfattr", &["-R", "-d", "-e", "hex", "sub", "a.txt"]));
    seen.insert("acls".into(), attributes("getfacl", &["-R", "-n", "sub", "zero", "a.txt"]));
    seen
}

fn md(data: &[u8]) -> (usize, u64) {
    (data.len(), data.iter().fold(7, |sum: u64, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte))))
}

#[tokio::test]
async fn gnu_tar_and_bsdtar_unpack_ours_with_every_attribute() {
    let kept = tempfile::tempdir().unwrap();
    let top = kept.path().join("tree");
    odd_tree(&top);
    must("mkfifo", &[&top.join("pipe").display().to_string()]);
    let _socket = UnixListener::bind(top.join("sock")).unwrap();
    let (bytes, noticed) = whole(pack(packing(&top)).await.unwrap()).await.unwrap();
    assert_eq!((noticed.fifos, noticed.sockets, noticed.changed.count), (1, 1, 0));
    let file = kept.path().join("a.tar");
    std::fs::write(&file, &bytes).unwrap();
    let ours = seen(&top);
    assert!(ours["xattrs".as_ref() as &Path].contains("user.note=0x00ff0a3d"), "{ours:?}");
    let file = file.display().to_string();
    for (program, args) in
        [("tar", &["--xattrs", "--xattrs-include=*", "--acls"] as &[&str]), ("bsdtar", &["--xattrs", "--acls"])]
    {
        let into = kept.path().join(program);
        std::fs::create_dir(&into).unwrap();
        let into_shown = into.display().to_string();
        must(program, &[&["-xpf", &file, "-C", &into_shown], args].concat());
        assert_eq!(seen(&into), ours, "{program}");
    }
}

#[tokio::test]
async fn what_gnu_tar_and_bsdtar_pack_is_read_here() {
    let kept = tempfile::tempdir().unwrap();
    let top = kept.path().join("tree");
    odd_tree(&top);
    std::fs::remove_file(top.join("sparse")).unwrap();
    let ours = whole(pack(packing(&top)).await.unwrap()).await.unwrap().0;
    let mine = described(ours).await;
    let shown = top.display().to_string();
    for (name, program, args) in [
        ("pax", "tar", &["--format=pax", "--xattrs", "--acls"] as &[&str]),
        ("gnu", "tar", &["--format=gnu"]),
        ("bsd", "bsdtar", &["--format=pax"]),
    ] {
        let file = kept.path().join(name).display().to_string();
        // bsdtar warns of the names that are not UTF-8, and packs them.
        run(program, &[args, &["-cf", &file, "-C", &shown, "."]].concat());
        let mut theirs = described(std::fs::read(&file).unwrap()).await;
        // They differ only in which name of a file of two is the first, and in what their formats have no room for.
        assert_eq!(theirs.len(), mine.len(), "{name}");
        theirs.retain(|path, said| mine.get(path) != Some(said) && !path.ends_with("hard") && !path.ends_with("a.txt"));
        // bsdtar gives a file with an access control list the bits of its group without the mask.
        if name == "bsd" {
            theirs.remove("zero".as_ref() as &Path);
        }
        if name == "gnu" {
            theirs.retain(|_, (.., nanos)| *nanos != 0);
        }
        assert!(theirs.is_empty(), "{name}: {theirs:?}");
    }
}

type Described = BTreeMap<PathBuf, (String, u64, u32, i64, Vec<u8>, u32)>;

async fn described(bytes: Vec<u8>) -> Described {
    let describe = |(entry, data): (hikae::stream::tar::TarEntry, Vec<u8>)| {
        let path: PathBuf = entry.path.components().filter(|part| part.as_os_str() != ".").collect();
        let kind = format!("{:?} {:?}", entry.kind, entry.link);
        let (secs, nanos) = entry.modified;
        (path, (kind, entry.size_bytes, entry.mode, secs, data, nanos))
    };
    entries(bytes).await.into_iter().map(describe).collect()
}

#[tokio::test]
async fn the_distributions_own_trees_come_back_as_they_are() {
    let kept = tempfile::tempdir().unwrap();
    for (number, tree) in ["/etc", "/usr/share/perl5"].iter().enumerate() {
        let (bytes, noticed) = whole(pack(packing(Path::new(tree))).await.unwrap()).await.unwrap();
        assert_eq!(noticed.changed.count, 0, "{tree}: {noticed:?}");
        let (file, into) = (kept.path().join(format!("{number}.tar")), kept.path().join(number.to_string()));
        std::fs::write(&file, &bytes).unwrap();
        std::fs::create_dir(&into).unwrap();
        must("tar", &["-xpf", &file.display().to_string(), "-C", &into.display().to_string()]);
        let same = run("diff", &["-r", "--no-dereference", tree, &into.display().to_string()]);
        assert!(same.status.success(), "{}", String::from_utf8_lossy(&same.stdout));
    }
}
