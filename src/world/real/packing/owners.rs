//! The names of users and groups by number, from the machine's user and group files.

use std::collections::HashMap;

/// Names by number; a number without a name stays a number.
#[derive(Default)]
pub struct Owners {
    users: HashMap<u32, String>,
    groups: HashMap<u32, String>,
}

impl Owners {
    pub fn read() -> Owners {
        Owners { users: names("/etc/passwd"), groups: names("/etc/group") }
    }

    pub fn user(&self, number: u32) -> &str {
        self.users.get(&number).map_or("", String::as_str)
    }

    pub fn group(&self, number: u32) -> &str {
        self.groups.get(&number).map_or("", String::as_str)
    }
}

fn names(path: &str) -> HashMap<u32, String> {
    // A machine without this file has no names: the numbers are enough.
    let text = std::fs::read(path).unwrap_or_default();
    let mut names = HashMap::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let mut fields = line.split(':');
        if let (Some(name), Some(_), Some(Ok(number))) = (fields.next(), fields.next(), fields.next().map(str::parse)) {
            names.entry(number).or_insert_with(|| name.to_owned());
        }
    }
    names
}

/// The number of a user, from a name or a number.
pub fn user_number(name: &str) -> Option<u32> {
    number(name, "/etc/passwd")
}

/// The number of a group, from a name or a number.
pub fn group_number(name: &str) -> Option<u32> {
    number(name, "/etc/group")
}

fn number(name: &str, path: &str) -> Option<u32> {
    name.parse().ok().or_else(|| names(path).into_iter().find(|(_, known)| known == name).map(|(number, _)| number))
}
