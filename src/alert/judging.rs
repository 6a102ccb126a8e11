//! Judges a run: whether there is anything to tell of it, in which event, and to which channels.

use super::Language;
use super::event::{Event, EventKind};
use super::registered::Channels;
use super::throttle::{self, Rules, Tell};
use super::words::Words;
use crate::catalog::{Moment, NewNotice, Run, Status, Streak};
use crate::config::Config;

/// What every event gets beside what the run says.
pub struct Judge<'a> {
    pub config: &'a Config,
    pub channels: &'a Channels,
    pub rules: Rules,
    pub now: Moment,
}

impl Judge<'_> {
    /// How its subject stands after `run`, and the notices that this makes.
    pub fn judge(&self, run: &Run, before: &Streak) -> (Streak, Vec<NewNotice>) {
        let (worked, at) = (run.status == Status::Success, run.ended_at.unwrap_or(self.now));
        let heard = |tell, streak: &Streak| {
            let event = self.event(run, tell, streak);
            self.channels.all.iter().any(|channel| channel.takes(&event))
        };
        let (after, tell) = throttle::step(before, worked, at, &self.rules, heard);
        let notices = tell.map(|tell| {
            let streak = if worked { before } else { &after };
            self.notices(&self.event(run, tell, streak))
        });
        (after, notices.unwrap_or_default())
    }

    /// The event of a run that cannot be judged by what was before it.
    pub fn bare(&self, run: &Run) -> Option<Event> {
        Event::of(run).map(|event| self.addressed(event))
    }

    /// A notice for each channel that takes this event.
    pub fn notices(&self, event: &Event) -> Vec<NewNotice> {
        let subject = Words::of(event, Language::from(self.config.language())).subject;
        let takers = self.channels.all.iter().filter(|channel| channel.takes(event));
        let notice = |channel: &super::Channel| NewNotice {
            channel: channel.name.clone(),
            recipients: channel.recipients.clone(),
            notification_type: event.notification_type(),
            subject: subject.clone(),
            backup_id: event.id.clone(),
            event: serde_json::json!(event),
            made_at: self.now,
        };
        takers.map(notice).collect()
    }

    fn event(&self, run: &Run, tell: Tell, streak: &Streak) -> Event {
        let failure = Event::of(run).unwrap_or_else(|| Event::recovered(run));
        let (kind, level) = match tell {
            Tell::Failure => (failure.kind, streak.level),
            Tell::Digest => (EventKind::Digest, streak.level),
            Tell::Escalation(level) => (EventKind::Escalation, level),
            Tell::Recovered => (EventKind::Recovered, streak.level),
        };
        let (failures, first_failure) = (streak.failures.max(1), streak.first_failure);
        let relapses = streak.relapses;
        self.addressed(Event { kind, level, failures, relapses, first_failure, ..failure })
    }

    /// With whom to call, and where to look.
    pub fn addressed(&self, event: Event) -> Event {
        let contacts = self.config.settings.contacts.of_level(event.level).to_vec();
        let system_url = self.config.lookup("SYSTEM_URL").map(str::to_owned);
        Event { contacts, system_url, ..event }
    }
}
