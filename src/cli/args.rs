//! Defines the command line: every command with its flags; help, completions and the man page are generated from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

mod backups;
mod records;
mod setting_up;

pub use backups::{RestoreArgs, VerifyArgs};
pub use setting_up::{DiffArgs, EjectArgs, InitArgs, NewArgs, ScheduleArgs, ScheduleFormat};

pub use records::{AuditArgs, NotificationsArgs, RunsArgs, RunsCommand, StatusArgs, StatusCommand};

/// Runs backup recipes, and believes only what was proved.
#[derive(Parser)]
#[command(name = "hikae", version, propagate_version = true, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Arguments {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit codes: 0 done and proved · 1 failed · 2 done in part · 64 misuse · 75 another run holds the lock · 130/143 interrupted

Values of params, the first that is set counts: --set, the environment, `.env` and `hikae.toml` in the configuration folder, the recipe.";

#[derive(Args)]
pub struct Global {
    /// Folder of hikae.toml, .env and recipes/ [default: $HIKAE_CONFIG_DIR, the nearest folder with a hikae.toml, /etc/hikae]
    #[arg(long, global = true, value_name = "DIR")]
    pub config_dir: Option<PathBuf>,
}

#[derive(Subcommand)]
pub enum Command {
    /// Make a configuration folder, and ask for what belongs into it
    Init(InitArgs),
    /// Run a recipe; the exit code says whether the backup was proved
    Run(RunArgs),
    /// Prove that one backup is whole and restorable, and with --drill that it restores
    Verify(VerifyArgs),
    /// Choose a backup, see the plan, and restore it
    Restore(RestoreArgs),
    /// List the recipes
    List(Listing),
    /// Show a recipe: what it does, its params with their values, what it may touch
    Show(ShowArgs),
    /// Show whether every schedule was kept and every backup is young enough; exits 1 when something is wrong
    Status(StatusArgs),
    /// List the runs, the newest first
    Runs(RunsArgs),
    /// List who did what, the newest first
    Audit(AuditArgs),
    /// List the notices: who got each, and whether it arrived, the newest first
    Notifications(NotificationsArgs),
    /// Test the channels, rehearse a failure, or send what waits
    #[command(subcommand)]
    Notify(NotifyCommand),
    /// Fetch a backup and its manifest from a store into a folder, and prove it
    Fetch(FetchArgs),
    /// Check recipes, their params and programs, and the set-up, without running anything
    Check(CheckArgs),
    /// Print, write or install what a scheduler needs: crontab, systemd, Kubernetes, Nomad
    Schedule(ScheduleArgs),
    /// Make a recipe of one's own, with its spec
    New(NewArgs),
    /// Put a built-in recipe into the configuration folder, with its spec, to change it
    Eject(EjectArgs),
    /// Show how a recipe differs from the built-in one, and from what it was taken from
    Diff(DiffArgs),
    /// Run specs: what recipes promise, tried in a world in memory
    Test(TestArgs),
    /// Print the docs of what Lua may call, by module or by function, and of recipes
    Docs(DocsArgs),
    /// Show hikae at work on a throwaway PostgreSQL, and what an honest failure looks like
    Demo,
    /// Explain a kind of error, such as `integrity`, and what to do; all kinds when none is named
    Explain(ExplainArgs),
    /// Print completions for a shell
    Completions { shell: clap_complete::Shell },
    /// Print the manual page, or that of a command, such as `hikae man runs show`
    Man(ManArgs),
}

#[derive(Args)]
pub struct RunArgs {
    /// Name of a recipe, or path to a `.lua` file
    pub recipe: String,
    /// Set a param of the recipe (repeatable)
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    pub set: Vec<(String, String)>,
    /// Type of the run, in its id and in the records [default: the recipe's]
    #[arg(long = "type", value_name = "TYPE")]
    pub run_type: Option<RunType>,
    /// Show what a run would do now, and change nothing
    #[arg(long)]
    pub dry_run: bool,
    /// Do not ask before a restore; without a terminal it is refused otherwise
    #[arg(long)]
    pub yes: bool,
    /// Print one JSON object a line; the last one is the outcome
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,
    /// Print warnings and errors only, so that cron mails only what matters
    #[arg(long, short)]
    pub quiet: bool,
    /// Report a failure to nobody; the default at a terminal for backups, drills, monitors and reports
    #[arg(long)]
    pub no_alert: bool,
    /// Also print what programs say on their standard error
    #[arg(long, short, conflicts_with = "quiet")]
    pub verbose: bool,
    /// Takes params from standard input: for runs that a recipe has started
    #[arg(long, hide = true)]
    pub given: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub enum RunType {
    Daily,
    Weekly,
    Monthly,
    Manual,
}

impl RunType {
    pub fn word(self) -> &'static str {
        match self {
            RunType::Daily => "daily",
            RunType::Weekly => "weekly",
            RunType::Monthly => "monthly",
            RunType::Manual => "manual",
        }
    }
}

#[derive(Args)]
pub struct Listing {
    /// Print one JSON object a line
    #[arg(long)]
    pub json: bool,
}

#[derive(Args)]
pub struct ShowArgs {
    /// Name of a recipe, or path to a `.lua` file
    pub recipe: String,
    /// Print the recipe's Lua
    #[arg(long, conflicts_with = "json")]
    pub source: bool,
    #[command(flatten)]
    pub listing: Listing,
}

#[derive(Args)]
pub struct FetchArgs {
    /// Address of the backup, such as `s3://bucket/folder/backup.sql.gz`
    pub url: String,
    /// Folder to put it into [default: the current one]
    pub dir: Option<PathBuf>,
    /// Ask the store to bring an archived backup back for this many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=365))]
    pub thaw: Option<u32>,
    /// Wait until it can be read, which takes hours
    #[arg(long, requires = "thaw")]
    pub wait: bool,
    #[command(flatten)]
    pub listing: Listing,
}

#[derive(Subcommand)]
pub enum NotifyCommand {
    /// Send a test by each channel, or by one
    Test(NotifyTestArgs),
    /// Let a small recipe fail for real in a place that is thrown away, and see who hears of it: marked as a rehearsal, touching no backup
    Rehearse,
    /// Report that systemd could not run a recipe: for units that `hikae schedule` has made
    #[command(hide = true)]
    UnitFailed { recipe: String },
    /// Send what waits now, whatever its time
    Flush {
        /// Also resend notices that may have arrived, and those that failed for good
        #[arg(long)]
        unsure: bool,
    },
}

#[derive(Args)]
pub struct NotifyTestArgs {
    /// Only by this channel: `email`, `slack`, `teams`, or a name in `hikae.toml` or in the catalog [default: all]
    #[arg(long, value_name = "NAME")]
    pub channel: Option<String>,
    /// Send a mail to this address, instead of to those who get alerts
    #[arg(long, value_name = "ADDRESS")]
    pub to: Option<String>,
}

#[derive(Args)]
pub struct CheckArgs {
    /// Names of recipes, or paths to `.lua` files [default: those in use]
    pub recipes: Vec<String>,
    /// Connect to no database and no mail server
    #[arg(long)]
    pub offline: bool,
    /// Also show each point that is well, and each that was not tried
    #[arg(long, short)]
    pub verbose: bool,
    #[command(flatten)]
    pub listing: Listing,
}

#[derive(Args)]
#[command(after_help = TEST_AFTER_HELP)]
pub struct TestArgs {
    /// Spec files, or folders with specs below them [default: all in the configuration folder, else in ./recipes]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Run only specs with this text in their name
    #[arg(long, value_name = "TEXT")]
    pub filter: Option<String>,
    /// Also write the results to this file, as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Print the results in the Test Anything Protocol, version 14
    #[arg(long, conflicts_with_all = ["json", "quiet"])]
    pub tap: bool,
    /// Print one JSON object a spec and line; the last one is the summary
    #[arg(long, conflicts_with = "quiet")]
    pub json: bool,
    /// Print only what failed
    #[arg(long, short)]
    pub quiet: bool,
    /// Also show how many lines of each recipe and module the specs ran, and which never
    #[arg(long)]
    pub coverage: bool,
    /// Run again whenever a spec, a recipe or a module has changed, until Ctrl-C
    #[arg(long)]
    pub watch: bool,
}

const TEST_AFTER_HELP: &str = "\
Specs are files whose names end in `_spec.lua`, and touch nothing of this machine.

Exit codes: 0 all passed · 1 a spec failed or nothing was tested · 64 misuse · 130/143 interrupted";

#[derive(Args)]
pub struct DocsArgs {
    /// A module such as `pg` or `hikae.retention`, a function such as `pg.dump`, or a recipe [default: list them all]
    #[arg(value_name = "MODULE")]
    pub name: Option<String>,
    /// Write what editors read into this folder: the stubs, a `.luarc.json`, and the specs of the built-in recipes as models
    #[arg(long, value_name = "DIR", conflicts_with = "name")]
    pub out: Option<PathBuf>,
    /// List the functions, modules and recipes whose docs have this word
    #[arg(long, value_name = "WORD", conflicts_with_all = ["name", "out"])]
    pub search: Option<String>,
    /// Write a page of each recipe into this folder, as Markdown
    #[arg(long, value_name = "DIR", conflicts_with_all = ["name", "out", "search"])]
    pub pages: Option<PathBuf>,
}

#[derive(Args)]
pub struct ExplainArgs {
    /// Kind as error messages, JSON and `hikae runs` have it
    pub kind: Option<String>,
}

#[derive(Args)]
pub struct ManArgs {
    /// Command, such as `runs show` [default: hikae itself]
    pub command: Vec<String>,
    /// Write the pages of all commands into this folder
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub out: Option<PathBuf>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write it as NAME=VALUE".to_owned()),
    }
}
