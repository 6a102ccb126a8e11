//! Checks whether failures would reach anybody: the channels, the mail server, the pings, and undelivered notices.
//!
//! It sends nothing, so a channel with a valid address is not tested; `hikae notify test` does that.

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
use crate::world::SecretOrText;
use crate::world::http::address::Address;
use crate::world::real::this_process;

/// The longest that the mail server may take.
const LONGEST: Duration = Duration::from_secs(10);
/// Built-in channels that post to the address of their target.
const POSTING: [&str; 5] = ["healthchecks", "ntfy", "slack", "teams", "webhook"];

pub(super) fn points(context: &Context, offline: bool) -> Vec<Point> {
    let config = &context.config;
    let catalog = Catalog::open_existing(&config.state_dir.join("catalog.db"));
    let mut channels = Channels::configured(config);
    if let Ok(catalog) = &catalog {
        channels = channels.with_rows(catalog);
    }
    let mut points: Vec<Point> = channels.troubles.iter().map(|trouble| Point::wrong("alerts", trouble)).collect();
    let useless = channels.all.iter().filter_map(|channel| usable(channel, config).err());
    points.extend(useless.map(|error| Point::wrong("alerts", &error)));
    points.push(recipients_shown(&channels, config));
    if channels.all.iter().any(|channel| channel.kind == "email") {
        points.push(match offline {
            true => Point::not_tried("mail server", "not connected (--offline)"),
            false => mail_server(config),
        });
    }
    points.extend(pings(config));
    points.extend(waiting(catalog));
    points
}

/// Whether there is the file of the channel, and its address can work.
fn usable(channel: &Channel, config: &Config) -> Result<()> {
    let within = |error: Error| error.within(format!("the channel `{}` reaches nobody", channel.name));
    config.channel_source(&channel.kind).map_err(within)?;
    address(channel).map_err(within)
}

fn address(channel: &Channel) -> Result<()> {
    let missing = |what: &str| Error::new(Kind::NotFound, what).hint("look at `[[channels]]` in `hikae.toml`");
    match (channel.kind.as_str(), &channel.target) {
        ("email", _) if channel.recipients.is_empty() => Err(missing("it has no mail address")),
        ("pagerduty", None) => Err(missing("it has no routing key")),
        (kind, None) if POSTING.contains(&kind) => Err(missing("it has no `url`")),
        (kind, Some(url)) if POSTING.contains(&kind) => Address::new(&SecretOrText::Secret(url.clone()), &[]).map(drop),
        _ => Ok(()),
    }
}

fn recipients_shown(channels: &Channels, config: &Config) -> Point {
    if channels.all.is_empty() {
        // Only a warning: the runbook allows this if nothing is set.
        let nobody = "failures are reported to nobody: BACKUP_ALERT_EMAIL is not set, and there is no channel";
        return Point::warning("alerts", nobody, "set it in `.env`, or add `[[channels]]` to `hikae.toml`");
    }
    let failure = Event {
        outcome: "failure".to_owned(),
        rehearsal: true,
        ..Event::new(EventKind::BackupFailure, "", "", this_process::now())
    };
    let takers = channels.all.iter().filter(|channel| channel.takes(&failure) && usable(channel, config).is_ok());
    let names: Vec<&str> = takers.map(|channel| channel.name.as_str()).collect();
    match names.is_empty() {
        true => {
            let error = Error::new(Kind::Other, "failures are reported to nobody: no channel takes `backup_failure`");
            Point::wrong("alerts", &error.hint("look at `events` and `severity` of `[[channels]]` in `hikae.toml`"))
        }
        false => {
            let names = names.join(", ");
            let message = format!("failures are reported by {names}; `hikae notify test` tries it");
            Point::not_tried("alerts", message).in_summary()
        }
    }
}

fn mail_server(config: &Config) -> Point {
    let answer = config.smtp().and_then(|mut settings| {
        settings.server.step_timeout = settings.server.step_timeout.min(LONGEST);
        alerting::block_on(async |_stop| smtp::verify(&settings).await)?
    });
    let message = smtp::verified_line(&answer);
    match &answer {
        Ok(()) => Point::ok("mail server", message).in_summary(),
        Err(error) => Point { message, ..Point::wrong("mail server", error) },
    }
}

/// What is watched from outside, and each ping that could not go out.
fn pings(config: &Config) -> Vec<Point> {
    let checked = config.settings.pings.iter().map(|(recipe, settings)| pinged(recipe, settings, config));
    let (good, bad): (Vec<_>, Vec<_>) = checked.partition(Result::is_ok);
    let good: Vec<&str> = good.into_iter().flatten().collect();
    let mut points: Vec<Point> =
        bad.iter().filter_map(|one| one.as_ref().err()).map(|error| Point::wrong("pings", error)).collect();
    if !good.is_empty() {
        points.push(Point::not_tried("pings", format!("runs are pinged of {}", good.join(", "))));
    }
    points
}

fn pinged<'a>(recipe: &'a str, settings: &PingSettings, config: &Config) -> Result<&'a str> {
    let channel = registered::ping(recipe, settings, config)?;
    let within = |error: Error| error.within(format!("nothing pings for `{recipe}`"));
    config.channel_source(&channel.kind).map_err(within)?;
    address(&channel).map_err(within)?;
    Ok(recipe)
}

fn waiting(catalog: Result<Catalog>) -> Option<Point> {
    let waiting = catalog.and_then(|catalog| catalog.notices()).unwrap_or_default();
    let error = Error::new(Kind::Network, format!("alerts that did not go out so far: {}", waiting.len()));
    let hint = "`hikae notifications --waiting` shows them, `hikae notify flush` sends them";
    (!waiting.is_empty()).then(|| Point::wrong("alerts", &error.hint(hint)))
}
