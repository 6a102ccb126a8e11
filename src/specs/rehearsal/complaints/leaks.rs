//! Looks for secrets in everything that a rehearsal has shown: its lines, its programs' arguments and variables, its manifests.

use crate::catalog::manifest;
use crate::error::{Error, Kind, Site};
use crate::secret::Forms;
use crate::specs::rehearsal::Rehearsed;
use crate::specs::rehearsal::complaints::{Complaint, Sort, act};
use crate::world::journal::Record;
use crate::world::{Effect, SecretOrText};

/// Shorter ones occur in text by chance.
const SHORTEST: usize = 4;

pub fn leaks(rehearsed: &Rehearsed) -> Vec<Complaint> {
    let mut found: Vec<Complaint> = rehearsed.bare.iter().map(|param| bare(param)).collect();
    for (name, secret) in &rehearsed.secrets {
        if secret.expose().len() < SHORTEST {
            continue;
        }
        let forms = Forms::of(secret.expose());
        let holds = |text: &str| forms.stand_in(text.as_bytes());
        let hidden = |text: &str| forms.strike(text);
        if let Some(line) = rehearsed.said.iter().find(|line| holds(line)) {
            found.push(shown(name, "in what the run says", Some(&hidden(line)), None));
        }
        if let Some(record) = rehearsed.journal.iter().find(|record| texts(record).iter().any(|text| holds(text))) {
            let place = format!("in the arguments of {}", hidden(&act(record)));
            found.push(shown(name, &place, None, record.site.clone()));
        }
        for (path, seen) in &rehearsed.after.files {
            let is_manifest = path.to_string_lossy().ends_with(manifest::SUFFIX);
            let new = rehearsed.before.at(path) != Some(seen);
            let text = seen.content.as_deref().map(String::from_utf8_lossy);
            if is_manifest && new && text.is_some_and(|text| holds(&text)) {
                found.push(shown(
                    name,
                    &format!("in the manifest `{}`", hidden(&path.display().to_string())),
                    None,
                    None,
                ));
            }
        }
    }
    found
}

/// The text of an effect that other users of the machine and readers of the audit can see.
fn texts(record: &Record) -> Vec<String> {
    let mut texts = vec![record.effect.object()];
    if let Effect::Spawn(command) = &record.effect {
        // The line is quoted, and a secret with a quote in it would look different.
        texts.extend(command.args.iter().cloned());
        texts.extend(command.env.iter().filter_map(|(_, value)| match value {
            SecretOrText::Plain(text) => Some(text.clone()),
            SecretOrText::Secret(_) => None,
        }));
    }
    texts
}

fn shown(name: &str, place: &str, line: Option<&str>, site: Option<Site>) -> Complaint {
    let error = Error::new(Kind::Recipe, format!("the secret `{name}` was shown {place}")).at(site);
    let error = line.map_or(error.clone(), |line| error.because_text(line));
    Complaint::new(Sort::Secret, error.hint("a param that is declared with `secret = true` opens only in Rust"))
}

fn bare(param: &str) -> Complaint {
    let what = format!("the param `{param}` takes a secret, but is not declared as one");
    Complaint::new(Sort::Secret, Error::new(Kind::Recipe, what).hint("add `secret = true` to the param"))
}
