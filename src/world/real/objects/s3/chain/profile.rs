//! Reads the shared profile of Amazon's own tools, and runs the programs that it names to get keys.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::{Found, PLACES, keys_in};
use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::world::objects::Keys;
use crate::world::real::objects::Reach;

/// The settings of one profile, from both files.
#[derive(Default)]
pub struct Profile {
    pub name: String,
    fields: BTreeMap<String, String>,
}

impl Profile {
    /// The profile that the environment names, or the default one.
    pub async fn read(reach: &Reach) -> Result<Profile> {
        let name = reach.variable(&["AWS_PROFILE"]).unwrap_or("default").to_owned();
        let path = |variable: &str, usual: &str| {
            reach.variable(&[variable]).map_or_else(|| reach.home().join(usual), PathBuf::from)
        };
        let config = reach.file(&path("AWS_CONFIG_FILE", ".aws/config")).await?.unwrap_or_default();
        let keys = reach.file(&path("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials")).await?.unwrap_or_default();
        // In one of the files, a section name has a prefix; in both, the later file wins.
        let mut fields = section(&config, &format!("profile {name}"));
        if name == "default" {
            fields.extend(section(&config, "default"));
        }
        fields.extend(section(&keys, &name));
        Ok(Profile { name, fields })
    }

    pub fn get(&self, field: &str) -> Option<&str> {
        self.fields.get(field).map(String::as_str)
    }
}

/// The fields of a section. An indented line belongs to the field above it.
fn section(text: &str, name: &str) -> BTreeMap<String, String> {
    let (mut fields, mut inside) = (BTreeMap::new(), false);
    for line in text.lines().filter(|line| !line.trim_start().starts_with(['#', ';'])) {
        if let Some(head) = line.trim().strip_prefix('[').and_then(|line| line.split_once(']')) {
            inside = head.0.split_whitespace().eq(name.split_whitespace());
        } else if let Some((field, value)) = line.split_once('=').filter(|_| inside && !line.starts_with([' ', '\t'])) {
            fields.insert(field.trim().to_ascii_lowercase(), value.trim().to_owned());
        }
    }
    fields
}

/// The keys of the profile: from the file, from its program, or from Amazon's own tool.
pub async fn keys(reach: &Reach) -> Result<Option<Found>> {
    let profile = Profile::read(reach).await?;
    if let (Some(access_key), Some(secret_key)) =
        (profile.get("aws_access_key_id"), profile.get("aws_secret_access_key"))
    {
        let keys = Keys {
            access_key: access_key.to_owned(),
            secret_key: Secret::new(secret_key),
            session_token: profile.get("aws_session_token").map(Secret::new),
        };
        return Ok(Some(Found { keys, until: None, by: format!("the profile `{}`", profile.name) }));
    }
    if let Some(line) = profile.get("credential_process") {
        let words = words(line);
        let (program, args) = words.split_first().ok_or_else(|| unclear("credential_process", line))?;
        let said = reach.output(program, args).await.map_err(|error| undeclared(error, program))?;
        let by = format!("the program `{program}` of the profile `{}`", profile.name);
        return of_program(&said, by).map(Some);
    }
    // Amazon's own tool handles single sign-on and roles.
    if ["sso_session", "sso_start_url", "role_arn"].iter().any(|field| profile.get(field).is_some()) {
        let args = ["configure", "export-credentials", "--format", "process", "--profile", &profile.name];
        let args: Vec<String> = args.iter().map(|arg| (*arg).to_owned()).collect();
        if !reach.runs("aws") {
            return Err(undeclared(Error::new(Kind::Denied, "the recipe may not run `aws`"), "aws"));
        }
        let said = reach.output("aws", &args).await.map_err(|error| undeclared(error, "aws"))?;
        return of_program(&said, PLACES[5].to_owned()).map(Some);
    }
    Ok(None)
}

fn of_program(said: &[u8], by: String) -> Result<Found> {
    let answer: Option<Value> = serde_json::from_slice(said).ok();
    answer.and_then(|answer| keys_in(&answer, by.clone())).ok_or_else(|| unclear("the answer of", &by))
}

fn unclear(what: &str, of: &str) -> Error {
    Error::new(Kind::Other, format!("cannot read {what} `{of}`"))
}

fn undeclared(error: Error, program: &str) -> Error {
    error
        .within(format!("cannot get keys from `{program}`"))
        .or_hint(format!("add `run = {{ {program:?} }}` to the recipe's needs; is it installed, and signed in?"))
}

/// The words of a command line; a quoted string is one word.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, ' ' | '\t') => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
