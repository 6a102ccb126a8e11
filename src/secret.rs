//! Defines a value that never prints itself, and removes known secrets from any text before it is shown.

use std::fmt;
use std::sync::{Arc, LazyLock, RwLock};

use futures_util::future::Either;

pub use forms::Forms;

mod forms;

/// The text shown in place of a secret.
pub const MASK: &str = "********";

/// A secret value; only `expose` returns it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<str>);

/// The secrets seen so far, so that text from elsewhere (a program's standard error) can be cleaned of them.
#[derive(Default)]
struct Known(RwLock<Forms>);

/// The secrets that this process has seen.
static KNOWN: LazyLock<Known> = LazyLock::new(Known::default);

tokio::task_local! {
    /// The secrets that the rehearsal of this task has seen.
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

/// Runs `work` as if in a separate process: its output is cleaned only of `secrets` and of the secrets that `work` itself sees.
///
/// Otherwise a rehearsal would also hide secrets named by its own spec or by another spec, which the real run shows.
pub async fn apart<T>(secrets: impl IntoIterator<Item = Secret>, work: impl Future<Output = T>) -> T {
    let known = Known::default();
    secrets.into_iter().for_each(|secret| known.meet(&secret.0));
    MET.scope(Arc::new(known), work).await
}

/// Binds `work` to the current rehearsal, wherever it is polled.
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

    /// Returns the value itself, for the one place that needs it.
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

/// The type name that `Secret` passes to a deserializer; only a secret-aware source accepts it.
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

/// Returns `text` with every known secret struck out, in any known encoding.
///
/// A secret of fewer than four characters is struck out only where it is a whole word:
/// striking every `a` would make the text unreadable and would reveal the secret.
pub fn redact(text: &str) -> String {
    MET.try_with(|met| met.strike(text)).unwrap_or_else(|_| KNOWN.strike(text))
}
