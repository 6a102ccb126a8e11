//! What a person may type to set up: schedules, and the files of a configuration folder.

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
