//! Reads the texts of recipes and channels in the reader's language.

use std::collections::BTreeMap;

use super::{Config, Language};
use crate::error::{Error, Kind, Result};
use crate::lua::data;
use crate::lua::session::Translate;

/// The modules with the Japanese texts.
const JAPANESE: [&str; 3] = ["hikae.locale.ja", "hikae.locale.ja_files", "hikae.locale.ja_restore"];

/// The texts of the reader's language, from `stdlib/hikae/locale/`; English needs none.
pub fn translations(config: &Config) -> Translate {
    let texts = match config.language() {
        Language::En => BTreeMap::new(),
        Language::Ja => JAPANESE.iter().flat_map(|name| read(config, name)).collect(),
    };
    Box::new(move |text| texts.get(text).cloned())
}

/// One catalogue; without it, its texts stay in English.
fn read(config: &Config, name: &str) -> BTreeMap<String, String> {
    catalogue(config, name).unwrap_or_else(|error| {
        crate::report::log(crate::report::Level::Warn, &error.one_line(), None);
        BTreeMap::new()
    })
}

fn catalogue(config: &Config, name: &str) -> Result<BTreeMap<String, String>> {
    let Some(module) = config.module_source(name)? else {
        return Err(Error::new(Kind::NotFound, format!("cannot find the translations `{name}`")));
    };
    data::texts(&module.file_shown, &module.text)
}
