//! The programs that the promises are tried with, as the simulated world plays them: the same commands as on a real machine.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use hikae::error::{Error, Kind, Result};
use hikae::stream::pump::Tallier;
use hikae::world::simulated::{Call, Canned, Program};

pub fn programs() -> BTreeMap<String, Program> {
    let missing = Canned { missing: true, ..Canned::default() };
    let all = [
        ("sh", Program::function(shell)),
        ("cat", Program::function(|call| Ok(Canned::says(call.stdin)))),
        ("sha256sum", Program::function(|call| Ok(Canned::says(format!("{}  -\n", sha256(&call.stdin)))))),
        ("env", Program::function(|call| Ok(Canned::says(listed(&call.env))))),
        ("false", Canned { code: 1, reads_at_most: Some(0), ..Canned::default() }.into()),
        ("no-such-tool", missing.into()),
    ];
    all.map(|(name, program)| (name.to_owned(), program)).into()
}

/// What a shell does with the scripts of the checks.
fn shell(call: Call) -> Result<Canned> {
    let says = |stdout: &'static str, stderr: &'static str, code: i32| Canned {
        stderr: Bytes::from_static(stderr.as_bytes()),
        code,
        ..Canned::says(stdout)
    };
    let killed = Canned { signal: Some(9), ..Canned::default() };
    Ok(match call.args[1].as_str() {
        "echo out; echo err >&2; exit 3" => says("out\n", "err\n", 3),
        "kill -9 $$" => killed,
        "yes" => Canned { hangs_after: Some(u64::MAX), ..Canned::says("y\n".repeat(1000)) },
        "echo data; echo 'no such database' >&2; exit 1" => says("data\n", "no such database\n", 1),
        "exit 4" => says("", "", 4),
        "printf x" => says("x", "", 0),
        "echo denied >&2; exit 1" => says("", "denied\n", 1),
        "echo \"bad password $PGPASSWORD\" >&2; exit 1" => {
            Canned { stderr: format!("bad password {}\n", call.env["PGPASSWORD"]).into(), ..says("", "", 1) }
        }
        "echo x; sleep 1000" => Canned { takes: Duration::ZERO, hangs_after: Some(2), ..Canned::says("x\n") },
        script => return Err(Error::new(Kind::Other, format!("nobody plays `{script}`"))),
    })
}

fn sha256(data: &[u8]) -> String {
    let mut tally = Tallier::default();
    tally.add(data);
    tally.finish().sha256
}

fn listed(env: &BTreeMap<String, String>) -> String {
    env.iter().map(|(name, value)| format!("{name}={value}\n")).collect()
}
