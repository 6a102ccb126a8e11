//! `:copies` from outside: each copy stands or falls for itself, and the run says which did.

use std::time::Instant;

use crate::support::program::Hikae;

/// A recipe that gives one reading to the copies in `body`.
fn world(body: &str) -> Hikae {
    let recipe = format!(
        "--- Several places, one reading.
return recipe {{
  type = \"daily\",
  params = {{ dir = {{ env = \"BACKUP_DIR\", type = \"path\" }} }},
  needs = {{ run = {{ \"seq\", \"sleep\", \"false\" }}, write = {{ \"{{dir}}\" }} }},
  run = function(p)
    local dump = process.stream {{ program = \"seq\", args = {{ \"300000\" }} }}
    local made, failures = dump:copies {{
{body}
    }}
    return made
  end,
}}
"
    );
    Hikae::new().file("config/recipes/shop.lua", &recipe)
}

const GOOD: &str = "      good = function(copy) return copy:gzip():save(path.join(p.dir, \"good.gz\")) end,";

#[test]
fn one_that_fails_leaves_the_others_and_makes_the_run_partial() {
    let bad = "\n      bad = function(copy) return copy:save(\"/nowhere/bad\") end,";
    let hikae = world(&format!("{GOOD}{bad}"));
    let said = hikae.run(&["run", "shop"]);
    assert_eq!((said.code, hikae.backups()), (2, vec!["good.gz".to_owned(), "good.gz.manifest.json".to_owned()]));
    assert!(said.err.contains("the copy `bad` failed"), "{}", said.err);
    assert!(!said.err.contains("nobody answered for it"), "{}", said.err);
}

#[test]
fn one_that_stalls_is_dropped_at_its_limit() {
    let slow = "\n      slow = function(copy)
        return copy:through({ program = \"sleep\", args = { \"300\" }, idle_timeout = 2 }):save(path.join(p.dir, \"slow\"))
      end,";
    let hikae = world(&format!("{GOOD}{slow}"));
    let began = Instant::now();
    let said = hikae.run(&["run", "shop"]);
    assert_eq!((said.code, hikae.backups()), (2, vec!["good.gz".to_owned(), "good.gz.manifest.json".to_owned()]));
    assert!(said.err.contains("`sleep` moved no byte for 2.0s"), "{}", said.err);
    assert!(began.elapsed().as_secs() < 60, "it held up the run for {:?}", began.elapsed());
}

#[test]
fn when_all_fail_the_run_fails_and_nothing_is_left() {
    let hikae = world(
        "      one = function(copy) return copy:through({ program = \"false\" }):save(path.join(p.dir, \"one\")) end,
      two = function(copy) return copy:save(\"/nowhere/two\") end,",
    );
    let said = hikae.run(&["run", "shop"]);
    assert_eq!((said.code, hikae.backups()), (1, Vec::<String>::new()));
    assert!(said.err.contains("no copy of `seq 300000` was made"), "{}", said.err);
}
