//! No secret comes into the catalog, whichever way it tries.

use hikae::catalog::{Backup, Failure, NewRun, Notification, Run, Status, Step};
use hikae::error::Kind;
use hikae::secret::Secret;

use super::{State, all_alive, at, daily, dump, entry, run_ended, step};

const PASSWORD: &str = "kept-\"quiet\"\n\\always";

/// Everything that stands in the catalog's files, as bytes.
fn bytes_of(state: &State) -> Vec<u8> {
    let files = std::fs::read_dir(state.dir.path()).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn a_secret_is_struck_out_of_every_text_that_is_kept() {
    let secret = Secret::new(PASSWORD);
    let said = format!("it said {}!", secret.expose());
    let state = State::new();
    let catalog = state.open();
    let run = NewRun { host: said.clone(), username: said.clone(), ..daily(0) };
    catalog.start_run(&run).unwrap();
    let broken = Step { name: said.clone(), site: Some(said.clone()), error: Some(said.clone()), ..step("x") };
    catalog.add_step(&run.id, &broken).unwrap();
    let told = serde_json::json!({ "list": [{ "deep": said.clone() }], said.clone(): 1 });
    catalog.add_backup(&run.id, &dump(), Some(&told)).unwrap();
    let failure = Failure { kind: Kind::Network, message: said.clone(), hint: Some(said.clone()) };
    catalog.finish_run(&Run { error: Some(failure), ..run_ended(&run.id, Status::Failure) }).unwrap();
    let mut audit = entry(&said);
    (audit.username, audit.ip_address, audit.status) = (said.clone(), Some(said.clone()), said.clone());
    audit.details = told;
    catalog.audit(&audit).unwrap();
    let notice = Notification {
        notification_type: said.clone(),
        channel: said.clone(),
        recipient: Some(said.clone()),
        subject: Some(said.clone()),
        status: said.clone(),
        error_message: Some(said.clone()),
        backup_id: None,
        sent_at: at("2026-02-15T02:01:00+09:00"),
    };
    catalog.add_notification(&notice).unwrap();

    let bytes = bytes_of(&state);
    assert!(contains(&bytes, "it said ********!"), "the rest of the text stays");
    for trace in ["kept-", "quiet", "\\always"] {
        assert!(!contains(&bytes, trace), "`{trace}` is in the catalog");
    }
}

#[test]
fn a_password_that_is_part_of_a_path_does_not_hide_the_backup() {
    let secret = Secret::new("qvaultx");
    let state = State::new();
    let catalog = state.open();
    let run = daily(0);
    catalog.start_run(&run).unwrap();
    let path = format!("/srv/{}/db.sql.gz", secret.expose());
    catalog.add_backup(&run.id, &Backup { path: path.clone(), ..dump() }, None).unwrap();
    catalog.finish_run(&run_ended(&run.id, Status::Success)).unwrap();
    assert_eq!(catalog.run(&run.id, &all_alive).unwrap().unwrap().backups[0].path, path);
}

#[test]
fn a_password_that_is_also_a_word_of_hikae_does_not_hide_its_runs() {
    // Registered for the whole test process: no other test may depend on the text `monthly` in free text.
    let secret = Secret::new("monthly");
    let state = State::new();
    let catalog = state.open();
    let id = "BKP-20260215-020000-monthly";
    let run = NewRun { id: id.into(), backup_type: secret.expose().into(), ..daily(0) };
    catalog.start_run(&run).unwrap();
    catalog.finish_run(&run_ended(id, Status::Success)).unwrap();
    let kept = catalog.run(id, &all_alive).unwrap().unwrap();
    assert_eq!((kept.id.as_str(), kept.backup_type.as_str(), kept.status), (id, "monthly", Status::Success));
}
