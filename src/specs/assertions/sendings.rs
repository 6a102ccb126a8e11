//! The result of an event that a spec has sent by a channel.

use std::rc::Rc;

use mlua::Value;

use crate::alert::Delivered;
use crate::error::{Error, Kind, Result};
use crate::lua::exports::Call;
use crate::lua::secret_value::SecretValue;
use crate::secret::{Forms, redact};
use crate::specs::assertions::{mails, requests};
use crate::specs::ground::Ground;
use crate::specs::handle::{Method, Subject, give, one_text};
use crate::specs::matchers::Raising;
use crate::specs::trial::Trial;
use crate::specs::{Failed, journal};
use crate::world::journal::Record;
use crate::world::simulated::{Posted, Requested};

/// A finished sending.
pub struct Sent {
    pub answer: Result<Delivered>,
    pub journal: Vec<Record>,
    pub requested: Vec<Requested>,
    pub mailed: Vec<Posted>,
    pub trial: Rc<Trial>,
}

/// The handle of a sending in a spec.
pub type Sending = Rc<Sent>;

impl Ground for Sent {
    fn refute(&self, call: &Call, expected: String, found: String, diff: Vec<String>) -> Result<()> {
        let found = match &self.answer {
            Err(error) => format!("{found} (the channel: {})", error.one_line()),
            Ok(_) => found,
        };
        self.trial.fail(Failed {
            expected: redact(&expected),
            found: redact(&found),
            diff,
            sites: call.sites.clone(),
            journal: journal::lines(&self.journal),
            ..Failed::default()
        });
        Err(Error::new(Kind::Recipe, "an expectation does not hold").at(call.sites.clone()))
    }

    fn requested(&self) -> &[Requested] {
        &self.requested
    }

    fn mailed(&self) -> &[Posted] {
        &self.mailed
    }
}

impl Sent {
    fn words(&self) -> String {
        match &self.answer {
            Ok(Delivered { skipped: Some(reason), .. }) => format!("nothing was sent: {reason}"),
            Ok(_) => "it was sent".to_owned(),
            Err(error) => format!("{}: {}", error.kind().word(), error.one_line()),
        }
    }

    /// All its text in logs, records and errors.
    fn shown(&self) -> impl Iterator<Item = String> {
        let error = self.answer.as_ref().err();
        let errors = error.map(|error| format!("{} {}", error.one_line(), error.hint_text().unwrap_or_default()));
        let journal = self.journal.iter().map(|record| record.to_json().to_string());
        errors.into_iter().chain(journal)
    }
}

/// The sending itself, so that one assertion can follow another.
fn again(call: &Call, sending: &Sending) -> Result<Value> {
    give(call, sending.clone())
}

impl Subject for Sending {
    const NAME: &'static str = "sending";
    const FIELDS: &'static [&'static str] = &[];

    fn asked(&self, _name: &str) {
        self.trial.asked();
    }

    fn methods() -> Vec<Method<Sending>> {
        vec![
            ("sending:ok", |call, sending, _| {
                match &sending.answer {
                    Ok(Delivered { skipped: None, refused, .. }) if refused.is_empty() => {}
                    Ok(delivered @ Delivered { skipped: None, .. }) => {
                        let refused: Vec<&str> = delivered.refused.iter().map(|one| one.address.as_str()).collect();
                        sending.refute(call, "everybody to get it".into(), refused.join(", "), Vec::new())?;
                    }
                    _ => sending.refute(call, "the event to be sent".into(), sending.words(), Vec::new())?,
                }
                again(call, sending)
            }),
            ("sending:failed", |call, sending, args| {
                let raising = Raising::read(call, args.first())?;
                let holds = sending.answer.as_ref().err().map(|error| raising.judge(error));
                match holds {
                    Some(verdict) if verdict.holds => {}
                    verdict => {
                        let found = verdict.and_then(|verdict| verdict.found).unwrap_or_else(|| sending.words());
                        sending.refute(
                            call,
                            format!("the channel to fail with {}", raising.words()),
                            found,
                            Vec::new(),
                        )?;
                    }
                }
                again(call, sending)
            }),
            ("sending:sent_nothing", |call, sending, args| {
                let part = if args.is_empty() { String::new() } else { one_text(call, args)? };
                match &sending.answer {
                    Ok(Delivered { skipped: Some(reason), .. }) if reason.contains(&part) => {}
                    _ => sending.refute(
                        call,
                        format!("nothing to be sent, because `{part}`"),
                        sending.words(),
                        Vec::new(),
                    )?,
                }
                again(call, sending)
            }),
            ("sending:refused", |call, sending, args| {
                let address = one_text(call, args)?;
                match &sending.answer {
                    Ok(sent) if sent.refused.iter().any(|one| one.address == address) => {}
                    _ => sending.refute(
                        call,
                        format!("`{address}` to be reported as refused"),
                        sending.words(),
                        Vec::new(),
                    )?,
                }
                again(call, sending)
            }),
            ("sending:requested", |call, sending, args| requests::requested(call, sending.clone(), args)),
            ("sending:never_requested", |call, sending, args| {
                requests::never_requested(call, &**sending, args)?;
                again(call, sending)
            }),
            ("sending:mailed", |call, sending, args| mails::mailed(call, sending.clone(), args)),
            ("sending:never_mailed", |call, sending, args| {
                mails::never_mailed(call, &**sending, args)?;
                again(call, sending)
            }),
            ("sending:never_showed", |call, sending, args| {
                let secret =
                    args.first().and_then(Value::as_userdata).and_then(|data| data.borrow::<SecretValue>().ok());
                let text = match secret.map(|secret| secret.0.expose().to_owned()) {
                    Some(secret) => secret,
                    None => one_text(call, args)?,
                };
                let forms = Forms::of(&text);
                if let Some(place) = sending.shown().find(|shown| forms.stand_in(shown.as_bytes())) {
                    sending.refute(
                        call,
                        "a secret never to be shown".into(),
                        format!("it is in {place}"),
                        Vec::new(),
                    )?;
                }
                again(call, sending)
            }),
        ]
    }
}
