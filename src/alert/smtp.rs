//! Checks whether the mail server accepts mail.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::world::limited::Limited;
pub use crate::world::mail::settings::{Lookup, Recipients, Settings, recipients};
use crate::world::real::{self, Real};
use crate::world::{Caller, Limits};

/// The time limit for getting an access token.
const TOKEN: Limits = Limits { total: Duration::from_secs(30), idle: Duration::from_secs(30) };

/// Checks whether the server accepts mail: connects, encrypts, logs in and disconnects.
pub async fn verify(settings: &Settings) -> Result<()> {
    let caller = Caller::new(Arc::new(Limited::new(Real::ambient())), TOKEN);
    let settings = settings.clone().with_token(&caller).await?;
    real::mail::verify(&settings.server).await
}

/// The message for `check` and the log, in the runbook's words (§6, step 5).
pub fn verified_line(answer: &Result<()>) -> String {
    match answer {
        Ok(()) => "[EmailService] SMTP server is ready to send emails".to_owned(),
        Err(error) => format!("[EmailService] SMTP connection error: {}", error.one_line()),
    }
}
