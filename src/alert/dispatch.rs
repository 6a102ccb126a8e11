//! Reports a run after it has ended, and sends waiting notices. Nothing here changes the outcome of the run.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod claiming;
mod flushing;
mod pinging;
mod tally;

use super::channel::{Channel, Deliver, Delivered, Verb};
use super::decide::{Decider, Manner};
use super::delivery::{DeliveryResult, Outgoing, Queue, deliver_all};
use super::registered::Channels;
use super::throttle::Rules;
use super::{Event, log_lines};
use crate::catalog::{Catalog, NewRun, Notice, Notification, Run, Status};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::report::{self, Level};
use crate::world::{Limits, World};
pub use tally::{ChannelReport, Tally};

/// The time limit for creating the state folder.
const FOLDER: Limits = Limits { total: Duration::from_secs(30), idle: Duration::from_secs(30) };

/// Whether the process of a run recorded as running still exists.
pub type Alive<'a> = &'a dyn Fn(&NewRun) -> bool;

/// Everything that alerts need, read before the process is sandboxed.
pub struct Dispatch<D> {
    config: Arc<Config>,
    configured: Channels,
    deliver: Arc<D>,
    world: Arc<dyn World>,
}

impl<D: Deliver> Dispatch<D> {
    pub fn new(config: Arc<Config>, deliver: D, world: Arc<dyn World>) -> Dispatch<D> {
        let configured = Channels::configured(&config);
        Dispatch { config, configured, deliver: Arc::new(deliver), world }
    }

    /// Considers `run` and all earlier ended runs that were not considered yet, and sends the due notices.
    ///
    /// `record` is the catalog that the run left open. Without a usable catalog the run is still reported: once, to
    /// the configured channels.
    pub async fn after_run(
        &self,
        run: &Run,
        manner: &Manner,
        record: Option<Catalog>,
        alive: Alive<'_>,
        stop: impl Future<Output = ()>,
    ) -> Tally {
        if run.parent.is_some() {
            // The parent run reports both, or decides that this run is reported separately.
            return Tally::default();
        }
        let catalog = match record {
            Some(open) => Ok(open),
            None => self.catalog().await,
        };
        let channels = self.channels(catalog.as_ref().ok());
        self.complain(&channels);
        let decider = Decider { own: Some((run.id.clone(), manner.clone())), ..self.decider(&channels) };
        let considered =
            catalog.as_ref().map_err(Error::clone).and_then(|catalog| self.consider(catalog, &decider, run, alive));
        match (considered, catalog) {
            (Ok(Considered { is_known: true, held_back }), Ok(catalog)) => {
                Tally { held_back, ..self.flush_with(&catalog, &channels, stop).await }
            }
            (Ok(_), _) => self.report_once(run, &decider, None, stop).await,
            (Err(error), _) => self.report_once(run, &decider, Some(error), stop).await,
        }
    }

    /// Reports a run that could not even begin and so is not recorded: if cron cannot start it, there is no backup.
    pub async fn never_began(&self, run: &Run, stop: impl Future<Output = ()>) -> Tally {
        let readable = Catalog::open_existing(&self.catalog_path());
        if self.channels(readable.as_ref().ok()).all.is_empty() {
            return Tally::default();
        }
        let catalog = self.catalog().await;
        let channels = self.channels(catalog.as_ref().ok());
        let decider = self.decider(&channels);
        let decided = catalog.and_then(|catalog| {
            catalog
                .consider_unrecorded(run, &mut |run, streak, about| decider.decide(run, streak, about))
                .map(|()| catalog)
        });
        match decided {
            Ok(catalog) => self.flush_with(&catalog, &channels, stop).await,
            Err(error) => self.report_once(run, &decider, Some(error), stop).await,
        }
    }

    /// Queues an event in the outbox for each channel that takes it, like a failure, and sends the due notices.
    pub async fn report_event(&self, event: Event, stop: impl Future<Output = ()>) -> Result<Tally> {
        let catalog = self.catalog().await;
        let channels = self.channels(catalog.as_ref().ok());
        let decider = self.decider(&channels);
        let event = decider.completed(event);
        let notices = decider.notices(&event);
        match catalog.and_then(|catalog| catalog.put_notices(notices.clone()).map(|()| catalog)) {
            Ok(catalog) => Ok(self.flush_with(&catalog, &channels, stop).await),
            Err(error) => Ok(self.without_outbox(event, notices, &channels, Some(error), stop).await),
        }
    }

    /// Sends an event to these channels now, without the outbox, and records the results.
    pub async fn try_channels(&self, event: Event, channels: Vec<Channel>, stop: impl Future<Output = ()>) -> Tally {
        let channels = Channels { all: channels, troubles: Vec::new() };
        let decider = self.decider(&channels);
        let event = decider.completed(event);
        let notices = decider.notices(&event);
        self.without_outbox(event, notices, &channels, None, stop).await
    }

    /// All channels, including those of the catalog if it can be read.
    fn channels(&self, catalog: Option<&Catalog>) -> Channels {
        let configured = Channels { all: self.configured.all.clone(), troubles: self.configured.troubles.clone() };
        let channels = match catalog {
            Some(catalog) => configured.with_rows(catalog),
            None => configured,
        };
        channels.with_contacts(&self.config.settings.contacts)
    }

    /// All channels, including those of the catalog if it exists.
    pub fn all_channels(&self) -> Vec<Channel> {
        self.channels(Catalog::open_existing(&self.catalog_path()).as_ref().ok()).all
    }

    async fn catalog(&self) -> Result<Catalog> {
        self.own().mkdir(&self.config.state_dir, 0o700).await?;
        Catalog::open(&self.catalog_path())
    }

    fn catalog_path(&self) -> PathBuf {
        self.config.state_dir.join("catalog.db")
    }

    fn decider<'a>(&'a self, channels: &'a Channels) -> Decider<'a> {
        let rules = Rules::of(&self.config.settings);
        Decider { config: &self.config, channels, rules, now: self.world.now(), own: None }
    }

    fn complain(&self, channels: &Channels) {
        for trouble in &channels.troubles {
            report::log(Level::Warn, &trouble.one_line(), None);
        }
    }

    /// Considers all ended runs that were not considered yet.
    fn consider(&self, catalog: &Catalog, decider: &Decider<'_>, run: &Run, alive: Alive<'_>) -> Result<Considered> {
        catalog.settle(alive)?;
        let mut held_back = false;
        // About its own run, this process knows more than a catalog that may be incomplete.
        catalog.consider(&mut |found, streak, about| {
            let is_own = found.id == run.id;
            let (after, notices) = decider.decide(if is_own { run } else { found }, streak, about);
            let was_reported = streak.notices > 0 && decider.has_takers(run, streak);
            held_back |= is_own && run.status != Status::Success && notices.is_empty() && was_reported;
            (after, notices)
        })?;
        Ok(Considered { is_known: catalog.is_considered(&run.id)?, held_back })
    }

    /// Reports a run that cannot be recorded. Its history is unknown.
    async fn report_once(
        &self,
        run: &Run,
        decider: &Decider<'_>,
        why: Option<Error>,
        stop: impl Future<Output = ()>,
    ) -> Tally {
        match decider.without_streak(run) {
            Some(event) => {
                let notices = decider.notices(&event);
                self.without_outbox(event, notices, decider.channels, why, stop).await
            }
            None => Tally::default(),
        }
    }

    async fn without_outbox(
        &self,
        event: Event,
        notices: Vec<Notice>,
        channels: &Channels,
        why: Option<Error>,
        stop: impl Future<Output = ()>,
    ) -> Tally {
        if let (Some(error), false) = (why, notices.is_empty()) {
            let line =
                format!("alerts are tried once and not again, since the outbox cannot be kept: {}", error.one_line());
            report::log(Level::Warn, &line, None);
        }
        let catalog = self.catalog().await.ok();
        let mut tally = Tally::default();
        for (number, result) in deliver_all(&self.deliver, queues(&notices, channels, &event), stop).await {
            let notice = usize::try_from(number).ok().and_then(|place| notices.get(place));
            let (Some(notice), DeliveryResult::Ended(result)) = (notice, result) else { continue };
            let attempt = self.note(notice, channels, &event, &result, &mut tally);
            let status = match &result {
                Ok(Delivered { skipped: Some(_), .. }) => "skipped",
                Ok(_) => "sent",
                Err(_) => "failed",
            };
            let attempt = Notification { status: status.to_owned(), ..attempt };
            if let Some(Err(error)) = catalog.as_ref().map(|catalog| catalog.add_notification(&attempt)) {
                // The run reports why the catalog cannot be written.
                tracing::debug!("{}", error.one_line());
            }
        }
        tally
    }

    /// Logs the result of a notice, and returns its entry for the record.
    fn note(
        &self,
        notice: &Notice,
        channels: &Channels,
        event: &Event,
        result: &Result<Delivered>,
        tally: &mut Tally,
    ) -> Notification {
        let unknown = Channel::new(&notice.channel, "channel");
        let channel = channels.named(&notice.channel).unwrap_or(&unknown);
        let error = result.as_ref().err().map(Error::one_line);
        let skipped = result.as_ref().ok().and_then(|delivered| delivered.skipped.clone());
        log_lines::log(channel, &notice.recipients, &notice.subject, event, result);
        match (&error, &skipped) {
            (Some(_), _) => tally.failed += 1,
            (None, Some(_)) => tally.skipped += 1,
            (None, None) => tally.sent += 1,
        }
        let refused = result.iter().flat_map(|delivered| &delivered.refused);
        let refused: Vec<String> = refused.map(|one| format!("{}: {}", one.address, one.reply)).collect();
        let error_message = error.clone().or(skipped.clone()).or((!refused.is_empty()).then(|| refused.join("; ")));
        let (name, run_id) = (notice.channel.clone(), notice.backup_id.clone());
        tally.reports.push(ChannelReport { channel: name, run_id, error, skipped });
        let recipient = notice.recipients.join(",");
        Notification {
            notification_type: notice.notification_type.clone(),
            channel: notice.channel.clone(),
            recipient: Some(recipient).filter(|text| !text.is_empty()),
            subject: Some(notice.subject.clone()),
            status: String::new(),
            error_message,
            backup_id: Some(notice.backup_id.clone()),
            sent_at: self.world.now(),
        }
    }
}

/// The catalog's result for the run of this process.
struct Considered {
    /// Whether it was considered, now or by another process; false if it is not in the catalog.
    is_known: bool,
    held_back: bool,
}

/// The messages of an event that is not in the outbox.
fn queues(notices: &[Notice], channels: &Channels, event: &Event) -> Vec<Queue> {
    let one = |(number, notice): (i64, &Notice)| {
        let channel = channels.named(&notice.channel)?.clone();
        let (recipients, event) = (notice.recipients.clone(), event.clone());
        Some(Queue { channel, messages: vec![Outgoing { number, recipients, event, verb: Verb::Send }] })
    };
    (0..).zip(notices).filter_map(one).collect()
}
