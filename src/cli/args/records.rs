//! Defines the command line for the record: status, runs, audit, notifications.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};

use super::{Listing, RunType};
use crate::catalog::Status;
use crate::cli::status::Rhythm;

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct StatusArgs {
    #[command(subcommand)]
    pub command: Option<StatusCommand>,
    #[command(flatten)]
    pub listing: Listing,
    /// The list of regular work instead, each point with what hikae knows of it; all lists when none is named
    #[arg(long, value_name = "LIST", num_args = 0..=1, conflicts_with = "prometheus")]
    pub checklist: Option<Option<Rhythm>>,
    /// Metrics for the textfile collector of Prometheus instead; exits 0 whatever they say
    #[arg(long, conflicts_with = "json")]
    pub prometheus: bool,
}

#[derive(Subcommand)]
pub enum StatusCommand {
    /// Forget a target that does not run any more, or all targets of a recipe; it comes back when it runs again
    Forget {
        /// Target as the status shows it, such as `db-backup (database=shop)`, or name of a recipe
        target: String,
    },
}

#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct RunsArgs {
    #[command(subcommand)]
    pub command: Option<RunsCommand>,
    /// Only runs with this status
    #[arg(long, value_parser = status)]
    pub status: Option<Status>,
    /// Only runs of this type
    #[arg(long = "type", value_name = "TYPE")]
    pub run_type: Option<RunType>,
    /// Only runs of this recipe
    #[arg(long)]
    pub recipe: Option<String>,
    /// Only runs of this target, as `hikae status` shows it
    #[arg(long)]
    pub target: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    #[command(flatten)]
    pub listing: Listing,
}

#[derive(Subcommand)]
pub enum RunsCommand {
    /// Show one run with its steps and backups
    Show {
        /// Id of the run, or the beginning of it
        id: String,
        #[command(flatten)]
        listing: Listing,
    },
}

#[derive(Args)]
pub struct AuditArgs {
    /// Only this operation, such as `run db-backup`
    #[arg(long)]
    pub operation: Option<String>,
    /// Only what this user did
    #[arg(long)]
    pub user: Option<String>,
    /// Only what belongs to this run: its id, or the beginning of it
    #[arg(long)]
    pub run: Option<String>,
    /// How many at most
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    #[command(flatten)]
    pub listing: Listing,
}

/// Every status of a notice, sent or not.
const NOTIFIED: [&str; 7] = ["sent", "skipped", "retrying", "unsure", "failed", "waiting", "sending"];

#[derive(Args)]
pub struct NotificationsArgs {
    /// Only with this status: what was tried is sent, retrying, unsure or failed; what waits is waiting, sending, unsure or failed
    #[arg(long, value_parser = PossibleValuesParser::new(NOTIFIED), hide_possible_values = true)]
    pub status: Option<String>,
    /// Only by this channel
    #[arg(long)]
    pub channel: Option<String>,
    /// Only of this kind, such as `backup_failure`
    #[arg(long = "event", value_name = "KIND")]
    pub event: Option<String>,
    /// Only about this run: its id, or the beginning of it
    #[arg(long)]
    pub run: Option<String>,
    /// Notices that are not sent yet: they wait, may have arrived, or failed for good
    #[arg(long)]
    pub waiting: bool,
    /// How many at most
    #[arg(long, default_value_t = 20)]
    pub limit: usize,
    #[command(flatten)]
    pub listing: Listing,
}

fn status(text: &str) -> Result<Status, String> {
    Status::of_word(text).ok_or_else(|| format!("it is one of {}", Status::ALL.map(Status::word).join(", ")))
}
