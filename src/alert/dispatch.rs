//! Tells what is to be told after a run, and what waits from before: nothing that happens here changes how the run ended.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

mod claiming;
mod flushing;
mod pinging;

use super::channel::{Channel, Deliver, Delivered, Verb};
use super::delivery::{Answer, Letter, Work, deliver_all};
use super::judging::Judge;
use super::registered::Channels;
use super::throttle::Rules;
use super::{Event, lines};
use crate::catalog::{Catalog, NewNotice, NewRun, Notice, Notification, Run};
use crate::config::Config;
use crate::error::{Error, Result};
use crate::report::{self, Level};
use crate::world::{Limits, World};

/// The longest that the state folder may take to be made.
const FOLDER: Limits = Limits { total: Duration::from_secs(30), idle: Duration::from_secs(30) };

/// Whether the process of a run that is recorded as running is still there.
pub type Alive<'a> = &'a dyn Fn(&NewRun) -> bool;

/// Everything that alerts need, read before the process is walled in.
pub struct Dispatch<D> {
    config: Arc<Config>,
    configured: Channels,
    deliver: Arc<D>,
    world: Arc<dyn World>,
}

/// What came of telling: how many notices arrived, and how many did not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub sent: usize,
    pub failed: usize,
    /// How many another process is sending now, and how many may have arrived already; counted where the outbox is flushed.
    pub sending: usize,
    pub unsure: usize,
    /// One by one.
    pub told: Vec<Told>,
}

/// What came of one notice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub channel: String,
    /// Why it did not arrive, or not that anybody knows.
    pub error: Option<String>,
}

impl<D: Deliver> Dispatch<D> {
    pub fn new(config: Arc<Config>, deliver: D, world: Arc<dyn World>) -> Dispatch<D> {
        let configured = Channels::configured(&config);
        Dispatch { config, configured, deliver: Arc::new(deliver), world }
    }

    /// Considers `run`, and each that ended before it and was never considered, and tells what is due.
    ///
    /// `record` is the catalog as the run has left it open. Where none can be used, the run is told all the same: once, and to the
    /// channels of the configuration.
    pub async fn after_run(
        &self,
        run: &Run,
        record: Option<Catalog>,
        alive: Alive<'_>,
        stop: impl Future<Output = ()>,
    ) -> Tally {
        let catalog = match record {
            Some(open) => Ok(open),
            None => self.catalog().await,
        };
        let channels = self.channels(catalog.as_ref().ok());
        self.complain(&channels);
        let considered =
            catalog.as_ref().map_err(Error::clone).and_then(|catalog| self.consider(catalog, &channels, run, alive));
        match (considered, catalog) {
            (Ok(true), Ok(catalog)) => self.flush_with(&catalog, &channels, stop).await,
            (Ok(_), _) => self.tell_once(run, &channels, None, stop).await,
            (Err(error), _) => self.tell_once(run, &channels, Some(error), stop).await,
        }
    }

    /// Tells of a run that could not even begin, and so stands in no record: a backup that cron cannot start is none.
    pub async fn never_began(&self, run: &Run, stop: impl Future<Output = ()>) -> Tally {
        let readable = Catalog::open_existing(&self.catalog_path());
        if self.channels(readable.as_ref().ok()).all.is_empty() {
            return Tally::default();
        }
        let catalog = self.catalog().await;
        let channels = self.channels(catalog.as_ref().ok());
        let judge = self.judge(&channels);
        let judged = catalog.and_then(|catalog| {
            catalog.consider_unrecorded(run, &mut |run, streak| judge.judge(run, streak)).map(|()| catalog)
        });
        match judged {
            Ok(catalog) => self.flush_with(&catalog, &channels, stop).await,
            Err(error) => self.tell_once(run, &channels, Some(error), stop).await,
        }
    }

    /// Puts an event into the outbox for each channel that takes it, as a failure would, and tells what is due.
    pub async fn tell(&self, event: Event, stop: impl Future<Output = ()>) -> Result<Tally> {
        let catalog = self.catalog().await;
        let channels = self.channels(catalog.as_ref().ok());
        let judge = self.judge(&channels);
        let event = judge.addressed(event);
        let notices = judge.notices(&event);
        match catalog.and_then(|catalog| catalog.put_notices(notices.clone()).map(|()| catalog)) {
            Ok(catalog) => Ok(self.flush_with(&catalog, &channels, stop).await),
            Err(error) => Ok(self.without_outbox(event, notices, &channels, Some(error), stop).await),
        }
    }

    /// Hands an event to these channels now, without the outbox; what came of it stands in the record.
    pub async fn try_channels(&self, event: Event, channels: Vec<Channel>, stop: impl Future<Output = ()>) -> Tally {
        let channels = Channels { all: channels, troubles: Vec::new() };
        let judge = self.judge(&channels);
        let event = judge.addressed(event);
        let notices = judge.notices(&event);
        self.without_outbox(event, notices, &channels, None, stop).await
    }

    /// All channels, those of the catalog included where it can be read.
    fn channels(&self, catalog: Option<&Catalog>) -> Channels {
        let configured = Channels { all: self.configured.all.clone(), troubles: self.configured.troubles.clone() };
        let channels = match catalog {
            Some(catalog) => configured.with_rows(catalog),
            None => configured,
        };
        channels.with_contacts(&self.config.settings.contacts)
    }

    /// All channels, also those of the catalog where there is one.
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

    fn judge<'a>(&'a self, channels: &'a Channels) -> Judge<'a> {
        let rules = Rules::of(&self.config.settings);
        Judge { config: &self.config, channels, rules, now: self.world.now() }
    }

    fn complain(&self, channels: &Channels) {
        for trouble in &channels.troubles {
            report::log(Level::Warn, &trouble.one_line(), None);
        }
    }

    /// Whether `run` was considered, now or by another process. `false` when the catalog does not know it.
    fn consider(&self, catalog: &Catalog, channels: &Channels, run: &Run, alive: Alive<'_>) -> Result<bool> {
        catalog.settle(alive)?;
        let judge = self.judge(channels);
        // Of its own run this process knows more than a catalog that could not be written to the end.
        catalog.consider(&mut |found, streak| judge.judge(if found.id == run.id { run } else { found }, streak))?;
        catalog.is_considered(&run.id)
    }

    /// Tells of a run whose record cannot be kept. Nothing is known of what was before it.
    async fn tell_once(
        &self,
        run: &Run,
        channels: &Channels,
        why: Option<Error>,
        stop: impl Future<Output = ()>,
    ) -> Tally {
        let judge = self.judge(channels);
        match judge.bare(run) {
            Some(event) => {
                let notices = judge.notices(&event);
                self.without_outbox(event, notices, channels, why, stop).await
            }
            None => Tally::default(),
        }
    }

    async fn without_outbox(
        &self,
        event: Event,
        notices: Vec<NewNotice>,
        channels: &Channels,
        why: Option<Error>,
        stop: impl Future<Output = ()>,
    ) -> Tally {
        if let (Some(error), false) = (why, notices.is_empty()) {
            let line =
                format!("alerts are tried once and not again, since the outbox cannot be kept: {}", error.one_line());
            report::log(Level::Warn, &line, None);
        }
        let notices: Vec<Notice> = (0..).zip(notices).map(|(number, new)| unkept(number, new)).collect();
        let catalog = self.catalog().await.ok();
        let mut tally = Tally::default();
        for (number, answer) in deliver_all(&self.deliver, work(&notices, channels, &event), stop).await {
            let notice = notices.iter().find(|notice| notice.number == number);
            let (Some(notice), Answer::Ended(answer)) = (notice, answer) else { continue };
            let attempt = self.told(notice, channels, &event, &answer, &mut tally);
            let status = if answer.is_ok() { "sent" } else { "failed" };
            let attempt = Notification { status: status.to_owned(), ..attempt };
            if let Some(Err(error)) = catalog.as_ref().map(|catalog| catalog.add_notification(&attempt)) {
                // It was told already why the catalog cannot be written.
                tracing::debug!("{}", error.one_line());
            }
        }
        tally
    }

    /// Tells the log what came of a notice, and words it for the record.
    fn told(
        &self,
        notice: &Notice,
        channels: &Channels,
        event: &Event,
        answer: &Result<Delivered>,
        tally: &mut Tally,
    ) -> Notification {
        let unknown = Channel::new(&notice.channel, "channel");
        let channel = channels.named(&notice.channel).unwrap_or(&unknown);
        let error = answer.as_ref().err().map(Error::one_line);
        tally.told.push(Told { channel: notice.channel.clone(), error });
        lines::tell(channel, &notice.recipients, &notice.subject, event, answer);
        let error_message = match answer {
            Ok(delivered) => {
                tally.sent += 1;
                let refused = delivered.refused.iter().map(|one| format!("{}: {}", one.address, one.reply));
                Some(refused.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
            }
            Err(error) => {
                tally.failed += 1;
                Some(error.one_line())
            }
        };
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

/// The letters of an event that stands in no outbox.
fn work(notices: &[Notice], channels: &Channels, event: &Event) -> Vec<Work> {
    let one = |notice: &Notice| {
        let channel = channels.named(&notice.channel)?.clone();
        let (number, recipients, event) = (notice.number, notice.recipients.clone(), event.clone());
        let letter = Letter { number, recipients, event, verb: Verb::Send };
        Some(Work { channel, letters: vec![letter] })
    };
    notices.iter().filter_map(one).collect()
}

/// A notice that is kept nowhere.
fn unkept(number: i64, new: NewNotice) -> Notice {
    Notice {
        number,
        channel: new.channel,
        recipients: new.recipients,
        notification_type: new.notification_type,
        subject: new.subject,
        backup_id: new.backup_id,
        event: new.event,
        status: "sending".to_owned(),
        attempts: 1,
        made_ms: new.made_at.timestamp_millis(),
        error_message: None,
    }
}
