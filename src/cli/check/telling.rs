//! Checks whether anybody would be told: the channels, the mail server, the pings, and what could not be told so far.

use std::time::Duration;

use super::super::alerting;
use crate::alert::event::{Event, EventKind};
use crate::alert::registered::{self, Channels};
use crate::alert::{Channel, smtp};
use crate::catalog::Catalog;
use crate::cli::check::Point;
use crate::cli::context::Context;
use crate::config::{Config, PingSettings};
use crate::error::{Error, Kind, Result};
use crate::world::real::startup;

/// Who checks a set-up sits before it: a mail server that is as slow as this is told.
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) fn points(context: &Context) -> Vec<Point> {
    let config = &context.config;
    let catalog = Catalog::open_existing(&config.state_dir.join("catalog.db"));
    let mut channels = Channels::configured(config);
    if let Ok(catalog) = &catalog {
        channels = channels.with_rows(catalog);
    }
    let mut points: Vec<Point> = channels.troubles.iter().map(|trouble| Point::wrong("alerts", trouble)).collect();
    points.extend(channels.all.iter().filter_map(|channel| found(channel, config).err()));
    points.push(recipients_shown(&channels, config));
    if channels.all.iter().any(|channel| channel.kind == "email") {
        points.push(mail_server(config));
    }
    points.extend(pings(config));
    points.extend(waiting(catalog));
    points
}

/// Whether there is the file that tells it.
fn found(channel: &Channel, config: &Config) -> std::result::Result<(), Point> {
    let source = config.channel_source(&channel.kind).map(drop);
    source
        .map_err(|error| Point::wrong("alerts", &error.within(format!("the channel `{}` tells nobody", channel.name))))
}

fn recipients_shown(channels: &Channels, config: &Config) -> Point {
    if channels.all.is_empty() {
        // Not wrong: the runbook has it so where nothing is set.
        let nobody = "nobody is told of failures: BACKUP_ALERT_EMAIL is not set, and there is no channel";
        return Point::ok("alerts", nobody);
    }
    let failure = Event {
        outcome: "failure".to_owned(),
        rehearsal: true,
        ..Event::new(EventKind::BackupFailure, "", "", startup::now())
    };
    let tellers = channels.all.iter().filter(|channel| channel.takes(&failure) && found(channel, config).is_ok());
    let names: Vec<&str> = tellers.map(|channel| channel.name.as_str()).collect();
    match names.is_empty() {
        true => {
            let error = Error::new(Kind::Other, "nobody is told of failures: no channel takes `backup_failure`");
            Point::wrong("alerts", &error.hint("look at `events` and `severity` of `[[channels]]` in `hikae.toml`"))
        }
        false => Point::ok("alerts", format!("failures are told by {}", names.join(", "))),
    }
}

fn mail_server(config: &Config) -> Point {
    let answer = config.smtp().and_then(|mut settings| {
        settings.server.step_timeout = settings.server.step_timeout.min(PATIENCE);
        alerting::block_on(async |_stop| smtp::verify(&settings).await)?
    });
    let hint = answer.as_ref().err().and_then(|error| error.hint_text().map(str::to_owned));
    Point { subject: "mail server".to_owned(), ok: answer.is_ok(), message: smtp::verified_line(&answer), hint }
}

/// What is watched from outside, and each ping that could not go out.
fn pings(config: &Config) -> Vec<Point> {
    let tried = config.settings.pings.iter().map(|(recipe, settings)| pinged(recipe, settings, config));
    let (good, bad): (Vec<_>, Vec<_>) = tried.partition(Result::is_ok);
    let good: Vec<&str> = good.into_iter().flatten().collect();
    let mut points: Vec<Point> =
        bad.iter().filter_map(|one| one.as_ref().err()).map(|error| Point::wrong("pings", error)).collect();
    if !good.is_empty() {
        points.push(Point::ok("pings", format!("runs are pinged of {}", good.join(", "))));
    }
    points
}

fn pinged<'a>(recipe: &'a str, settings: &PingSettings, config: &Config) -> Result<&'a str> {
    let channel = registered::ping(recipe, settings, config)?;
    let source = config.channel_source(&channel.kind);
    source.map(|_| recipe).map_err(|error| error.within(format!("nothing pings for `{recipe}`")))
}

fn waiting(catalog: Result<Catalog>) -> Option<Point> {
    let waiting = catalog.and_then(|catalog| catalog.notices()).unwrap_or_default();
    let error = Error::new(Kind::Network, format!("alerts that did not go out so far: {}", waiting.len()));
    let hint = "`hikae notifications --waiting` shows them, `hikae notify flush` sends them";
    (!waiting.is_empty()).then(|| Point::wrong("alerts", &error.hint(hint)))
}
