//! Reads the texts of the reader's language, by which recipes and channels speak to people.

use std::collections::BTreeMap;

use super::{Config, Language};
use crate::error::{Error, Kind, Result};
use crate::lua::data;
use crate::lua::session::Translate;

/// The texts of the reader's language, from `stdlib/hikae/locale/`; English needs none.
pub fn translations(config: &Config) -> Translate {
    let texts = match config.language() {
        Language::En => BTreeMap::new(),
        Language::Ja => catalogue(config, "hikae.locale.ja").unwrap_or_else(|error| {
            crate::report::log(crate::report::Level::Warn, &error.one_line(), None);
            BTreeMap::new()
        }),
    };
    Box::new(move |text| texts.get(text).cloned())
}

fn catalogue(config: &Config, name: &str) -> Result<BTreeMap<String, String>> {
    let Some(module) = config.module_source(name)? else {
        return Err(Error::new(Kind::NotFound, format!("cannot find the translations `{name}`")));
    };
    data::texts(&module.file_shown, &module.text)
}
