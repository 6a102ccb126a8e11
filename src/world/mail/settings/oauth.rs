//! Describes the source of the access token for a login by XOAUTH2: a program that prints one, or a refresh token.

use crate::error::{Error, Kind, Result};
use crate::secret::Secret;
use crate::stream::pump::collect;
use crate::world::http::address::encoded;
use crate::world::http::exchange::{Exchange, Policy};
use crate::world::http::words::too_long;
use crate::world::http::{Address, Body, HttpRequest, Method};
use crate::world::{Caller, Command, program};

/// The longest answer that is accepted for a token.
const MAX_ANSWER_BYTES: usize = 64 << 10;

const GOOGLE: &str = "https://oauth2.googleapis.com/token";
const MICROSOFT: &str = "https://login.microsoftonline.com";
/// The scope that Microsoft requires; Google knows it from the refresh token.
const MICROSOFT_SCOPE: &str = "https://outlook.office.com/SMTP.Send offline_access";

/// The source of an access token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenSource {
    /// A program with its arguments, which prints the token.
    Command(Vec<String>),
    Refresh(Refresh),
}

/// A refresh token, and where it is exchanged for an access token (RFC 6749 §6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    pub url: String,
    pub client_id: String,
    /// `None` for clients without a secret.
    pub client_secret: Option<Secret>,
    pub refresh_token: Secret,
    pub scope: Option<String>,
}

impl TokenSource {
    /// Read from `SMTP_TOKEN_COMMAND` or `SMTP_OAUTH_*`; `None` if neither is set.
    pub fn read(lookup: &dyn Fn(&str) -> Option<String>, host: &str) -> Result<Option<TokenSource>> {
        let set = |name: &str| lookup(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        if let Some(command) = set("SMTP_TOKEN_COMMAND") {
            return Ok(Some(TokenSource::Command(command.split_whitespace().map(str::to_owned).collect())));
        }
        let Some(refresh_token) = set("SMTP_OAUTH_REFRESH_TOKEN") else { return Ok(None) };
        let missing =
            |name: &str, hint: &str| Error::new(Kind::Other, format!("`{name}` is not set")).hint(hint.to_owned());
        let client_id = set("SMTP_OAUTH_CLIENT_ID").ok_or_else(|| {
            missing("SMTP_OAUTH_CLIENT_ID", "a refresh token belongs to a client: set SMTP_OAUTH_CLIENT_ID to its id")
        })?;
        let low = host.to_lowercase();
        let microsoft = ["office365.com", "outlook.com", "office.com"].iter().any(|known| low.ends_with(known));
        let tenant = set("SMTP_OAUTH_TENANT").unwrap_or_else(|| "common".to_owned());
        let known = match () {
            () if microsoft => Some(format!("{MICROSOFT}/{tenant}/oauth2/v2.0/token")),
            () if low.ends_with("gmail.com") || low.ends_with("google.com") => Some(GOOGLE.to_owned()),
            () => None,
        };
        let url = set("SMTP_OAUTH_TOKEN_URL").or(known).ok_or_else(|| {
            missing("SMTP_OAUTH_TOKEN_URL", "set it to the address where the provider exchanges refresh tokens")
        })?;
        let scope = set("SMTP_OAUTH_SCOPE").or_else(|| microsoft.then(|| MICROSOFT_SCOPE.to_owned()));
        let client_secret = set("SMTP_OAUTH_CLIENT_SECRET").map(Secret::new);
        let refresh_token = Secret::new(refresh_token);
        Ok(Some(TokenSource::Refresh(Refresh { url, client_id, client_secret, refresh_token, scope })))
    }
}

impl TokenSource {
    /// The program to start for a token.
    pub fn program(&self) -> Option<&str> {
        match self {
            TokenSource::Command(words) => words.first().map(String::as_str),
            TokenSource::Refresh(_) => None,
        }
    }

    /// The server that issues the token, as declared in needs.
    pub fn server(&self) -> Option<String> {
        match self {
            TokenSource::Command(_) => None,
            TokenSource::Refresh(refresh) => {
                Address::parse(&refresh.url).ok().map(|url| format!("{}:{}", url.host(), url.port()))
            }
        }
    }

    /// Gets an access token, which is valid for about an hour.
    pub async fn access_token(&self, caller: &Caller) -> Result<Secret> {
        let token = match self {
            TokenSource::Command(words) => from_command(words, caller).await,
            TokenSource::Refresh(refresh) => refresh.exchange(caller).await,
        };
        token.map_err(|error| error.within("cannot get an access token for the mail server"))
    }
}

async fn from_command(words: &[String], caller: &Caller) -> Result<Secret> {
    let Some((program, args)) = words.split_first() else {
        return Err(Error::new(Kind::Other, "`SMTP_TOKEN_COMMAND` names no program"));
    };
    let command = Command { args: args.to_vec(), ..Command::new(program) };
    let (stdout, exit) = program::ask(caller, command.clone(), None, MAX_ANSWER_BYTES).await?;
    if !command.accepts(&exit) {
        return Err(program::failure(program, &exit));
    }
    let text = String::from_utf8_lossy(&stdout);
    let token = text.trim();
    if token.is_empty() || token.contains(|c: char| c.is_whitespace() || c.is_control()) {
        return Err(Error::new(Kind::Other, format!("`{program}` did not print an access token"))
            .hint("SMTP_TOKEN_COMMAND must print the token, and nothing else, on its standard output"));
    }
    Ok(Secret::new(token))
}

impl Refresh {
    async fn exchange(&self, caller: &Caller) -> Result<Secret> {
        #[derive(serde::Deserialize)]
        struct Granted {
            access_token: Secret,
        }
        let url = Address::parse(&self.url)?;
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", &self.client_id),
            ("refresh_token", self.refresh_token.expose()),
        ];
        fields.extend(self.client_secret.as_ref().map(|secret| ("client_secret", secret.expose())));
        fields.extend(self.scope.as_deref().map(|scope| ("scope", scope)));
        let body = Body { data: encoded(fields).into(), shown: "grant_type=refresh_token&…".to_owned() };
        let request = HttpRequest { method: Method::Post, body, ..HttpRequest::get(url) };
        let request = request.or_header("Content-Type", "application/x-www-form-urlencoded");
        // A second access token does no harm: the request may be repeated.
        let policy = Policy { retries: 2, repeatable: Some(true), follow: false, ..Policy::default() };
        let exchange = Exchange { caller: caller.clone(), request, policy };
        let answer = exchange.run(|answer, title| async move {
            let mut body = answer.body;
            collect(&mut *body, MAX_ANSWER_BYTES, || too_long(&title, MAX_ANSWER_BYTES)).await
        });
        let hint =
            "the refresh token may have expired or been revoked: make a new one, and set SMTP_OAUTH_REFRESH_TOKEN";
        let answer = answer.await.map_err(|error| error.hint(hint))?;
        let granted: Granted = serde_json::from_slice(&answer).map_err(|_| {
            Error::new(Kind::Integrity, format!("the answer of `{}` holds no `access_token`", self.url)).hint(hint)
        })?;
        Ok(granted.access_token)
    }
}
