//! Where variables come from.

use hikae::config::{Language, Origin};

use super::{Memory, load};

#[test]
fn the_process_environment_goes_before_dotenv_and_empty_counts_as_not_set() {
    let files = Memory::default().with("/etc/hikae/.env", "BOTH=file\nONLY=file\nEMPTY_IN_PROCESS=file\nEMPTY=\n");
    let config = load(&[("BOTH", "process"), ("EMPTY_IN_PROCESS", "")], files).unwrap();
    assert_eq!(config.find("BOTH"), Some(("process", Origin::Environment)));
    assert_eq!(config.find("ONLY"), Some(("file", Origin::DotEnv)));
    assert_eq!(config.lookup("EMPTY_IN_PROCESS"), Some("file"));
    assert_eq!(config.lookup("EMPTY"), None);
    assert_eq!(config.lookup("NONE"), None);
}

#[test]
fn the_language_is_hikaes_variable_then_the_setting_then_the_locale() {
    let ja = Memory::default().with("/etc/hikae/hikae.toml", "lang = 'ja'");
    let language = |variables: &[(&str, &str)], files: &Memory| load(variables, files.clone()).unwrap().language();
    assert_eq!(language(&[], &Memory::default()), Language::En);
    assert_eq!(language(&[("LANG", "ja_JP.UTF-8")], &Memory::default()), Language::Ja);
    assert_eq!(language(&[("LANG", "ja_JP.UTF-8"), ("LC_ALL", "C")], &Memory::default()), Language::En);
    assert_eq!(language(&[("LANG", "C.UTF-8")], &ja), Language::Ja);
    assert_eq!(language(&[("HIKAE_LANG", "en")], &ja), Language::En);
}

#[test]
fn a_configuration_does_not_print_what_it_holds() {
    let files = Memory::default().with("/etc/hikae/.env", "DB_PASSWORD=hunter2\n");
    let shown = format!("{:?}", load(&[("SMTP_PASSWORD", "hunter3")], files).unwrap());
    assert!(shown.contains("/etc/hikae") && !shown.contains("hunter"), "{shown}");
}
