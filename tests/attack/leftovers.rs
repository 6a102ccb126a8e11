//! What a run has started ends with it, unless the recipe says that it may stay.

use std::time::Duration;

use crate::support::program::Hikae;

/// A recipe whose `run` is `body`, which may run `bash` and `setsid`, and write the folder of backups.
fn recipe(kind: &str, params: &str, body: &str) -> Hikae {
    let text = format!(
        "--- Leaves something.
return recipe {{
  type = \"daily\", kind = \"{kind}\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }}, {params} }},
  needs = {{ run = {{ \"bash\", \"setsid\", \"{{hook}}\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
    {body}
  end,
}}
"
    );
    Hikae::new().file("config/recipes/leaves.lua", &text)
}

const NO_HOOK: &str = "hook = { type = \"command\", optional = true }";

#[test]
fn what_went_into_a_session_of_its_own_ends_with_the_run() {
    for start in ["setsid sh -c", "(setsid setsid sh -c", "trap '' TERM HUP; setsid sh -c", "nohup sh -c"] {
        let close = if start.starts_with('(') { ") &" } else { "&" };
        let body = format!(
            "process.run {{ program = \"bash\", cwd = p.dir, args = {{ \"-c\", [=[{start} 'trap \"\" TERM; sleep 2; echo bad > late' > /dev/null 2>&1 {close} ]=] }} }}"
        );
        let hikae = recipe("maintenance", NO_HOOK, &body);
        let said = hikae.run(&["run", "leaves"]);
        assert_eq!(said.code, 0, "{said:?}");
        std::thread::sleep(Duration::from_millis(2300));
        assert!(!hikae.path("backups/late").exists(), "{start}");
    }
}

#[test]
fn a_hook_that_declares_it_may_leave_a_service_running() {
    let hook = "hook = { type = \"hook\", detach = true, optional = true }";
    let body = "for _i, words in ipairs(p.hook) do process.run { program = words[1], args = { table.unpack(words, 2) }, cwd = p.dir } end";
    let hikae = recipe("maintenance", hook, body);
    let said = hikae.run(&[
        "run",
        "leaves",
        "--set",
        "hook=bash -c 'setsid sh -c \"sleep 1; echo served > service\" > /dev/null 2>&1 &'",
    ]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(
        said.err.contains("left running, as the recipe declares it: 1 program")
            || said.out.contains("left running, as the recipe declares it: 1 program"),
        "{said:?}"
    );
    crate::support::processes::wait_until("the service", || hikae.path("backups/service").exists());
}

#[test]
fn detach_is_for_commands_alone() {
    let hikae = recipe("maintenance", "hook = { type = \"string\", optional = true, detach = true }", "");
    let said = hikae.run(&["run", "leaves"]);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.err.contains("`params.hook.detach` is only for a command or a hook"), "{said:?}");
}
