//! Defines the command line for existing backups: verify and restore.

use std::path::PathBuf;

use clap::Args;

#[derive(Args)]
#[command(after_help = VERIFY_AFTER_HELP)]
pub struct VerifyArgs {
    /// A backup: its file, the address of an object such as `s3://bucket/backup.sql.gz`, or an http address
    #[arg(value_name = "PATH|URL")]
    pub backup: String,
    /// Also restore it into a throwaway database, and compare
    #[arg(long)]
    pub drill: bool,
    /// File with the key that decrypts it
    #[arg(long, value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Print one JSON object a line; the last one is the outcome
    #[arg(long)]
    pub json: bool,
}

const VERIFY_AFTER_HELP: &str = "\
Whole: every byte is there, as the manifest beside it says. Restorable: a restore would accept it. Drilled: it was restored and compared.

Exit codes: 0 proved · 1 it is not · 2 in part: without its key an encrypted backup is only compared byte by byte · 64 misuse";

#[derive(Args)]
#[command(after_help = RESTORE_AFTER_HELP)]
pub struct RestoreArgs {
    /// The backup to restore [default: asks, with a list of those that are there]
    #[arg(value_name = "PATH")]
    pub file: Option<PathBuf>,
    /// The database that it replaces [default: $DB_NAME]
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// The folder of the backups [default: $BACKUP_DIR]
    #[arg(long, value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Only list the backups: age, size, rows, last drill
    #[arg(long, conflicts_with = "file")]
    pub list: bool,
    /// Set another param of the recipe `db-restore` (repeatable)
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = super::pair)]
    pub set: Vec<(String, String)>,
    /// Do not ask before the restore; it then takes a named backup
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object a line: the list, or the restore
    #[arg(long)]
    pub json: bool,
}

const RESTORE_AFTER_HELP: &str = "\
It runs the recipe `db-restore`: the backup is proved and restored beside the live database, compared, and then takes its place; the old one is kept.

Exit codes: those of `hikae run`; 1 also where it was not confirmed";
