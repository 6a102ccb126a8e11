//! `gpg`: keys that cannot be relied on are refused, the keyring stays as it is, and what is stored is proved without its secret key.

use std::sync::Arc;
use std::time::Duration;

use hikae::backup::decrypting::by_gpg::{GpgKey, ungpg};
use hikae::backup::decrypting::{Identity, SecretKey};
use hikae::backup::gpg::encrypt::{GpgLock, gpg};
use hikae::error::{Error, Kind, Result};
use hikae::secret::Secret;
use hikae::stream::SharedFacts;
use hikae::stream::pump::{Tallier, Tally};
use hikae::world::real::Real;
use hikae::world::{Caller, Hidden, Limits};

use super::keyring::Keyring;
use crate::compression::samples::{all, given, ragged, rows};

fn caller() -> Caller {
    let limits = Limits { total: Duration::from_secs(60), idle: Duration::from_secs(60) };
    Caller::new(Arc::new(Real::ambient()), limits)
}

fn lock(keyring: &Keyring, recipients: &[&str]) -> GpgLock {
    let recipients = recipients.iter().map(|name| (*name).to_owned()).collect();
    GpgLock { recipients, passphrase: None, sign: None, keyring: Some(keyring.path().to_owned()) }
}

async fn encrypt(lock: GpgLock, plain: &[u8]) -> Result<Vec<u8>> {
    all(gpg(ragged(plain, 3), caller(), lock, &SharedFacts::default())).await
}

async fn refused(keyring: &Keyring, recipient: &str) -> Error {
    encrypt(lock(keyring, &[recipient]), b"rows").await.unwrap_err()
}

async fn decrypt(packed: &[u8], identity: Identity, keyring: Option<&Keyring>) -> Result<Vec<u8>> {
    let key = GpgKey { identity, keyring: keyring.map(|keyring| keyring.path().to_owned()) };
    all(ungpg(given(packed), caller(), key)).await
}

fn secret_of(keyring: &Keyring, fingerprint: &str, passphrase: &str) -> SecretKey {
    let args = ["--passphrase", passphrase, "--armor", "--export-secret-keys", fingerprint];
    SecretKey::Text(Secret::new(String::from_utf8(keyring.gpg(&args, b"")).unwrap()))
}

fn only(key: SecretKey) -> Identity {
    Identity { key: Some(key), passphrase: None }
}

fn by(passphrase: &str) -> Identity {
    Identity { key: None, passphrase: Some(Secret::new(passphrase)) }
}

fn tally(bytes: &[u8]) -> Tally {
    let mut tally = Tallier::default();
    tally.add(bytes);
    tally.finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_encrypted_comes_back_by_gpg_itself_and_is_proved_without_its_key() {
    let keyring = Keyring::new();
    let ops = keyring.make("Ops <ops@example.com>", "", &[]);
    let before = keyring.content();
    let (text, facts) = (rows(3_000_000), SharedFacts::default());
    let stored = all(gpg(ragged(&text, 5), caller(), lock(&keyring, &[&ops]), &facts)).await.unwrap();
    assert!(keyring.content() == before, "the keyring was changed");
    assert!(keyring.gpg(&["--decrypt"], &stored) == text);

    let facts = facts.lock().clone();
    let told = facts.encryption.unwrap();
    assert_eq!((told.kind.as_str(), &told.recipients[..]), ("gpg", &[ops][..]));
    assert_eq!(told.throwaway.unwrap().len(), 40);
    let packets = String::from_utf8(keyring.gpg(&["--list-packets"], &stored)).unwrap();
    assert_eq!(packets.matches(":pubkey enc packet:").count(), 2, "{packets}");

    let way = facts.way_back.unwrap();
    way.prove(given(&stored), &tally(&stored), "x.gpg").await.unwrap();
    for at in [300, stored.len() / 2, stored.len() - 3] {
        let mut broken = stored.clone();
        broken[at] ^= 1;
        way.prove(given(&broken), &tally(&broken), "x.gpg").await.unwrap_err();
    }
    let forged = encrypt(lock(&keyring, &[&told.recipients[0]]), b"none").await.unwrap();
    way.prove(given(&forged), &tally(&forged), "x.gpg").await.unwrap_err();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recipient_must_be_valid_and_trusted_or_named_by_its_whole_fingerprint() {
    let (keyring, elsewhere) = (Keyring::new(), Keyring::new());
    keyring.make("Ops <ops@example.com>", "", &[]);
    encrypt(lock(&keyring, &["ops@example.com"]), b"rows").await.unwrap();

    let stranger = elsewhere.make("Stranger <stranger@example.com>", "", &[]);
    keyring.gpg(&["--import"], &elsewhere.gpg(&["--export", &stranger], b""));
    let error = refused(&keyring, "stranger@example.com").await;
    assert_eq!(error.kind(), Kind::Denied);
    assert!(error.one_line().contains("the keyring does not trust the key Stranger"), "{}", error.one_line());
    assert!(error.hint_text().unwrap().contains(&stranger));
    encrypt(lock(&keyring, &[&stranger]), b"rows").await.unwrap();
    assert!(
        refused(&keyring, &stranger[24..]).await.one_line().contains("does not trust"),
        "a short id is no fingerprint"
    );

    let expired = keyring.make("Old <old@example.com>", "", &["--faked-system-time", "20200101T000000"]);
    for name in ["old@example.com", &expired] {
        let error = refused(&keyring, name).await;
        assert_eq!(error.kind(), Kind::Denied);
        assert!(error.one_line().contains("it expired on 2020-01-0"), "{}", error.one_line());
    }
    let revoked = keyring.make("Gone <gone@example.com>", "", &[]);
    keyring.revoke(&revoked);
    assert!(refused(&keyring, &revoked).await.one_line().contains("it is revoked"));

    let disabled = keyring.make("Away <away@example.com>", "", &[]);
    keyring.disable(&disabled);
    for name in ["away@example.com", &disabled] {
        assert!(refused(&keyring, name).await.one_line().contains("it is disabled"), "{name}");
    }

    let error = refused(&keyring, "nobody@example.com").await;
    assert_eq!(error.kind(), Kind::NotFound);
    let two = keyring.make("Ops the second <ops@example.com>", "", &[]);
    assert!(!two.is_empty());
    assert!(refused(&keyring, "ops@example.com").await.one_line().contains("more than one key"));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_key_that_does_not_fit_has_its_own_words() {
    let keyring = Keyring::new();
    let ops = keyring.make("Ops <ops@example.com>", "", &[]);
    let safe = keyring.make("Safe <safe@example.com>", "swordfish", &[]);
    let text = rows(200_000);
    let packed = encrypt(lock(&keyring, &[&ops]), &text).await.unwrap();
    let guarded = encrypt(lock(&keyring, &[&safe]), &text).await.unwrap();
    assert!(decrypt(&packed, only(secret_of(&keyring, &ops, "")), None).await.unwrap() == text);
    assert!(decrypt(&packed, Identity::default(), Some(&keyring)).await.unwrap() == text);

    let key = secret_of(&keyring, &safe, "swordfish");
    let with = |passphrase: &str| Identity { key: Some(key.clone()), passphrase: Some(Secret::new(passphrase)) };
    assert!(decrypt(&guarded, with("swordfish"), None).await.unwrap() == text);
    for (identity, words) in
        [(with("catfish"), "passphrase is wrong"), (only(key.clone()), "passphrase is wrong or missing")]
    {
        let error = decrypt(&guarded, identity, None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Denied, "{}", error.one_line());
        assert!(error.one_line().contains(words), "{}", error.one_line());
    }
    let error = decrypt(&packed, with("swordfish"), None).await.unwrap_err();
    assert!(error.one_line().contains("the secret key of none of its recipients is there"), "{}", error.one_line());
    let error = decrypt(&packed, only(SecretKey::Text(Secret::new("no key at all"))), None).await.unwrap_err();
    assert_eq!(error.kind(), Kind::Denied);
}

#[tokio::test(flavor = "multi_thread")]
async fn damage_is_noticed_and_data_that_was_never_encrypted_is_refused() {
    let keyring = Keyring::new();
    let ops = keyring.make("Ops <ops@example.com>", "", &[]);
    let key = secret_of(&keyring, &ops, "");
    let packed = encrypt(lock(&keyring, &[&ops]), &rows(500_000)).await.unwrap();
    let mut changed = packed.clone();
    changed[packed.len() / 2] ^= 1;
    for (broken, what) in
        [(&packed[..packed.len() - 1000], "cut"), (&changed, "changed"), (b"not gpg", "plain"), (b"", "empty")]
    {
        let error = decrypt(broken, only(key.clone()), None).await.unwrap_err();
        assert_eq!(error.kind(), Kind::Integrity, "{what}: {}", error.one_line());
    }
    let stored = keyring.gpg(&["--store"], b"rows");
    let error = decrypt(&stored, only(key), None).await.unwrap_err();
    assert!(error.one_line().contains("it is not encrypted"), "{}", error.one_line());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passphrase_encrypts_and_is_proved_by_itself() {
    let facts = SharedFacts::default();
    let lock =
        GpgLock { recipients: Vec::new(), passphrase: Some(Secret::new("tr0ub4dor")), sign: None, keyring: None };
    let stored = all(gpg(given(b"rows"), caller(), lock, &facts)).await.unwrap();
    let way = facts.lock().way_back.clone().unwrap();
    way.prove(given(&stored), &tally(&stored), "x.gpg").await.unwrap();
    assert_eq!(decrypt(&stored, by("tr0ub4dor"), None).await.unwrap(), b"rows");
    let error = decrypt(&stored, by("tr0ub4dour"), None).await.unwrap_err();
    // One wrong passphrase in 256 gives a key that looks right, and then data that does not.
    assert!(matches!(error.kind(), Kind::Denied | Kind::Integrity), "{}", error.one_line());
    assert_eq!(facts.lock().encryption.clone().unwrap().throwaway, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_signed_says_so() {
    let keyring = Keyring::new();
    let ops = keyring.make("Ops <ops@example.com>", "", &[]);
    let signed = GpgLock { sign: Some(ops.clone()), ..lock(&keyring, &[&ops]) };
    let packed = encrypt(signed, b"rows").await.unwrap();
    assert!(keyring.takes(&["--status-fd", "1", "--decrypt"], &packed));
    let said = String::from_utf8_lossy(&keyring.gpg(&["--status-fd", "1", "--decrypt"], &packed)).into_owned();
    assert!(said.contains("GOODSIG"), "{said}");
    let unknown = GpgLock { sign: Some("nobody@example.com".to_owned()), ..lock(&keyring, &[&ops]) };
    assert_eq!(encrypt(unknown, b"rows").await.unwrap_err().kind(), Kind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_folder_lies_in_memory_and_goes_and_what_a_killed_run_left_goes_with_the_next() {
    use std::os::unix::fs::MetadataExt;
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().mode() & 0o777;
    let files = || vec![("keys/one".to_owned(), Hidden(b"secret".to_vec()))];
    let made = caller().make_memory_dir(files()).await.unwrap();
    let (path, root) = (made.path.clone(), made.path.parent().unwrap().to_owned());
    assert_eq!((mode(&path), mode(&root), mode(&path.join("keys/one"))), (0o700, 0o700, 0o600));
    assert_eq!(std::fs::read(path.join("keys/one")).unwrap(), b"secret");
    assert!(path.starts_with("/dev/shm") || path.starts_with("/run"), "{}", path.display());

    let dead = root.join(format!("keys_dead_{}", std::process::id()));
    std::fs::create_dir(&dead).unwrap();
    std::fs::write(dead.join("key"), "left").unwrap();
    std::fs::write(dead.with_extension("lock"), "").unwrap();
    let other = caller().make_memory_dir(Vec::new()).await.unwrap();
    assert!(!dead.exists() && !dead.with_extension("lock").exists() && path.exists());
    drop((made, other));
    for _ in 0..200 {
        if !path.exists() {
            return;
        }
        tokio::time::timeout(Duration::from_millis(20), std::future::pending::<()>()).await.unwrap_err();
    }
    panic!("{} is still there", path.display());
}
