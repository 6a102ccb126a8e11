//! Decides whether a run is to be reported, in which event, and to which channels.

use super::event::{Event, EventKind, local};
use super::registered::Channels;
use super::throttle::{self, Report, Rules};
use super::words::Words;
use super::{Channel, Language};
use crate::catalog::{About, Moment, Notice, Run, Status, Streak};
use crate::config::Config;
use crate::secret::Secret;

/// Facts about the run of this process that are not recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manner {
    /// Whether its failure is neither reported nor counted, because a person tries the recipe by hand.
    /// Its success still ends a streak of failures.
    pub unreported: bool,
    /// Whether a person interrupted it from the keyboard.
    pub stopped_by_hand: bool,
    /// The database of the run.
    pub database: Option<String>,
    /// The addresses to which the run itself has reported its end.
    pub reported: Vec<Secret>,
}

/// The inputs of a decision beside the run.
pub struct Decider<'a> {
    pub config: &'a Config,
    pub channels: &'a Channels,
    pub rules: Rules,
    pub now: Moment,
    /// The id of this process's run, with its manner.
    pub own: Option<(String, Manner)>,
}

impl Decider<'_> {
    /// Returns the streak of the target, or of its warnings, after `run`, and the notices to send.
    pub fn decide(&self, run: &Run, before: &Streak, about: About) -> (Streak, Vec<Notice>) {
        match about {
            About::Outcome => self.decide_outcome(run, before),
            About::Warnings => self.decide_warnings(run, before),
        }
    }

    fn decide_outcome(&self, run: &Run, before: &Streak) -> (Streak, Vec<Notice>) {
        if run.status != Status::Success && self.manner(run).is_some_and(|manner| manner.unreported) {
            return (before.clone(), Vec::new());
        }
        let (worked, at) = (run.status == Status::Success, run.ended_at.unwrap_or(self.now));
        let heard = |report, streak: &Streak| {
            let event = self.event(run, report, streak);
            self.takers(&event).next().is_some()
        };
        let (after, report) = throttle::step(before, worked, at, &self.rules, heard);
        let notices = report.map(|report| {
            let streak = if worked { before } else { &after };
            self.notices(&self.event(run, report, streak))
        });
        (after, notices.unwrap_or_default())
    }

    /// Returns the streak of the target's warnings after `run`, and the notices to send.
    fn decide_warnings(&self, run: &Run, before: &Streak) -> (Streak, Vec<Notice>) {
        if self.manner(run).is_some_and(|manner| manner.unreported) {
            return (before.clone(), Vec::new());
        }
        let event = Event::warning(run).map(|event| self.completed(event));
        let heard = event.as_ref().is_some_and(|event| self.takers(event).next().is_some());
        let at = run.ended_at.unwrap_or(self.now);
        let (after, is_due) = throttle::step_warnings(before, event.is_some(), at, &self.rules, heard);
        let notices = event.filter(|_| is_due).map(|event| self.notices(&event));
        (after, notices.unwrap_or_default())
    }

    /// The event of a run without known history.
    pub fn without_streak(&self, run: &Run) -> Option<Event> {
        if self.manner(run).is_some_and(|manner| manner.unreported) {
            return None;
        }
        Event::of(run).or_else(|| Event::warning(run)).map(|event| self.completed(event))
    }

    fn manner(&self, run: &Run) -> Option<&Manner> {
        self.own.as_ref().filter(|(id, _)| *id == run.id).map(|(_, manner)| manner)
    }

    /// Whether any channel takes the failures of this run, even if no report is due now.
    pub fn has_takers(&self, run: &Run, streak: &Streak) -> bool {
        let event = self.event(run, Report::Failure, streak);
        self.takers(&event).next().is_some()
    }

    /// A notice for each channel that takes this event.
    pub fn notices(&self, event: &Event) -> Vec<Notice> {
        let language = Language::from(self.config.language());
        let subject = Words::of(event, language, self.config.system_name()).subject;
        let json = serde_json::json!(event).to_string();
        let notice = |channel: &Channel| Notice {
            channel: channel.name.clone(),
            recipients: channel.recipients.clone(),
            notification_type: event.notification_type(),
            subject: subject.clone(),
            backup_id: event.id.clone(),
            event: json.clone(),
            made_at: self.now,
        };
        self.takers(event).map(notice).collect()
    }

    /// The channels that take an event, without those that the run has already reported to, except for escalations.
    fn takers<'a>(&'a self, event: &'a Event) -> impl Iterator<Item = &'a Channel> {
        let own = self.own.as_ref().filter(|(id, _)| *id == event.id && event.kind != EventKind::Escalation);
        let reported = own.map(|(_, manner)| manner.reported.as_slice()).unwrap_or_default();
        let knows = |channel: &Channel| channel.target.as_ref().is_some_and(|target| reported.contains(target));
        self.channels.all.iter().filter(move |channel| channel.takes(event) && !knows(channel))
    }

    fn event(&self, run: &Run, report: Report, streak: &Streak) -> Event {
        let failure = Event::of(run).unwrap_or_else(|| Event::recovered(run));
        let (kind, level) = match report {
            Report::Failure => (failure.kind, streak.level),
            Report::Digest => (EventKind::Digest, streak.level),
            Report::Escalation(level) => (EventKind::Escalation, level),
            Report::Recovered => (EventKind::Recovered, streak.level),
        };
        let (failures, first_failure) = (streak.failures.max(1), streak.first_failure);
        let relapses = streak.relapses;
        let first_failure_local = first_failure.as_ref().map(local);
        self.completed(Event { kind, level, failures, relapses, first_failure, first_failure_local, ..failure })
    }

    /// Adds to the event who to call, where to look, and the facts about the run of this process.
    pub fn completed(&self, mut event: Event) -> Event {
        if let Some((_, manner)) = self.own.as_ref().filter(|(id, _)| *id == event.id) {
            event.stopped_by_hand = manner.stopped_by_hand && event.outcome == Status::Interrupted.word();
            event.database = event.database.or_else(|| manner.database.clone());
        }
        let known = &self.config.settings.contacts;
        let support = known.support.iter().filter(|_| event.kind == EventKind::Escalation);
        let contacts = known.of_level(event.level).iter().chain(support).cloned().collect();
        let system_url = self.config.lookup("SYSTEM_URL").map(str::to_owned);
        Event { contacts, system_url, ..event }
    }
}
