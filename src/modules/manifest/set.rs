//! `manifest.save_set`: makes one backup of several, with one list and one manifest.

use std::path::PathBuf;
use std::rc::Rc;

use mlua::Table;
use serde::Deserialize;

use crate::backup::set;
use crate::backup::target::Target;
use crate::error::Result;
use crate::lua::exports::Call;
use crate::modules::save;
use crate::postgres::dump::facts::PostgresSections;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SetOptions {
    files: Vec<PathBuf>,
    left_out: Option<Vec<String>>,
}

pub async fn save(call: Rc<Call>, path: PathBuf, options: SetOptions) -> Result<Table> {
    let SetOptions { files, left_out } = options;
    let pipeline = set::pipeline(&call.world()?, &path, &files, left_out, &PostgresSections).await?;
    save::save(call, (pipeline, Vec::new()), Target::File(path), Default::default()).await
}
