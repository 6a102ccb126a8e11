//! What a rehearsal shares with a real run: its deadline, its limits, its own second; and what it keeps to itself.

use hikae::catalog::Status;
use hikae::error::Kind;
use serde_json::json;

use super::{nightly, play, recipe, told};

#[tokio::test]
async fn a_recipe_is_cut_at_its_deadline_by_the_clock_of_its_world() {
    let text = "--- Waits.\nreturn recipe { kind = \"check\", type = \"manual\", timeout = \"1h\",\n\
                run = function() clock.sleep(\"3h\")\nlog.info(\"too late\") end }";
    let rehearsed = play(nightly(), recipe(text), vec![]).await.unwrap();
    assert_eq!((rehearsed.run.status, rehearsed.error.as_ref().unwrap().kind()), (Status::Failure, Kind::Timeout));
    assert_eq!(rehearsed.error.unwrap().what(), "the recipe did not end within `1h`");
    assert_eq!(rehearsed.run.duration_ms, Some(3_600_000));
    assert!(!rehearsed.said.join("\n").contains("too late"));
}

#[tokio::test]
async fn a_recipe_that_waits_less_than_its_deadline_ends_well() {
    let text = "--- Waits.\nreturn recipe { kind = \"check\", type = \"manual\", timeout = \"1h\",\n\
                run = function() clock.sleep(\"59m\") end }";
    let rehearsed = play(nightly(), recipe(text), vec![]).await.unwrap();
    assert_eq!((rehearsed.run.status, told(&rehearsed)), (Status::Success, vec![]));
}

#[tokio::test]
async fn an_endless_loop_is_ended() {
    let text = "--- Never ends.\nreturn recipe { kind = \"check\", type = \"manual\", run = function() while true do end end }";
    let rehearsed = play(nightly(), recipe(text), vec![]).await.unwrap();
    assert_eq!(rehearsed.error.unwrap().hint_text(), Some("is there an endless loop?"));
}

#[tokio::test]
async fn no_link_leads_out_of_what_was_declared() {
    let mut world = nightly();
    world["files"]["/backups/out"] = json!({ "link": "/secret" });
    world["files"]["/secret/file"] = json!("x");
    let text = "--- Climbs.\nreturn recipe { kind = \"check\", type = \"manual\", needs = { write = { \"/backups\" } },\n\
                run = function() fs.write(\"/backups/out/file2\", \"x\") end }";
    let rehearsed = play(world, recipe(text), vec![]).await.unwrap();
    let error = rehearsed.error.unwrap();
    assert_eq!((error.kind(), error.causes()), (Kind::Denied, vec!["a link leads out of `/backups`".to_owned()]));
}
