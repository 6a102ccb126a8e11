//! `hikae notify`: tests the channels, rehearses a failure, and sends waiting notices.

use std::process::ExitCode;

use super::alerting::{self, Alerts};
use super::args::{NotifyCommand, NotifyTestArgs};
use super::context::Context;
use super::exit;
use super::runs::alive;
use crate::alert::dispatch::{ChannelReport, Tally};
use crate::alert::event::{Event, EventKind};
use crate::alert::{Channel, registered};
use crate::catalog::run_id;
use crate::error::{Error, Kind, Result};
use crate::report::{self, Mode, Outputs};
use crate::suggest;
use crate::world::World;
use crate::world::real::{Real, this_process};

mod rehearsal;
mod unit_failed;

pub fn main(context: &Context, command: &NotifyCommand) -> Result<ExitCode> {
    let mode = Mode::choose(&context.facts, false, false, false);
    let guard =
        report::install(mode, Outputs::standard(context.facts.clone()), std::sync::Arc::new(this_process::now))?;
    let alerts = alerting::prepare(context);
    let tally = match command {
        NotifyCommand::Test(args) => match picked(&alerts, args) {
            Ok(channels) => {
                let event = event(EventKind::Test, "manual");
                alerting::block_on(async |stop| alerts.try_channels(event, channels, stop).await)?
            }
            Err(error) => return Ok(misuse(context, &error)),
        },
        NotifyCommand::Rehearse => {
            if let Err(error) = some(alerts.all_channels()) {
                return Ok(misuse(context, &error));
            }
            let event = match rehearsal::failure(context) {
                Ok(event) => event,
                Err(error) => {
                    context.print_error(&error.within("cannot rehearse a failure"));
                    return Ok(ExitCode::from(exit::FAILED));
                }
            };
            let tally = alerting::block_on(async |stop| alerts.report_event(event.clone(), stop).await)??;
            print_channels(context, &alerts, &event, &tally)?;
            tally
        }
        NotifyCommand::UnitFailed { recipe } => return Ok(unit_failed::report(context, &alerts, recipe)),
        NotifyCommand::Flush { unsure } => {
            alerting::block_on(async |stop| alerts.flush(*unsure, &|run| alive(context, run), stop).await)??
        }
    };
    drop(guard);
    summary(context, command, tally)
}

fn summary(context: &Context, command: &NotifyCommand, tally: Tally) -> Result<ExitCode> {
    let Tally { sent, failed, skipped, sending, unsure, reports, .. } = tally;
    let mut line = match (command, sent, failed) {
        (NotifyCommand::Flush { .. }, 0, 0) => "nothing waits to be sent\n".to_owned(),
        (_, sent, 0) => format!("{sent} sent\n"),
        (_, sent, failed) => format!("{sent} sent, {failed} failed\n"),
    };
    if skipped > 0 {
        let nothing = reports.iter().filter_map(|report| Some((report, report.skipped.as_ref()?)));
        nothing.for_each(|(report, why)| line.push_str(&format!("{} sent nothing: {why}\n", report.channel)));
    }
    if sending > 0 {
        line.push_str(&format!("{sending} being sent by another process\n"));
    }
    if unsure > 0 {
        line.push_str(&format!("{unsure} may have arrived already: `hikae notify flush --unsure` sends them again\n"));
    }
    report::table::print_said(&mut context.out(), &line)?;
    let nothing_went_out = sent == 0 && !matches!(command, NotifyCommand::Flush { .. });
    Ok(ExitCode::from(if failed > 0 || nothing_went_out { exit::FAILED } else { exit::DONE }))
}

/// How it went, channel by channel.
fn print_channels(context: &Context, alerts: &Alerts, event: &Event, tally: &Tally) -> Result<()> {
    let mut lines = String::new();
    for channel in alerts.all_channels() {
        let report = tally.reports.iter().rfind(|report| report.channel == channel.name);
        let line = match report {
            Some(ChannelReport { error: Some(error), .. }) => {
                format!("✗ {} ({}): {error}\n", channel.name, channel.kind)
            }
            Some(ChannelReport { skipped: Some(why), .. }) => {
                format!("- {} ({}): nothing to send: {why}\n", channel.name, channel.kind)
            }
            Some(_) => format!("✓ {} ({}): sent\n", channel.name, channel.kind),
            None if channel.takes(event) => format!("✗ {} ({}): it was not tried\n", channel.name, channel.kind),
            None => format!("- {} ({}): it takes no failures such as this\n", channel.name, channel.kind),
        };
        lines.push_str(&line);
    }
    report::table::print_said(&mut context.out(), &lines)
}

fn misuse(context: &Context, error: &Error) -> ExitCode {
    context.print_error(error);
    ExitCode::from(exit::MISUSE)
}

/// The channels that a test asks for; each gets it, whatever its filters are.
fn picked(alerts: &Alerts, args: &NotifyTestArgs) -> Result<Vec<Channel>> {
    let all = alerts.all_channels();
    let mut channels = match &args.channel {
        Some(name) => match all.iter().find(|channel| channel.name == *name) {
            Some(channel) => vec![channel.clone()],
            // Mail can be tested before any recipient of alerts is set.
            None if name == "email" && args.to.is_some() => vec![Channel::new("email", "email")],
            None => {
                let hint = suggest::hint(name, all.iter().map(|channel| channel.name.as_str()));
                return Err(Error::new(Kind::NotFound, format!("there is no channel `{name}`")).hint(hint));
            }
        },
        None if args.to.is_some() => {
            let mail = all.into_iter().find(|channel| channel.kind == "email");
            vec![mail.unwrap_or_else(|| Channel::new("email", "email"))]
        }
        None => some(all)?,
    };
    for channel in &mut channels {
        if let Some(to) = &args.to {
            if channel.kind != "email" {
                let what = format!("`--to` is for mails, and the channel `{}` sends none", channel.name);
                return Err(Error::new(Kind::Other, what).hint("leave out `--to`, or name a channel of type `email`"));
            }
            channel.recipients = registered::addresses(std::slice::from_ref(to));
            if channel.recipients.is_empty() {
                return Err(
                    Error::new(Kind::Other, format!("`{to}` is not a mail address")).hint("write `ops@example.com`")
                );
            }
        }
        *channel = Channel {
            types: Vec::new(),
            run_types: Vec::new(),
            recipes: Vec::new(),
            severity: crate::alert::event::Severity::Info,
            ..channel.clone()
        };
    }
    Ok(channels)
}

fn some(all: Vec<Channel>) -> Result<Vec<Channel>> {
    if !all.is_empty() {
        return Ok(all);
    }
    Err(Error::new(Kind::NotFound, "there is no channel to send alerts by").hint(
        "set BACKUP_ALERT_EMAIL with SMTP_HOST, SLACK_WEBHOOK_URL or TEAMS_WEBHOOK_URL, or add `[[channels]]` to `hikae.toml`",
    ))
}

fn event(kind: EventKind, run_type: &str) -> Event {
    let now = this_process::now();
    let host = Real::ambient().machine().host;
    Event { host, outcome: "success".to_owned(), ..Event::new(kind, run_id(now, run_type), run_type, now) }
}
