//! The program from outside: what people type, what it says, and its exit codes.

mod alerts;
mod bad_folder;
mod bad_input;
mod bad_params;
mod bad_reach;
mod bad_recipe;
mod bad_values;
mod bad_words;
mod commands;
mod db_backup;
mod db_full_backup;
mod demo;
mod drill;
mod dry_run;
mod readme;
mod honesty;
mod passwords;
mod records;
mod restore;
mod restore_refused;
mod test_command;
mod test_coverage;
mod test_places;
mod tutorial;
