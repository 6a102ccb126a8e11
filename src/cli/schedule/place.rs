//! Determines the program, the folders and the user for a scheduler.

use std::path::{Path, PathBuf};

use super::super::args::{ScheduleArgs, ScheduleFormat};
use super::super::context::Context;
use crate::error::{Error, Kind, Result};
use crate::world::World;
use crate::world::command::quoted;
use crate::world::real::{Real, config_files, path_checks, this_process};

/// The user of the packages, and the state folder of root and of that user.
const PACKAGED_USER: &str = "hikae";
const STATE_DIR: &str = "/var/lib/hikae";
const CONFIG_DIR: &str = "/etc/hikae";

/// Where a scheduler finds everything.
pub struct Place {
    pub program: PathBuf,
    pub config_dir: PathBuf,
    pub state_dir: PathBuf,
    /// Who runs the recipes, where that is not who installs them.
    pub user: Option<String>,
    /// Whether it is for the systemd of one user, which has no rights to close anything.
    pub is_user_manager: bool,
    /// Whether the recipes run as root.
    pub is_root: bool,
    /// Whether the scheduler must know the state folder.
    pub names_state: bool,
    /// The time zone of the schedules by its name, where that can be found.
    pub zone: Option<String>,
    pub image: String,
    /// Whether anything beside the recipes is reached: mail servers, hooks, pings.
    pub alerts: bool,
}

impl Place {
    pub fn of(context: &Context, args: &ScheduleArgs) -> Result<Place> {
        let config = &context.config;
        let we_are_root = this_process::user_id() == 0;
        // After `su` or `sudo`, the variable `USER` may still name the original user.
        let me = if we_are_root { "root".to_owned() } else { Real::ambient().machine().user };
        let for_systemd = args.format == ScheduleFormat::Systemd;
        let changes = args.install || args.remove;
        let packaged = for_systemd && we_are_root && has_user(PACKAGED_USER)?;
        let user = args.user.clone().or_else(|| packaged.then(|| PACKAGED_USER.to_owned()));
        // If root installs the printed units later, they run as the user who printed them.
        let user = user.or_else(|| (for_systemd && !we_are_root && !changes).then(|| me.clone()));
        let user = user.filter(|user| *user != me || (for_systemd && !we_are_root && !changes));
        if user.is_some() && !we_are_root && changes {
            let what = "only root can schedule for another user";
            return Err(Error::new(Kind::Recipe, what).hint("run it with `sudo`, or leave `--user` out"));
        }
        let set = |name: &str| context.environment.get(name).is_some_and(|value| !value.is_empty());
        let said = set("HIKAE_STATE_DIR") || config.settings.state_dir.is_some();
        let state_dir = if user.as_ref().is_some_and(|user| *user != me) && !said {
            PathBuf::from(STATE_DIR)
        } else {
            config.state_dir.clone()
        };
        let is_root = user.as_deref().map_or(we_are_root, |user| user == "root");
        let names_state = set("HIKAE_STATE_DIR") || set("XDG_STATE_HOME") || user.is_some();
        let program = this_process::own_program()?;
        let image = format!("hikae:{}", env!("CARGO_PKG_VERSION"));
        Ok(Place {
            program,
            config_dir: config.dir.clone(),
            state_dir,
            user,
            is_user_manager: for_systemd && !we_are_root && changes,
            is_root,
            names_state,
            zone: zone(context),
            image: args.image.clone().unwrap_or(image),
            alerts: !crate::alert::registered::Channels::configured(config).all.is_empty()
                || !config.settings.pings.is_empty(),
        })
    }

    /// The words of the command line that runs a recipe.
    pub fn command(&self, recipe: &str) -> Vec<String> {
        let mut words = vec![self.program.display().to_string()];
        if self.config_dir != Path::new(CONFIG_DIR) {
            words.extend(["--config-dir".to_owned(), self.config_dir.display().to_string()]);
        }
        words.extend(["run", recipe, "--quiet"].map(str::to_owned));
        words
    }

    /// The same for a shell, with the variables that it must set.
    pub fn shell_line(&self, recipe: &str) -> String {
        let words: Vec<String> = self.command(recipe).iter().map(|word| quoted(word)).collect();
        let state = self.state_dir.display().to_string();
        let state = if self.names_state { format!("HIKAE_STATE_DIR={} ", quoted(&state)) } else { String::new() };
        format!("{state}{}", words.join(" "))
    }
}

/// Whether `/etc/passwd` has this user.
pub fn has_user(name: &str) -> Result<bool> {
    let users = config_files::read(Path::new("/etc/passwd"))?.unwrap_or_default();
    Ok(users.lines().any(|line| line.split(':').next() == Some(name)))
}

/// The name of the time zone, such as `Asia/Tokyo`.
pub fn zone(context: &Context) -> Option<String> {
    let zone = context.environment.get("TZ").map(|zone| zone.trim_start_matches(':').to_owned());
    zone.filter(|zone| !zone.is_empty()).or_else(system_zone)
}

/// That of the machine, by which schedulers go.
pub fn system_zone() -> Option<String> {
    let file = path_checks::real(Path::new("/etc/localtime")).display().to_string();
    file.split_once("/zoneinfo/").map(|(_, zone)| zone.to_owned())
}
