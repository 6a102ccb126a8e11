//! Defines the command line for setting up: schedules, and the files of a configuration folder.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

#[derive(Args)]
#[command(after_help = SCHEDULE_AFTER_HELP)]
pub struct ScheduleArgs {
    /// Names of recipes, or paths to `.lua` files [default: those in use that have a schedule, with the drill and the monitor]
    #[arg(value_name = "RECIPE")]
    pub recipes: Vec<String>,
    /// For which scheduler
    #[arg(long, value_name = "FORMAT", default_value = "crontab")]
    pub format: ScheduleFormat,
    /// Write the files into this folder; with `--install`, the folder of the units
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Hand it to the scheduler of this machine, after showing what changes: a crontab, or systemd
    #[arg(long)]
    pub install: bool,
    /// Take what `--install` has brought away again
    #[arg(long, conflicts_with_all = ["install", "recipes"])]
    pub remove: bool,
    /// Do not ask before `--install` and `--remove`
    #[arg(long)]
    pub yes: bool,
    /// The user who runs the recipes [default for root with systemd: `hikae`, where there is one]
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// The container image, for Kubernetes and Nomad
    #[arg(long, value_name = "IMAGE")]
    pub image: Option<String>,
}

const SCHEDULE_AFTER_HELP: &str = "\
A schedule is that of the recipe, or of `[schedules]` in `hikae.toml`.

Exit codes: 0 done · 1 failed, or not confirmed · 64 misuse";

/// For which scheduler a schedule is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScheduleFormat {
    Crontab,
    Systemd,
    Kubernetes,
    Nomad,
}

#[derive(Args)]
#[command(after_help = INIT_AFTER_HELP)]
pub struct InitArgs {
    /// The configuration folder [default: --config-dir, $HIKAE_CONFIG_DIR, /etc/hikae for root, else the current folder]
    #[arg(value_name = "DIR")]
    pub dir: Option<PathBuf>,
    /// Name of the database
    #[arg(long, value_name = "NAME")]
    pub database: Option<String>,
    /// Host of the database, or the folder of its socket
    #[arg(long, value_name = "HOST")]
    pub host: Option<String>,
    /// Port of the database
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// User of the database; the password is taken from $DB_PASSWORD
    #[arg(long, value_name = "NAME")]
    pub user: Option<String>,
    /// Folder for the backups
    #[arg(long, value_name = "DIR")]
    pub backup_dir: Option<PathBuf>,
    /// Mail address that gets failure alerts
    #[arg(long, value_name = "ADDRESS")]
    pub mail: Option<String>,
}

impl InitArgs {
    /// Whether any value was given on the command line: then nothing is asked.
    pub fn has_values(&self) -> bool {
        let texts = [&self.database, &self.host, &self.user, &self.mail];
        texts.iter().any(|text| text.is_some()) || self.port.is_some() || self.backup_dir.is_some()
    }
}

const INIT_AFTER_HELP: &str = "\
On a terminal it asks for what was not given, and tries each answer at once. A file that is there stays as it is.

Exit codes: 0 done · 1 failed · 64 misuse";

#[derive(Args)]
pub struct NewArgs {
    /// Name of the new recipe
    pub name: String,
    /// The built-in recipe to begin with
    #[arg(long, value_name = "RECIPE")]
    pub from: Option<String>,
}

#[derive(Args)]
pub struct EjectArgs {
    /// Name of a built-in recipe
    #[arg(id = "recipe", value_name = "RECIPE")]
    pub name: String,
}

#[derive(Args)]
#[command(after_help = "Exit codes: 0 no difference · 1 there are differences · 64 misuse")]
pub struct DiffArgs {
    /// Name of a recipe
    #[arg(id = "recipe", value_name = "RECIPE")]
    pub name: String,
}
