//! `hikae notifications`: the sent notices, their recipients, and whether they arrived; with `--waiting`, those still to be sent.

use std::process::ExitCode;

use super::args::NotificationsArgs;
use super::context::Context;
use super::runs::catalog;
use crate::catalog::{NotificationFilter, Queued};
use crate::error::Result;
use crate::report::table::{Column, print_json_lines, print_table};

const SENT: [Column; 6] = [
    Column::text("WHEN"),
    Column::text("WHAT"),
    Column::text("CHANNEL"),
    Column::text("RECIPIENT"),
    Column::text("STATUS"),
    Column::id("RUN"),
];
const WAITING: [Column; 5] = [
    Column::text("WHAT"),
    Column::text("CHANNEL"),
    Column::text("STATUS"),
    Column::number("TRIED"),
    Column::text("ERROR"),
];

pub fn main(context: &Context, args: &NotificationsArgs) -> Result<ExitCode> {
    if args.waiting {
        return waiting(context, args);
    }
    let filter = NotificationFilter {
        status: args.status.clone(),
        channel: args.channel.clone(),
        backup_id: args.run.clone(),
        notification_type: args.event.clone(),
        limit: Some(args.limit),
    };
    let found = catalog(context)?.notifications(&filter)?;
    if args.listing.json {
        print_json_lines(&mut context.out(), found)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = found.into_iter().map(|one| {
        let status = one.error_message.map_or(one.status.clone(), |error| format!("{}: {error}", one.status));
        vec![
            one.sent_at.format("%Y-%m-%d %H:%M:%S").to_string(),
            one.notification_type,
            one.channel,
            one.recipient.unwrap_or_default(),
            status,
            one.backup_id.unwrap_or_default(),
        ]
    });
    print_table(&mut context.out(), &context.facts, &SENT, rows)?;
    Ok(ExitCode::SUCCESS)
}

fn waiting(context: &Context, args: &NotificationsArgs) -> Result<ExitCode> {
    let fits = |asked: &Option<String>, found: &str| asked.as_deref().is_none_or(|asked| asked == found);
    let mut notices = catalog(context)?.notices()?;
    notices.retain(|Queued { notice, status, .. }| {
        fits(&args.status, status)
            && fits(&args.channel, &notice.channel)
            && fits(&args.event, &notice.notification_type)
            && args.run.as_deref().is_none_or(|run| notice.backup_id.starts_with(run))
    });
    notices.truncate(args.limit);
    if args.listing.json {
        print_json_lines(&mut context.out(), notices.iter().map(json))?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = notices.into_iter().map(|Queued { notice, status, attempts, error_message, .. }| {
        vec![notice.subject, notice.channel, status, attempts.to_string(), error_message.unwrap_or_default()]
    });
    print_table(&mut context.out(), &context.facts, &WAITING, rows)?;
    Ok(ExitCode::SUCCESS)
}

fn json(queued: &Queued) -> serde_json::Value {
    let Queued { notice, status, attempts, error_message, .. } = queued;
    serde_json::json!({
        "notification_type": notice.notification_type, "channel": notice.channel, "recipients": notice.recipients,
        "subject": notice.subject, "status": status, "attempts": attempts,
        "error_message": error_message, "backup_id": notice.backup_id,
    })
}
