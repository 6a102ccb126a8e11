//! `hikae audit`: who did what, the newest first.

use std::process::ExitCode;

use super::args::AuditArgs;
use super::context::Context;
use super::runs::catalog;
use crate::catalog::AuditFilter;
use crate::error::Result;
use crate::report::table::{Column, print_json_lines, print_table};

const COLUMNS: [Column; 6] = [
    Column::text("WHEN"),
    Column::text("WHO"),
    Column::text("WHAT"),
    Column::text("STATUS"),
    Column::id("RUN"),
    Column::number("EFFECTS"),
];

pub fn main(context: &Context, args: &AuditArgs) -> Result<ExitCode> {
    let filter = AuditFilter {
        operation: args.operation.clone(),
        username: args.user.clone(),
        backup_id: args.run.clone(),
        limit: Some(args.limit),
    };
    let entries = catalog(context)?.audits(&filter)?;
    if args.listing.json {
        print_json_lines(&mut context.out(), entries)?;
        return Ok(ExitCode::SUCCESS);
    }
    let rows = entries.into_iter().map(|entry| {
        let effects = entry.details["effects"].as_array().map(|effects| effects.len().to_string()).unwrap_or_default();
        let when = entry.created_at.format("%Y-%m-%d %H:%M:%S").to_string();
        vec![when, entry.username, entry.operation, entry.status, entry.backup_id.unwrap_or_default(), effects]
    });
    print_table(&mut context.out(), &context.facts, &COLUMNS, rows)?;
    Ok(ExitCode::SUCCESS)
}
