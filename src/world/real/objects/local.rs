//! Reads the settings of the vendors' own tools on this machine, and queries their metadata servers and programs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::Reach;
use crate::error::{Error, Kind, Result};
use crate::stream::pump::collect;
use crate::world::http::{Address, Body, HttpRequest, Method};
use crate::world::real::blocking::blocking;
use crate::world::real::http::Http;
use crate::world::real::programs;
use crate::world::real::wall::Policy;
use crate::world::{Child, Command, SecretOrText};

/// The largest settings file and the longest answer.
const MOST_BYTES: usize = 1 << 20;

/// A metadata server is on the same machine or does not exist.
const METADATA_WAIT: Duration = Duration::from_secs(1);

/// Variables that the vendors' programs read, in addition to those that every child gets.
const PASSED_ON: [&str; 8] =
    ["AWS_", "RCLONE_", "SSH_AUTH_SOCK", "XDG_CONFIG_HOME", "USER", "LOGNAME", "HTTP", "NO_PROXY"];

impl Reach {
    /// The value of the first of these variables that is set.
    pub fn variable(&self, names: &[&str]) -> Option<&str> {
        names.iter().filter_map(|name| self.environment.get(*name)).map(String::as_str).find(|text| !text.is_empty())
    }

    pub fn home(&self) -> PathBuf {
        self.variable(&["HOME"]).map_or_else(|| PathBuf::from("/nonexistent"), PathBuf::from)
    }

    /// The content of a small file; `None` if it does not exist.
    pub async fn file(&self, path: &Path) -> Result<Option<String>> {
        let path = path.to_owned();
        blocking(move || match std::fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text)),
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(Error::io(format!("cannot read `{}`", path.display()), cause)),
        })
        .await
    }

    /// The answer of a metadata server; `None` if there is no server, or it has no answer.
    pub async fn metadata(&self, method: Method, url: &str, headers: &[(&str, SecretOrText)]) -> Result<Option<Bytes>> {
        let mut request = HttpRequest::get(Address::parse(url)?);
        request.method = method;
        request.headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        // This machine is never reached through a proxy.
        let (http, nothing) = (Http::default(), std::sync::Arc::new(BTreeMap::new()));
        let asked = tokio::time::timeout(METADATA_WAIT, async {
            let mut answer = http.send(request, &nothing).await?;
            match answer.status {
                200 => collect(&mut *answer.body, MOST_BYTES, too_long).await.map(Some),
                _ => Ok(None),
            }
        });
        Ok(asked.await.ok().and_then(Result::ok).flatten())
    }

    /// Sends a form to a token server and returns the whole answer.
    pub async fn form(&self, url: &str, fields: &[(&str, &str)]) -> Result<(u16, Bytes)> {
        let encoded = reqwest::Url::parse_with_params("http://form/", fields);
        let body = encoded.ok().and_then(|url| url.query().map(str::to_owned)).unwrap_or_default();
        let mut request = HttpRequest::get(Address::parse(url)?)
            .or_header("content-type", "application/x-www-form-urlencoded")
            .or_header("accept", "application/json, application/xml");
        request.method = Method::Post;
        request.body = Body { data: body.into(), shown: String::new() };
        let mut answer = self.http.send(request, &self.environment).await?;
        let said = collect(&mut *answer.body, MOST_BYTES, too_long).await?;
        Ok((answer.status, said))
    }

    /// Starts a vendor's program, or `ssh`: it may reach the network, its own settings and its agent.
    pub async fn start(&self, program: &str, args: &[String], stdin: bool) -> Result<Child> {
        let mut command = Command::new(program);
        command.args = args.to_vec();
        command.stdin = stdin;
        command.own.sockets = true;
        let passed =
            |name: &str| PASSED_ON.iter().any(|begin| name.starts_with(begin) || name.to_uppercase() == *begin);
        let secret = |name: &str| ["SECRET", "TOKEN", "PASS", "KEY"].iter().any(|part| name.contains(part));
        command.env = self
            .environment
            .iter()
            .filter(|(name, _)| passed(name))
            .map(|(name, value)| {
                let value = match secret(name) {
                    true => SecretOrText::Secret(crate::secret::Secret::new(value.as_str())),
                    false => SecretOrText::Plain(value.clone()),
                };
                (name.clone(), value)
            })
            .collect();
        let wall = self.wall.as_deref().map(|policy| self.opened(policy));
        // It uses the keys of hikae's own user.
        let place = programs::Place { wall: wall.as_ref(), account: None };
        programs::start(command, &self.environment, place, &self.undo).await
    }

    /// The sandbox for such a program.
    fn opened(&self, policy: &Policy) -> Policy {
        let mut policy = policy.clone();
        policy.read.extend(settings(&self.environment));
        policy.connect_ports = None;
        policy
    }

    /// The output of a program, after it has exited successfully.
    pub async fn output(&self, program: &str, args: &[String]) -> Result<Bytes> {
        let mut child = self.start(program, args, false).await?;
        let written = collect(&mut *child.stdout, 64 * MOST_BYTES, too_long).await?;
        let exit = child.process.wait().await?;
        match exit.success() {
            true => Ok(written),
            false => Err(crate::world::program::failure(program, &exit)),
        }
    }
}

/// The paths of the settings of the vendors' own tools.
pub fn settings(environment: &BTreeMap<String, String>) -> Vec<PathBuf> {
    const AT_HOME: [&str; 5] = [".aws", ".ssh", ".azure", ".config/gcloud", ".config/rclone"];
    const NAMED: [&str; 7] = [
        "AWS_SHARED_CREDENTIALS_FILE",
        "AWS_CONFIG_FILE",
        "AWS_WEB_IDENTITY_TOKEN_FILE",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "RCLONE_CONFIG",
        "SSH_AUTH_SOCK",
    ];
    let home = environment.get("HOME").map(PathBuf::from);
    let at_home = home.iter().flat_map(|home| AT_HOME.iter().map(|name| home.join(name)));
    let named = NAMED.iter().filter_map(|name| environment.get(*name)).filter(|path| !path.is_empty());
    at_home.chain(named.map(PathBuf::from)).collect()
}

fn too_long() -> Error {
    Error::new(Kind::Other, "the answer is too long")
}
