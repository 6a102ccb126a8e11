//! Parses the key lists of `gpg --with-colons`.

use chrono::DateTime;

/// One key of the list.
#[derive(Clone, Debug, Default)]
pub struct Key {
    pub fingerprint: String,
    /// `u` and `f` if the keyring trusts it, `e` expired, `r` revoked, `d` disabled, `i` invalid.
    pub validity: char,
    pub capabilities: String,
    pub expires: String,
    pub name: String,
    pub parts: Vec<Part>,
}

/// A subkey, or the primary key: each has a name under which its secret is stored.
#[derive(Clone, Debug, Default)]
pub struct Part {
    pub fingerprint: String,
    pub validity: char,
    pub capabilities: String,
    pub expires: String,
    pub keygrip: String,
}

/// All keys of a list.
pub fn keys(text: &str) -> Vec<Key> {
    let mut keys: Vec<Key> = Vec::new();
    for line in text.lines() {
        let fields: Vec<&str> = line.split(':').collect();
        let field = |at: usize| fields.get(at).copied().unwrap_or_default().to_owned();
        let part = || Part {
            validity: field(1).chars().next().unwrap_or('-'),
            capabilities: field(11),
            expires: day(&field(6)),
            ..Part::default()
        };
        match (fields[0], keys.last_mut()) {
            ("pub" | "sec", _) => {
                let main = part();
                let Part { validity, capabilities, expires, .. } = main.clone();
                keys.push(Key { validity, capabilities, expires, parts: vec![main], ..Key::default() });
            }
            ("sub" | "ssb", Some(key)) => key.parts.push(part()),
            ("fpr", Some(key)) => {
                if key.fingerprint.is_empty() {
                    key.fingerprint = field(9);
                }
                if let Some(part) = key.parts.last_mut() {
                    part.fingerprint = field(9);
                }
            }
            ("grp", Some(key)) => {
                if let Some(part) = key.parts.last_mut() {
                    part.keygrip = field(9);
                }
            }
            ("uid", Some(key)) if key.name.is_empty() => key.name = field(9),
            _ => {}
        }
    }
    keys
}

/// A time in seconds, as a date.
fn day(seconds: &str) -> String {
    let moment = seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    moment.map(|moment| moment.format("%Y-%m-%d").to_string()).unwrap_or_default()
}

impl Key {
    /// For messages: its name and its fingerprint.
    pub fn shown(&self) -> String {
        match self.name.is_empty() {
            true => self.fingerprint.clone(),
            false => format!("{} ({})", self.name, self.fingerprint),
        }
    }

    /// Why it cannot be used for encryption, if so.
    pub fn unusable(&self) -> Option<String> {
        let dated = |what: &str, day: &str| if day.is_empty() { what.to_owned() } else { format!("{what} on {day}") };
        match self.validity {
            'r' => return Some("it is revoked".to_owned()),
            'e' => return Some(dated("it expired", &self.expires)),
            'd' => return Some("it is disabled".to_owned()),
            'i' => return Some("it is not valid".to_owned()),
            _ if self.capabilities.contains('D') => return Some("it is disabled".to_owned()),
            _ if self.capabilities.contains('E') => return None,
            _ => {}
        }
        let mut encrypting = self.parts.iter().filter(|part| part.capabilities.contains('e'));
        Some(match encrypting.next_back() {
            Some(part) if part.validity == 'r' => "its key for encryption is revoked".to_owned(),
            Some(part) if part.validity == 'e' => dated("its key for encryption expired", &part.expires),
            _ => "it has no key for encryption".to_owned(),
        })
    }

    pub fn is_trusted(&self) -> bool {
        matches!(self.validity, 'f' | 'u')
    }

    /// Whether this is the full fingerprint of the key or of one of its parts.
    pub fn is_named_by(&self, fingerprint: &str) -> bool {
        self.fingerprint == fingerprint || self.parts.iter().any(|part| part.fingerprint == fingerprint)
    }
}
