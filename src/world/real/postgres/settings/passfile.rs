//! Finds the password of a server in `.pgpass`, which other users may not be able to read.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use super::Place;
use crate::error::{Error, Result};
use crate::secret::Secret;

/// The hosts that the word `localhost` in the file also matches.
const LOCAL: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Sets the password of the place, if a line of the file matches; as in libpq, a file that others may read is ignored.
pub fn look_up(environment: &BTreeMap<String, String>, place: &mut Place, database: &str, user: &str) -> Result<()> {
    let set = |name: &str| environment.get(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let Some(path) = set("PGPASSFILE").or_else(|| Some(set("HOME")?.join(".pgpass"))) else { return Ok(()) };
    let Ok(about) = std::fs::metadata(&path) else { return Ok(()) };
    if !about.is_file() {
        return Ok(());
    }
    if about.permissions().mode() & 0o077 != 0 {
        place.open_passfile = Some(path);
        return Ok(());
    }
    let text = std::fs::read_to_string(&path)
        .map_err(|cause| Error::io(format!("cannot read the passwords in `{}`", path.display()), cause))?;
    let host = if place.is_socket() && LOCAL.contains(&place.host.as_str()) { "localhost" } else { &place.host };
    let port = place.port.to_string();
    let connection = [host, port.as_str(), database, user];
    place.password = text.lines().find_map(|line| password_in(line, connection)).map(Secret::new);
    Ok(())
}

/// The last field of a line whose first four match.
fn password_in(line: &str, connection: [&str; 4]) -> Option<String> {
    if line.starts_with('#') {
        return None;
    }
    let fields = fields(line);
    let (password, about) = fields.split_last().filter(|(_, about)| about.len() == 4)?;
    let fits = about.iter().zip(connection).all(|(field, connection)| field == "*" || field == connection);
    (fits && !password.is_empty()).then(|| password.clone())
}

/// `:` separates fields, and `\` escapes the next character. The password is the rest of the line.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let count = fields.len();
        let Some(last) = fields.last_mut() else { break };
        match c {
            '\\' => last.extend(chars.next()),
            ':' if count < 5 => fields.push(String::new()),
            c => last.push(c),
        }
    }
    fields
}
