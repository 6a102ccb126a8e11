//! Which folder is the configuration, and which one the state.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hikae::config::{Config, Folders};
use hikae::error::Kind;

use super::{Memory, environment, folders, load, told};

#[test]
fn the_configuration_folder_is_the_flag_then_the_variable_then_the_nearest_parent_then_etc() {
    let files = Memory::default()
        .with("/srv/flag/hikae.toml", "")
        .with("/srv/variable/hikae.toml", "")
        .with("/home/kin/hikae.toml", "");
    let environment = environment(&[("HOME", "/home/kin"), ("HIKAE_CONFIG_DIR", "/srv/variable")]);
    let flag = Folders { config_dir: Some(PathBuf::from("/srv/flag")), ..folders() };
    let dir = |folders: &Folders, environment: &BTreeMap<String, String>, files: &Memory| {
        Config::load(folders, environment, Arc::new(files.clone())).unwrap().dir
    };
    assert_eq!(dir(&flag, &environment, &files), Path::new("/srv/flag"));
    assert_eq!(dir(&folders(), &environment, &files), Path::new("/srv/variable"));
    assert_eq!(load(&[("HIKAE_CONFIG_DIR", "")], files).unwrap().dir, Path::new("/home/kin"));
    assert_eq!(load(&[], Memory::default()).unwrap().dir, Path::new("/etc/hikae"));
}

#[test]
fn a_configuration_folder_that_was_named_must_exist() {
    let flag = Folders { config_dir: Some(PathBuf::from("conf")), ..folders() };
    let error = Config::load(&flag, &environment(&[]), Arc::new(Memory::default())).unwrap_err();
    assert_eq!(error.kind(), Kind::NotFound);
    assert_eq!(
        told(&error),
        "cannot open the configuration folder `/home/kin/work/conf`\n\
         there is no such folder\n\
         hint: it was named by `--config-dir`; `hikae init` makes a configuration folder"
    );
    let error = load(&[("HIKAE_CONFIG_DIR", "/mnt/gone")], Memory::default()).unwrap_err();
    assert!(told(&error).contains("it was named by `HIKAE_CONFIG_DIR`"), "{}", told(&error));
}

#[test]
fn the_state_folder_is_the_variable_then_the_setting_then_that_of_the_user() {
    let files = Memory::default().with("/etc/hikae/hikae.toml", "state_dir = '/srv/state'");
    let state = |variables: &[(&str, &str)], files: &Memory| load(variables, files.clone()).unwrap().state_dir;
    assert_eq!(state(&[("HIKAE_STATE_DIR", "/tmp/s")], &files), Path::new("/tmp/s"));
    let in_dotenv = files.clone().with("/etc/hikae/.env", "HIKAE_STATE_DIR=/srv/dotenv");
    assert_eq!(state(&[], &in_dotenv), Path::new("/srv/dotenv"));
    assert_eq!(state(&[], &files), Path::new("/srv/state"));
    assert_eq!(state(&[], &Memory::default()), Path::new("/home/kin/.local/state/hikae"));
    assert_eq!(state(&[("XDG_STATE_HOME", "/x")], &Memory::default()), Path::new("/x/hikae"));
    assert_eq!(state(&[("XDG_STATE_HOME", "relative")], &Memory::default()), Path::new("/home/kin/.local/state/hikae"));
    let relative = Memory::default().with("/etc/hikae/hikae.toml", "state_dir = 'state'");
    assert_eq!(state(&[], &relative), Path::new("/etc/hikae/state"));
    let root = Folders { uid: 0, ..folders() };
    let config = Config::load(&root, &environment(&[]), Arc::new(Memory::default())).unwrap();
    assert_eq!(config.state_dir, Path::new("/var/lib/hikae"));
}

#[test]
fn a_user_without_a_home_is_told_how_to_name_the_state_folder() {
    let error = Config::load(&folders(), &environment(&[]), Arc::new(Memory::default())).unwrap_err();
    assert_eq!(
        told(&error),
        "cannot find the state folder: `HOME` is not set\n\
         hint: set `HIKAE_STATE_DIR`, or `state_dir` in `hikae.toml`"
    );
}
