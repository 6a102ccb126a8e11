//! Says whether the mail server would take mails.

use std::sync::Arc;
use std::time::Duration;

use crate::error::Result;
use crate::world::limited::Limited;
pub use crate::world::mail::settings::{Lookup, Recipients, Settings, recipients};
use crate::world::real::{self, Real};
use crate::world::{Caller, Limits};

/// The longest that an access token may take.
const TOKEN: Limits = Limits { total: Duration::from_secs(30), idle: Duration::from_secs(30) };

/// Whether the server would take mails: connects, encrypts, logs in and leaves.
pub async fn verify(settings: &Settings) -> Result<()> {
    let caller = Caller::new(Arc::new(Limited::new(Real::ambient())), TOKEN);
    let settings = settings.clone().with_token(&caller).await?;
    real::mail::verify(&settings.server).await
}

/// What `check` and the log say of that, in the runbook's words (§6, step 5).
pub fn verified_line(answer: &Result<()>) -> String {
    match answer {
        Ok(()) => "[EmailService] SMTP server is ready to send emails".to_owned(),
        Err(error) => format!("[EmailService] SMTP connection error: {}", error.one_line()),
    }
}
