//! Recipes that would take all memory, all stack or all time fail cleanly: small, soon, and with nothing left behind.

use std::os::unix::process::CommandExt;
use std::time::{Duration, Instant};

use crate::support::program::{Hikae, Said};

/// As large as the process may become in memory: what streams (96 MiB) and Lua (64 MiB) may hold, the program itself, and what the allocator keeps.
pub const MOST_RESIDENT_KIB: i64 = 240 << 10;

/// Runs `body` as a recipe with little address space; gives what it said, how large it grew and how long it took.
fn bomb(body: &str) -> (Hikae, Said, i64, Duration) {
    let recipe = format!(
        "--- Takes too much.
return recipe {{ type = \"daily\", kind = \"maintenance\", timeout = \"20s\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }} }},
  needs = {{ run = {{ \"true\", \"head\", \"cat\", \"yes\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
    {body}
  end }}
"
    );
    let hikae = Hikae::new().file("config/recipes/bomb.lua", &recipe);
    let (said, resident, took) = measured(&hikae, &["run", "bomb"]);
    (hikae, said, resident, took)
}

/// Runs the program with little address space; what it said, how large it grew and how long it took.
pub fn measured(hikae: &Hikae, args: &[&str]) -> (Said, i64, Duration) {
    let mut command = hikae.command(args);
    // SAFETY: the closure makes one system call and nothing else.
    unsafe {
        command.pre_exec(|| {
            let all = Some(6 << 30);
            Ok(rustix::process::setrlimit(
                rustix::process::Resource::As,
                rustix::process::Rlimit { current: all, maximum: all },
            )?)
        });
    }
    let began = Instant::now();
    let child = command.spawn().unwrap();
    let status = format!("/proc/{}/status", child.id());
    let watch = std::thread::spawn(move || {
        let mut highest = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let found = text
                .lines()
                .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse().ok());
            let Some(found) = found else { break };
            highest = std::cmp::max(highest, found);
            std::thread::sleep(Duration::from_millis(5));
        }
        highest
    });
    let output = child.wait_with_output().unwrap();
    let took = began.elapsed();
    (hikae.said(output), watch.join().unwrap(), took)
}

fn fails_small(name: &str, body: &str) {
    let (hikae, said, resident, took) = bomb(body);
    assert_eq!(said.code, 1, "{name}: {said:?}");
    assert!(said.err.contains("bomb.lua:"), "{name}: the recipe's line is told: {said:?}");
    bounded(name, &hikae, resident, took);
}

fn ends_small(name: &str, body: &str) {
    let (hikae, said, resident, took) = bomb(body);
    assert!(said.code == 0 || said.code == 1, "{name}: {said:?}");
    bounded(name, &hikae, resident, took);
}

fn bounded(name: &str, hikae: &Hikae, resident: i64, took: Duration) {
    assert!(resident < MOST_RESIDENT_KIB, "{name}: {} MiB", resident >> 10);
    assert!(took < Duration::from_secs(25), "{name}: {took:?}");
    let all =
        walkdir::WalkDir::new(hikae.path("")).into_iter().map(|entry| entry.unwrap().path().display().to_string());
    let left: Vec<String> = all.filter(|path| path.ends_with("hikae-part") || path.contains("/unpacked_")).collect();
    assert!(left.is_empty(), "{name}: {left:?}");
    let started = crate::support::processes::started_in(&hikae.path(""));
    assert!(started.is_empty(), "{name}: still running: {started:?}");
}

/// A table that holds itself twice, so deep that all of it would be millions of values.
const TWICE: &str = "local t = {} for _ = 1, 22 do t = { t, t } end";

#[test]
fn a_table_that_holds_itself_is_not_expanded() {
    for (name, call) in [
        ("json.encode", "json.encode(t)"),
        ("process.run", "process.run { program = \"true\", args = t }"),
        ("error", "error(t)"),
        ("log.info", "log.info(t)"),
        ("run.note", "run.note(\"x\", t)"),
        ("path.join", "path.join(t, t)"),
        ("fs.list", "fs.list(t)"),
        ("http.get", "http.get(t)"),
        ("errors.accept", "errors.accept(t, \"x\")"),
    ] {
        fails_small(name, &format!("{TWICE} {call}"));
    }
}

#[test]
fn one_long_string_again_and_again_does_not_cross() {
    for call in ["json.encode(t)", "process.run { program = \"true\", args = t }", "log.info(t)"] {
        fails_small(
            call,
            &format!("local s, t = string.rep(\"x\", 16000000), {{}} for i = 1, 1000 do t[i] = s end {call}"),
        );
    }
}

#[test]
fn a_declaration_that_holds_itself_is_one_broken_row() {
    let hikae = Hikae::new()
        .file(
            "config/recipes/bomb.lua",
            &format!("{TWICE}\nreturn recipe {{ type = \"daily\", params = t, run = function() end }}\n"),
        )
        .file(
            "config/recipes/quiet.lua",
            "--- Quiet.\nreturn recipe { type = \"daily\", kind = \"maintenance\", run = function() end }\n",
        );
    for command in ["list", "status", "check"] {
        let (said, resident, took) = measured(&hikae, &[command]);
        assert!(
            (said.out.contains("quiet") || command == "status") && said.out.contains("bomb"),
            "{command}: {said:?}"
        );
        bounded(command, &hikae, resident, took);
    }
}

#[test]
fn text_of_a_stream_has_its_bound() {
    fails_small("one", "process.stream { program = \"yes\" }:text { max_bytes = 1000000000 }");
    fails_small("text", "process.stream { program = \"yes\" }:text { max_bytes = \"1 GB\" }");
    ends_small(
        "twenty",
        "local all = {} for i = 1, 20 do all[\"b\" .. i] = function() return #process.stream { program = \"head\", args = { \"-c\", \"16000000\", \"/dev/zero\" } }:text { max_bytes = 16000000 } end end parallel(all)",
    );
}

#[test]
fn many_streams_wait_for_their_turn() {
    for (name, count, bytes, stage) in [
        ("gzip", 3000, 1000, "gzip()"),
        ("gzip of more", 100, 3_000_000, "gzip()"),
        ("zstd", 200, 1000, "zstd { level = 19 }"),
        ("zstd of more", 20, 3_000_000, "zstd { level = 19 }"),
        ("threads", 1, 3_000_000, "gzip { threads = 64 }"),
    ] {
        ends_small(
            name,
            &format!(
                "local all = {{}} for i = 1, {count} do all[\"b\" .. i] = function() return process.stream {{ program = \"head\", args = {{ \"-c\", \"{bytes}\", \"/dev/urandom\" }} }}:{stage}:discard() end end parallel(all)"
            ),
        );
    }
    fails_small("a thousand threads", "process.stream { program = \"true\" }:gzip { threads = 1000 }:discard()");
}

#[test]
fn a_stream_has_at_most_sixty_four_stages() {
    for stage in ["hash(tostring(i))", "gzip()", "tap_lines(function() end)"] {
        fails_small(
            stage,
            &format!(
                "local s = process.stream {{ program = \"true\" }} for i = 1, 5000 do s = s:{stage} end s:discard()"
            ),
        );
    }
}

#[test]
fn functions_that_read_streams_inside_each_other_end() {
    fails_small(
        "tap_lines",
        "local function tap() process.stream { program = \"head\", args = { \"-c\", \"2\", \"/dev/zero\" } }:tap_lines(tap):discard() end tap()",
    );
}

#[test]
fn work_on_long_strings_counts() {
    for call in ["s:upper()", "s:reverse()", "utf8.len(s)", "local _ = s < r", "local _ = s .. \"x\"", "s:lower()"] {
        let (hikae, said, resident, took) = bomb(&format!(
            "local s = string.rep(\"x\", 15000000) local r = string.rep(\"x\", 15000000) for _ = 1, 1e9 do {call} end"
        ));
        assert_eq!(said.code, 1, "{call}: {said:?}");
        bounded(call, &hikae, resident, took);
    }
}

#[test]
fn a_log_without_end_is_cut() {
    let (hikae, said, resident, took) =
        bomb("local line = string.rep(\"x\", 10000) for _ = 1, 80000 do log.info(line) end");
    assert_eq!(said.code, 0, "{:?}", &said.err);
    assert!(said.out.len() < 12 << 20, "{}", said.out.len());
    assert!(
        said.out.contains("the rest of its lines is left out")
            || said.err.contains("the rest of its lines is left out")
    );
    bounded("log", &hikae, resident, took);
}

#[test]
fn folders_inside_folders_take_no_longer_than_their_number() {
    let body = "local name = string.rep(\"d/\", 1000) local began = clock.elapsed() fs.write(path.join(p.dir, name, \"x\"), \"x\") assert(clock.elapsed() - began < 5)";
    let (_hikae, said, _, took) = bomb(body);
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert!(said.code == 0 || said.code == 1, "{said:?}");
}

#[test]
fn archives_of_deep_folders_take_no_longer_than_their_number() {
    let body = "local deep = path.join(p.dir, (string.rep(\"d/\", 1000)))\n\
                fs.mkdir(deep) for i = 1, 50 do fs.write(path.join(deep, \"f\" .. i), \"x\") end\n\
                local to = path.join(p.dir, \"x.tar\")\n\
                local began = clock.elapsed()\n\
                archive.pack { roots = { path.join(p.dir, \"d\") } }:save(to)\n\
                assert(#archive.list(to) > 1000)\n\
                archive.unpack { source = to, into = path.join(p.dir, \"out\") }\n\
                assert(clock.elapsed() - began < 10, \"quadratic\")";
    let (hikae, said, resident, took) = bomb(body);
    assert!(said.code == 0 || said.err.contains("bomb.lua:"), "{said:?}");
    assert!(!said.err.contains("quadratic") && !said.err.contains("left behind"), "{said:?}");
    bounded("deep", &hikae, resident, took);
}

#[test]
fn what_goes_on_at_the_deadline_ends_soon() {
    for (name, body) in [
        ("zstd", "process.stream { program = \"yes\" }:zstd { level = 19 }:discard()"),
        ("gzip", "process.stream { program = \"yes\" }:gzip():save(path.join(p.dir, \"x.gz\"))"),
        ("lua", "while true do pcall(string.rep, \"x\", 1000000) end"),
    ] {
        let (hikae, said, resident, took) = bomb(body);
        assert_eq!(said.code, 1, "{name}: {said:?}");
        assert!(!said.err.contains("left behind"), "{name}: {said:?}");
        bounded(name, &hikae, resident, took);
        assert!(hikae.backups().is_empty(), "{name}: {:?}", hikae.backups());
    }
}

/// A spec of this body, run by `hikae test` with little address space.
fn spec_bomb(name: &str, body: &str) -> Said {
    let spec = format!("describe(\"bomb\", function() it(\"takes too much\", function() {body} end) end)\n");
    let recipe = "--- Quiet.\nreturn recipe { type = \"daily\", kind = \"maintenance\", run = function() end }\n";
    let hikae = Hikae::new().file("config/recipes/quiet.lua", recipe).file("config/recipes/quiet_spec.lua", &spec);
    let nest = "--- Nests.\nreturn recipe { type = \"daily\", kind = \"maintenance\", needs = { run = { \"x\" } },\n\
                run = function() process.run { program = \"x\" } end }\n";
    let hikae = hikae.file("config/recipes/nest.lua", nest);
    let (said, resident, took) = measured(&hikae, &["test"]);
    bounded(name, &hikae, resident, took);
    said
}

#[test]
fn specs_have_the_same_bounds() {
    for (name, body) in [
        ("simulate of a table that holds itself", format!("{TWICE} simulate(t):run(\"quiet\"):ok()")),
        ("samples", "samples.pg_dump { contacts = 1e9 }".to_owned()),
        ("many samples", "local all = {} for i = 1, 1e6 do all[i] = samples.pg_dump { contacts = 100000 } end".to_owned()),
        (
            "nested",
            "local function deeper() simulate { programs = { x = deeper } }:run(\"nest\"):ok() return \"\" end deeper()".to_owned(),
        ),
    ] {
        let said = spec_bomb(name, &body);
        assert_eq!(said.code, 1, "{name}: {said:?}");
        assert!(said.out.contains("quiet_spec.lua"), "{name}: {said:?}");
    }
}
