//! Finds the database servers that the params of a recipe name.

use super::params::Params;
use super::values::ParamValue;

/// The database servers that the params can name: a session with one of them needs no other declaration.
pub fn database_servers(params: &Params) -> (Vec<String>, Vec<u16>) {
    let (mut hosts, mut ports) = (Vec::new(), Vec::new());
    for (_, value) in params.iter() {
        match value {
            ParamValue::String(text) => hosts.push(text.clone()),
            ParamValue::Path(path) => hosts.push(path.display().to_string()),
            ParamValue::List(texts) => hosts.extend(texts.iter().cloned()),
            ParamValue::Integer(number) => ports.extend(u16::try_from(*number)),
            _ => {}
        }
    }
    (hosts, ports)
}
