//! Finds what a program needs to start, as the system's loader does: its libraries, or the interpreter of a script.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use elf::ElfStream;
use elf::abi::{DT_NEEDED, DT_RPATH, DT_RUNPATH, PT_INTERP};
use elf::endian::AnyEndian;

use super::system_paths::{PACKAGES, PROGRAMS};

/// A program has a few dozen libraries; files beyond this limit are ignored.
const MOST_FILES: usize = 500;
/// The kernel reads at most this much of a script's first line.
const FIRST_LINE_BYTES: u64 = 256;
/// Where a package outside the system keeps files that its programs read at startup, relative to their folder.
const SHARED: [(&str, &str); 2] =
    [("share/postgres.bki", "share"), ("share/postgresql/postgres.bki", "share/postgresql")];

/// The folders that `program` needs at startup: its own or that of its package, and those of the libraries it loads.
pub fn folders_of(program: &Path) -> Vec<PathBuf> {
    let mut folders: BTreeSet<PathBuf> = library_folders().iter().cloned().collect();
    let mut waiting = vec![program.canonicalize().unwrap_or_else(|_| program.to_owned())]; // then the start itself says why
    let mut seen = BTreeSet::new();
    while let Some(file) = waiting.pop() {
        if !seen.insert(file.clone()) || seen.len() > MOST_FILES {
            continue;
        }
        folders.extend(folder_of(&file));
        if !of_the_system(&file) {
            waiting.extend(loaded_by(&file));
        }
    }
    folders.extend(shared_of(program));
    folders.into_iter().collect()
}

fn of_the_system(file: &Path) -> bool {
    PROGRAMS.iter().any(|folder| file.starts_with(folder))
}

/// The real folder of a file, or of its package with the libraries.
fn folder_of(file: &Path) -> Option<PathBuf> {
    match file.strip_prefix(PACKAGES).ok().and_then(|below| below.iter().next()) {
        Some(package) => Some(Path::new(PACKAGES).join(package)),
        None => file.parent().map(Path::to_owned),
    }
}

/// A server installation keeps its template files beside its programs.
fn shared_of(program: &Path) -> Option<PathBuf> {
    let installation = program.canonicalize().ok()?.parent()?.parent()?.to_owned();
    let (_, folder) = SHARED.iter().find(|(sign, _)| installation.join(sign).is_file())?;
    Some(installation.join(folder))
}

/// The files that starting `file` opens next.
fn loaded_by(file: &Path) -> Vec<PathBuf> {
    let real = |path: PathBuf| path.canonicalize().ok();
    match interpreter_of_script(file) {
        Some(words) => words.into_iter().filter_map(real).collect(),
        None => libraries_of(file).unwrap_or_default().into_iter().filter_map(real).collect(), // no program: nothing
    }
}

/// The interpreter on the first line of a script, and the one that `env` would look up.
fn interpreter_of_script(file: &Path) -> Option<Vec<PathBuf>> {
    let mut line = Vec::new();
    BufReader::new(File::open(file).ok()?.take(FIRST_LINE_BYTES)).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8_lossy(line.strip_prefix(b"#!")?).into_owned();
    let mut words = line.split_whitespace();
    let interpreter = PathBuf::from(words.next()?);
    let found = words.find(|word| !word.starts_with('-') && !word.contains('='));
    let by_env = found.filter(|_| interpreter.ends_with("env")).and_then(|name| {
        let path = std::env::var_os("PATH")?;
        std::env::split_paths(&path).map(|folder| folder.join(name)).find(|candidate| candidate.is_file())
    });
    Some([interpreter].into_iter().chain(by_env).collect())
}

/// The libraries of a program or library, where its own search paths have them; the system's are readable anyway.
fn libraries_of(file: &Path) -> Option<Vec<PathBuf>> {
    let mut elf = ElfStream::<AnyEndian, _>::open_stream(File::open(file).ok()?).ok()?;
    let entries: Vec<(i64, u64)> = elf.dynamic().ok()??.iter().map(|entry| (entry.d_tag, entry.d_val())).collect();
    let interpreter = elf.segments().iter().find(|segment| segment.p_type == PT_INTERP).copied();
    let loader = interpreter.and_then(|segment| {
        let bytes = elf.segment_data(&segment).ok()?;
        Some(PathBuf::from(String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned()))
    });
    let (names, _) = elf.section_header_by_name(".dynstr").ok()?.map(|header| (*header, ()))?;
    let strings = elf.section_data_as_strtab(&names).ok()?;
    let text = |at: u64| strings.get(usize::try_from(at).ok()?).ok();
    let origin = file.parent()?;
    let paths = entries.iter().filter(|(tag, _)| [DT_RPATH, DT_RUNPATH].contains(tag)).filter_map(|(_, at)| text(*at));
    let folders: Vec<PathBuf> = paths.flat_map(|list| list.split(':')).map(|path| beside(path, origin)).collect();
    let needed = entries.iter().filter(|(tag, _)| *tag == DT_NEEDED).filter_map(|(_, at)| text(*at));
    let found = needed.filter_map(|name| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file()));
    Some(found.chain(loader).collect())
}

/// A loader path, relative to the folder of the file that names it.
fn beside(path: &str, origin: &Path) -> PathBuf {
    let origin = origin.to_string_lossy();
    PathBuf::from(path.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin))
}

/// The library folders that the administrator has added to the system's.
fn library_folders() -> &'static [PathBuf] {
    static FOLDERS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    FOLDERS.get_or_init(|| {
        let more = fs::read_dir("/etc/ld.so.conf.d").into_iter().flatten().flatten(); // a system may have none
        let files = more.map(|entry| entry.path()).chain([PathBuf::from("/etc/ld.so.conf")]);
        let lines = files.filter_map(|file| fs::read_to_string(file).ok());
        let folders = lines.flat_map(|text| text.lines().map(|line| PathBuf::from(line.trim())).collect::<Vec<_>>());
        folders.filter(|folder| folder.is_absolute() && !of_the_system(folder) && folder.is_dir()).collect()
    })
}
