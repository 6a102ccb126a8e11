//! The program from outside: what people type, what it says, and its exit codes.

mod alerts;
mod alerts_checked;
mod alerts_escalated;
mod alerts_everywhere;
mod alerts_in_doubt;
mod alerts_of_warnings;
mod backup_monitor;
mod bad_folder;
mod bad_input;
mod bad_params;
mod bad_reach;
mod bad_recipe;
mod bad_values;
mod bad_words;
mod check;
mod commands;
mod copies;
mod db_backup;
mod db_full_backup;
mod demo;
mod disaster_recovery_app;
mod disaster_recovery_db;
mod doctor;
mod drill;
mod drill_apart;
mod dry_run;
mod encrypted;
mod encrypted_broken;
mod production_restore;
mod progress;
mod readme;
mod honesty;
mod nightly;
mod nightly_damage;
mod nightly_damage_more;
mod nightly_input;
mod nightly_long;
mod nightly_nights;
mod nightly_remote;
mod nightly_steps;
mod passwords;
mod pings;
mod recipes_run;
mod records;
mod render_damage;
mod render_db_backup;
mod restore;
mod schedule;
mod setting_up;
mod restore_refused;
mod status;
mod status_lists;
mod sync;
mod sync_night;
mod sync_stores;
mod restore_rich;
mod targets;
mod test_command;
mod test_coverage;
mod test_places;
mod tutorial;
mod untrusted;
mod without_psql;
mod verify;

use crate::support::program::{Hikae, Said};

/// Runs a recipe whose function `run` is `body`, on its eighth line.
fn run_slip(body: &str) -> Said {
    let recipe = format!(
        "--- A recipe with a slip in it.
return recipe {{
  type = \"daily\",
  kind = \"maintenance\",
  params = {{ database = {{ default = \"shop\" }}, days = {{ default = 30 }} }},
  needs = {{ run = {{ \"pg_dump\", \"true\" }}, write = {{ \"/srv/backups\" }} }},
  run = function(p)
    {body}
  end,
}}
"
    );
    Hikae::new().file("config/recipes/slip.lua", &recipe).run(&["run", "slip"])
}
