//! Keeps a value that never prints itself, and strikes known secrets out of any text that is about to be shown.

use std::fmt;
use std::sync::{Arc, LazyLock, RwLock};

use futures_util::future::Either;

pub use forms::Forms;

mod forms;

/// What is shown where a secret was.
pub const MASK: &str = "********";

/// A secret value; only `expose` gives it away.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

/// Secrets that were met, so that text from elsewhere (a program's standard error) can be cleaned of them.
#[derive(Default)]
struct Known(RwLock<Forms>);

/// What this process has met.
static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);

tokio::task_local! {
    /// What the rehearsal that this task belongs to has met.
    static MET: Arc<Known>;
}

impl Known {
    fn meet(&self, value: &str) {
        self.0.write().unwrap_or_else(|broken| broken.into_inner()).add(value);
    }

    fn strike(&self, text: &str) -> String {
        self.0.read().unwrap_or_else(|broken| broken.into_inner()).strike(text)
    }
}

/// Does `work` as a process of its own would: what it shows is cleaned only of `secrets` and of those that it meets itself.
///
/// A rehearsal would otherwise hide what the real run shows: the secrets that its spec, or another one, has named.
pub async fn apart<T>(secrets: impl IntoIterator<Item = Secret>, work: impl Future<Output = T>) -> T {
    let known = Known::default();
    secrets.into_iter().for_each(|secret| known.meet(&secret.0));
    MET.scope(Arc::new(known), work).await
}

/// `work` as a part of what is done here, wherever it is polled.
pub fn along<F: Future>(work: F) -> impl Future<Output = F::Output> {
    match MET.try_with(Arc::clone) {
        Ok(met) => Either::Left(MET.scope(met, work)),
        Err(_) => Either::Right(work), // no rehearsal
    }
}

impl Secret {
    pub fn new(value: impl Into<Arc<str>>) -> Secret {
        let value = value.into();
        KNOWN.meet(&value);
        if let Ok(met) = MET.try_with(Arc::clone) {
            met.meet(&value);
        }
        Secret(value)
    }

    /// The value itself, for the one place that must have it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MASK)
    }
}

/// The name under which a `Secret` asks a deserializer for itself; anything but a secret-aware source refuses it.
pub const SECRET_NEWTYPE: &str = "hikae::Secret";

impl<'de> serde::Deserialize<'de> for Secret {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Secret, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Secret;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a secret or a string")
            }

            fn visit_str<E: serde::de::Error>(self, value: &str) -> Result<Secret, E> {
                Ok(Secret::new(value))
            }

            fn visit_newtype_struct<D: serde::Deserializer<'de>>(self, inner: D) -> Result<Secret, D::Error> {
                let value: String = serde::Deserialize::deserialize(inner)?;
                Ok(Secret::new(value))
            }
        }
        deserializer.deserialize_newtype_struct(SECRET_NEWTYPE, Visitor)
    }
}

/// Hides `value` in everything that is shown from here on.
pub fn hide(value: impl Into<Arc<str>>) {
    drop(Secret::new(value));
}

/// `text` with every known secret struck out, in whichever way it is written there.
///
/// A secret of fewer than four characters is struck out only where it is a word of its own:
/// striking every `a` would leave nothing to read, and would give the secret away.
pub fn redact(text: &str) -> String {
    MET.try_with(|met| met.strike(text)).unwrap_or_else(|_| KNOWN.strike(text))
}
