//! Sends the notices of the outbox that are due, and records the result of each.

use super::{Alive, Dispatch, Tally};
use crate::alert::channel::{Deliver, Verb};
use crate::alert::delivery::{DeliveryResult, Outgoing, Queue, deliver_all};
use crate::alert::registered::Channels;
use crate::alert::{Event, retry_policy};
use crate::catalog::{Catalog, NoticeOutcome, Notification, Queued};
use crate::error::{Error, Kind, Result};
use crate::report::{self, Level};

impl<D: Deliver> Dispatch<D> {
    /// Sends all waiting notices now; with `unsure`, also those that may have arrived already.
    pub async fn flush(&self, unsure: bool, alive: Alive<'_>, stop: impl Future<Output = ()>) -> Result<Tally> {
        let catalog = self.catalog().await?;
        let channels = self.channels(Some(&catalog));
        self.complain(&channels);
        catalog.settle(alive)?;
        let decider = self.decider(&channels);
        catalog.consider(&mut |run, streak, about| decider.decide(run, streak, about))?;
        self.doubt(&catalog).await?;
        catalog.expedite_notices(self.world.now(), unsure)?;
        let tally = self.flush_with(&catalog, &channels, stop).await;
        let left = catalog.notices()?;
        let count = |status: &str| left.iter().filter(|notice| notice.status == status).count();
        Ok(Tally { sending: count("sending"), unsure: count("unsure"), ..tally })
    }

    pub(super) async fn flush_with(
        &self,
        catalog: &Catalog,
        channels: &Channels,
        stop: impl Future<Output = ()>,
    ) -> Tally {
        let claim = self.claim().await;
        let tally = match self.doubt(catalog).await.and_then(|()| catalog.claim_notices(claim.at)) {
            Ok(notices) => self.send_claimed(catalog, channels, &notices, stop).await,
            Err(error) => {
                report::log(
                    Level::Error,
                    &format!("[ERROR] [Backup] Failed to read the outbox: {}", error.one_line()),
                    None,
                );
                Tally::default()
            }
        };
        self.settled(claim).await;
        tally
    }

    async fn send_claimed(
        &self,
        catalog: &Catalog,
        channels: &Channels,
        notices: &[Queued],
        stop: impl Future<Output = ()>,
    ) -> Tally {
        let mut tally = Tally::default();
        // Sending can take long, and a power cut meanwhile must not lose the record of the run.
        if let (false, Err(error)) = (notices.is_empty(), catalog.bring_to_disk()) {
            tracing::debug!("{}", error.one_line());
        }
        let results = self.deliver_notices(notices, channels, stop).await;
        for (number, result) in results {
            let Some(queued) = notices.iter().find(|queued| queued.number == number) else { continue };
            let settled = self.settle(catalog, channels, queued, result, &mut tally);
            if let Err(error) = settled {
                report::log(Level::Warn, &format!("the alert is not recorded: {}", error.one_line()), None);
            }
        }
        tally
    }

    async fn deliver_notices(
        &self,
        notices: &[Queued],
        channels: &Channels,
        stop: impl Future<Output = ()>,
    ) -> Vec<(i64, DeliveryResult)> {
        let mut results = Vec::new();
        let mut all: Vec<Queue> = Vec::new();
        for queued in notices {
            let named = channels.named(&queued.notice.channel);
            let (channel, event) = match (named, event_of(queued)) {
                (Some(channel), Ok(event)) => (channel, event),
                (None, _) => {
                    results.push((queued.number, DeliveryResult::Ended(Err(gone(&queued.notice.channel)))));
                    continue;
                }
                (_, Err(error)) => {
                    results.push((queued.number, DeliveryResult::Ended(Err(error))));
                    continue;
                }
            };
            let (number, recipients) = (queued.number, queued.notice.recipients.clone());
            let message = Outgoing { number, recipients, event, verb: Verb::Send };
            match all.iter_mut().find(|queue| queue.channel.name == channel.name) {
                Some(queue) => queue.messages.push(message),
                None => all.push(Queue { channel: channel.clone(), messages: vec![message] }),
            }
        }
        results.extend(deliver_all(&self.deliver, all, stop).await);
        results
    }

    fn settle(
        &self,
        catalog: &Catalog,
        channels: &Channels,
        queued: &Queued,
        result: DeliveryResult,
        tally: &mut Tally,
    ) -> Result<()> {
        let now = self.world.now();
        let result = match result {
            DeliveryResult::Untried => {
                return catalog.settle_notice(queued.number, &retry_policy::untried(queued.attempts, now), None);
            }
            DeliveryResult::Ended(result) => result,
        };
        let outcome = match retry_policy::of(&result, queued.attempts, queued.notice.made_at, now) {
            NoticeOutcome::Again { due, recipients } if recipients.is_empty() => {
                NoticeOutcome::Again { due, recipients: queued.notice.recipients.clone() }
            }
            outcome => outcome,
        };
        let event = event_of(queued)?;
        let attempt = self.note(&queued.notice, channels, &event, &result, tally);
        let attempt = Notification { status: retry_policy::word(&outcome, &result).to_owned(), ..attempt };
        catalog.settle_notice(queued.number, &outcome, Some(&attempt))
    }
}

fn event_of(queued: &Queued) -> Result<Event> {
    serde_json::from_str(&queued.notice.event).map_err(|cause| {
        Error::new(Kind::Integrity, format!("cannot read notice {} of the outbox", queued.number)).because(cause)
    })
}

fn gone(name: &str) -> Error {
    Error::new(Kind::NotFound, format!("there is no channel `{name}`"))
        .hint("it was there when the alert was made: look at BACKUP_ALERT_EMAIL and at `[[channels]]`")
}
