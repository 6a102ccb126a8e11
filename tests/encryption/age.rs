//! The format `age`: read and written by the program `age` as well, proved without the operator's key, and by bounded memory.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::stream::age::{Key, Lock, age, payload_bytes, unage};
use hikae::stream::gzip::gzip;
use hikae::stream::pump::{Tallier, Tally};
use hikae::stream::{Piece, SharedFacts};

use crate::compression::samples::{Given, all, given, noise, ragged, rows, tool};

const RECIPIENT: &str = "age177ar7ec59df0k6f48k75nhfy2psj9092jhvwhc850vfaeh78j3gsue9s4w";

/// An identity that the program `age-keygen` made, and its recipient.
fn pair() -> (String, String) {
    let made = std::process::Command::new("age-keygen").output().expect("age-keygen is missing: apt-get install age");
    let identity = String::from_utf8(made.stdout).unwrap();
    let recipient = identity.lines().find_map(|line| line.strip_prefix("# public key: ")).unwrap().to_owned();
    (identity, recipient)
}

fn to(recipient: &str) -> Lock {
    Lock::to(&[recipient.to_owned()]).unwrap()
}

fn key(identity: &str) -> Key {
    Key::identities_in(identity, "the test's identity").unwrap()
}

fn tally(bytes: &[u8]) -> Tally {
    let mut tally = Tallier::default();
    tally.add(bytes);
    tally.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn any_size_comes_back_by_age_itself_and_has_the_size_that_the_format_sets() {
    let (identity, recipient) = pair();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("identity.txt");
    std::fs::write(&file, &identity).unwrap();
    let text = rows(3 << 20);
    for size in [0, 1, 65_535, 65_536, 65_537, 131_072, 1 << 20, text.len()] {
        let packed = all(age(ragged(&text[..size], 5), to(&recipient), &SharedFacts::default())).await.unwrap();
        let header = packed.windows(5).position(|found| found == b"\n--- ").unwrap() + 1;
        let header = header + packed[header..].iter().position(|byte| *byte == b'\n').unwrap() + 1;
        assert_eq!((packed.len() - header) as u64, payload_bytes(size as u64), "{size} bytes");
        let line = format!("age --decrypt --identity {}", file.display());
        assert!(tool(&line, &packed) == text[..size], "{size} bytes come back changed");
        assert!(all(unage(ragged(&packed, 7), key(&identity))).await.unwrap() == text[..size]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn its_size_is_right_whatever_the_header_has_in_it() {
    // The header also has a stanza of random length, which nobody needs: it keeps readers from believing too much.
    for size in 0..300 {
        let packed = all(age(given(&noise(size)), to(RECIPIENT), &SharedFacts::default())).await.unwrap();
        assert!(packed.len() > size);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_age_itself_encrypts_is_read() {
    let (identity, recipient) = pair();
    let text = rows(300_000);
    let packed = tool(&format!("age --recipient {recipient}"), &text);
    assert!(all(unage(given(&packed), key(&identity))).await.unwrap() == text);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cut_and_every_changed_byte_is_noticed() {
    let (identity, recipient) = pair();
    let text = noise(200_000);
    let packed = all(age(given(&text), to(&recipient), &SharedFacts::default())).await.unwrap();
    for cut in [0, 1, 20, 200, 400, packed.len() - 65_552, packed.len() - 3_400, packed.len() - 1] {
        let error = all(unage(given(&packed[..cut]), key(&identity))).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity, "cut at {cut}: {}", error.one_line());
    }
    for at in [0, 30, 100, 300, packed.len() / 2, packed.len() - 1] {
        let mut broken = packed.clone();
        broken[at] ^= 4;
        let error = all(unage(given(&broken), key(&identity))).await.unwrap_err();
        assert!(matches!(error.kind(), Kind::Integrity | Kind::Denied), "byte {at}: {}", error.one_line());
    }
    let longer = [&packed[..], b"more"].concat();
    assert_eq!(all(unage(given(&longer), key(&identity))).await.unwrap_err().kind(), Kind::Integrity);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_that_does_not_fit_has_its_own_words() {
    let (identity, recipient) = pair();
    let (stranger, _) = pair();
    let secret = || Secret::new("correct horse battery staple");
    let packed = all(age(given(b"rows"), to(&recipient), &SharedFacts::default())).await.unwrap();
    let locked = all(age(given(b"rows"), Lock::by(secret()).unwrap(), &SharedFacts::default())).await.unwrap();
    let refused = async |packed: &[u8], key| all(unage(given(packed), key)).await.unwrap_err();
    let error = refused(&packed, key(&stranger)).await;
    assert_eq!(error.kind(), Kind::Denied);
    assert_eq!(error.one_line(), "cannot decrypt the `age` data: it is encrypted to other recipients");
    assert!(refused(&packed, Key::Passphrase(secret())).await.one_line().contains("a passphrase was given"));
    assert!(refused(&locked, key(&identity)).await.one_line().contains("an identity was given"));
    let wrong = Key::Passphrase(Secret::new("correct horse battery stable"));
    assert!(refused(&locked, wrong).await.one_line().ends_with("the passphrase is wrong"));
    assert_eq!(all(unage(given(&locked), Key::Passphrase(secret()))).await.unwrap(), b"rows");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_throwaway_proves_what_is_stored_and_is_the_only_recipient_that_is_added() {
    let (_, recipient) = pair();
    let text = rows(400_000);
    let facts = SharedFacts::default();
    let stream = gzip(age(gzip(given(&text), 5, 1, &facts), to(&recipient), &facts), 1, 1, &facts);
    let stored = all(stream).await.unwrap();
    let facts = facts.lock().clone();
    let encryption = facts.encryption.unwrap();
    assert_eq!(encryption.recipients, [recipient]);
    assert!(encryption.throwaway.unwrap().starts_with("age1"));
    assert_eq!(facts.undo, ["gzip -dc", "age --decrypt --identity identity.txt", "gzip -dc"]);
    let packed = all(hikae::stream::gunzip::gunzip(given(&stored))).await.unwrap();
    assert_eq!(packed.windows(10).filter(|found| found == b"\n-> X25519").count(), 2);

    let way = facts.way_back.unwrap();
    way.prove(given(&stored), &tally(&stored), "x.age").await.unwrap();
    let mut broken = stored.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 1;
    way.prove(given(&broken), &tally(&stored), "x.age").await.unwrap_err();
    let error = way.prove(given(&stored), &tally(b"other"), "x.age").await.unwrap_err();
    assert_eq!(error.kind(), Kind::Integrity);
    assert!(error.one_line().contains("what was read back is not what was written"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_decrypts_to_something_else_is_not_proved() {
    let facts = SharedFacts::default();
    let _stored = all(age(given(b"rows"), to(RECIPIENT), &facts)).await.unwrap();
    let way = facts.lock().way_back.clone().unwrap();
    let throwaway = facts.lock().encryption.clone().unwrap().throwaway.unwrap();
    let forged = all(age(given(b"none"), to(&throwaway), &SharedFacts::default())).await.unwrap();
    let error = way.prove(given(&forged), &tally(&forged), "x.age").await.unwrap_err();
    assert!(error.one_line().contains("it decrypts to other"), "{}", error.one_line());
}

#[test]
fn recipients_and_identities_that_are_none_are_refused_without_showing_a_secret() {
    let (identity, recipient) = pair();
    let secret = identity.lines().last().unwrap();
    let refused = |text: &str| Lock::to(&[text.to_owned()]).err().unwrap();
    for text in ["", "age1", "age1qqqq", "ssh-ed25519 AAAA", "age1pq1qqq", &recipient.replace('1', "2")] {
        let error = refused(text);
        assert_eq!(error.kind(), Kind::Recipe);
        assert!(error.hint_text().is_some(), "{text}");
    }
    let error = refused(secret);
    assert!(!format!("{} {:?}", error.one_line(), error.hint_text()).contains(secret));
    assert!(Lock::to(&[]).is_err());
    assert!(Lock::by(Secret::new("")).is_err());
    let none = |text: &str| Key::identities_in(text, "`k`").err().unwrap();
    for text in ["", "# nothing\n", &recipient, "AGE-SECRET-KEY-1QQ", "age-encryption.org/v1\n"] {
        assert_eq!(none(text).kind(), Kind::Recipe);
    }
    let error = none(&secret.replace("1", "1Q"));
    assert!(!error.one_line().contains(&secret[20..]), "{}", error.one_line());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_of_the_source_is_the_answer() {
    for size in [0, 1, 300_000] {
        let source = Given::new(noise(size), || 50_000).failing();
        let error = all(age(Box::new(source), to(RECIPIENT), &SharedFacts::default())).await.unwrap_err();
        assert_eq!((error.kind(), error.what()), (Kind::Command, "cannot run `pg_dump`"), "after {size} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_encrypted_once() {
    let facts = SharedFacts::default();
    let twice = age(age(given(b"rows"), to(RECIPIENT), &facts), to(RECIPIENT), &facts);
    assert!(all(twice).await.unwrap_err().one_line().contains("encrypted twice"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_stops_bounds_what_is_read() {
    let source = Given::new(noise(64 << 20), || 65_536);
    let (pulled, dropped) = (source.pulled.clone(), source.dropped.clone());
    let facts = SharedFacts::default();
    let mut stream = age(Box::new(source), to(RECIPIENT), &facts);
    assert_ne!(stream.next().await.unwrap(), Piece::End);
    let mut before = 0;
    while before != pulled.load(Ordering::SeqCst) {
        before = pulled.load(Ordering::SeqCst);
        tokio::time::timeout(Duration::from_millis(200), std::future::pending::<()>()).await.unwrap_err();
    }
    assert!(before < 4 << 20, "{before} bytes were read ahead");
    drop(stream);
    assert!(dropped.load(Ordering::SeqCst));
}
