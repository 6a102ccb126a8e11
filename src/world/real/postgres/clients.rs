//! Makes PostgreSQL's own programs connect as hikae does: with libpq's variables, and to the server of its service file.

use std::collections::BTreeMap;

use super::service;
use super::settings::VARIABLES;
use crate::error::Result;
use crate::secret::Secret;
use crate::world::reach::LIBPQ;
use crate::world::{Command, SecretOrText};

/// The settings of a service that name its server, and their variables: they decide the child's network access.
const OF_SERVER: [(&str, &str); 3] = [("host", "PGHOST"), ("hostaddr", "PGHOSTADDR"), ("port", "PGPORT")];

/// Adds the variables to a client of PostgreSQL that may connect; the command's own settings take precedence.
pub fn with_variables(mut command: Command, ours: &BTreeMap<String, String>) -> Result<Command> {
    let name = command.program.rsplit('/').next().unwrap_or_default();
    // It writes SQL, and makes no connection.
    let writes = name == "pg_restore" && command.args.iter().any(|arg| arg.starts_with("--file") || arg == "-f");
    if !LIBPQ.contains(&name) || writes {
        return Ok(command);
    }
    let mut set: BTreeMap<&str, &String> = BTreeMap::new();
    set.extend(VARIABLES.iter().filter_map(|name| Some((*name, ours.get(*name).filter(|value| !value.is_empty())?))));
    let service = service::read(ours)?;
    set.extend(OF_SERVER.iter().filter_map(|(key, name)| Some((*name, service.get(*key)?))));
    for (name, value) in set {
        if command.env.iter().any(|(known, _)| known == name) {
            continue;
        }
        let value = match name {
            "PGPASSWORD" => SecretOrText::Secret(Secret::new(value.as_str())),
            _ => SecretOrText::Plain(value.clone()),
        };
        command.env.push((name.to_owned(), value));
    }
    Ok(command)
}
