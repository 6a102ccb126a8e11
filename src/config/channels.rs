//! Finds the Lua file of a channel: the configuration folder's `channels/NAME.lua` wins over the embedded one.

use super::{Config, ModuleSource, embedded};
use crate::error::{Error, Kind, Result};
use crate::suggest;

impl Config {
    /// The names of all channels, embedded ones and those of the configuration folder, in alphabetical order.
    pub fn channel_names(&self) -> Result<Vec<String>> {
        let files = self.files.list(&self.dir.join("channels"))?.unwrap_or_default();
        let mut names: Vec<String> = embedded::channels().into_iter().map(str::to_owned).collect();
        names.extend(files.iter().filter_map(|file| embedded::recipe_name(file)).map(str::to_owned));
        names.sort_unstable();
        names.dedup();
        Ok(names)
    }

    /// The file of the channel `name`.
    pub fn channel_source(&self, name: &str) -> Result<ModuleSource> {
        let file = format!("{name}.lua");
        if embedded::recipe_name(&file).is_some() && embedded::module_path(name).is_some_and(|path| path == file) {
            let path = self.dir.join("channels").join(&file);
            if let Some(text) = self.files.read(&path)? {
                return Ok(ModuleSource { file_shown: path.display().to_string(), text });
            }
            if let Some(found) = self.module_source(&format!("hikae.channels.{name}"))? {
                return Ok(found);
            }
        }
        let names = self.channel_names()?;
        let hint = suggest::hint(name, names.iter().map(String::as_str));
        let shown = name.escape_debug();
        Err(Error::new(Kind::NotFound, format!("cannot find the channel `{shown}`"))
            .hint(format!("{hint}; one of your own is a file `channels/NAME.lua` in the configuration folder")))
    }

    /// The module that `require` calls `dotted`, for a channel: from the library, or from the user's `channels` folder.
    pub fn channel_module(&self, dotted: &str) -> Result<Option<ModuleSource>> {
        if dotted.starts_with("hikae.") {
            return self.module_source(dotted);
        }
        let Some(below) = embedded::module_path(dotted) else { return Ok(None) };
        let path = self.dir.join("channels").join(below);
        let text = self.files.read(&path)?;
        Ok(text.map(|text| ModuleSource { file_shown: path.display().to_string(), text }))
    }
}
