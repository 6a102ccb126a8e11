//! Logs in to a mail server: with a password through PLAIN or LOGIN, with an access token through XOAUTH2.

use base64::prelude::{BASE64_STANDARD, Engine as _};

use crate::error::Result;
use crate::secret::{self, Secret};
use crate::world::mail::login_refused;
use crate::world::real::mail::talk::Talk;

/// Logs in with the first method that the server supports, a token before a password.
pub async fn log_in(talk: &mut Talk<'_>) -> Result<()> {
    let server = talk.server;
    let user = server.user.clone().unwrap_or_default();
    if let Some(token) = &server.token {
        return by_token(talk, &user, token).await;
    }
    let password = server.password.as_ref().map_or("", Secret::expose);
    hide_encoded(&user, password);
    match () {
        () if offers(talk, "PLAIN") => {
            let all = BASE64_STANDARD.encode(format!("\0{user}\0{password}").as_bytes());
            finish(talk, &format!("AUTH PLAIN {all}")).await
        }
        () if offers(talk, "LOGIN") => {
            for line in ["AUTH LOGIN".to_owned(), BASE64_STANDARD.encode(user.as_bytes())] {
                let reply = talk.ask("the login", &line).await?;
                if reply.code != 334 {
                    return Err(login_refused(server, &reply.to_string()));
                }
            }
            finish(talk, &BASE64_STANDARD.encode(password.as_bytes())).await
        }
        () if offers(talk, "XOAUTH2") => Err(login_refused(server, "the server takes no password, only XOAUTH2")),
        () => Err(login_refused(server, "the server offers neither PLAIN nor LOGIN")),
    }
}

/// As Microsoft and Google document it: a refusal arrives as a challenge, and the error follows after an empty response.
async fn by_token(talk: &mut Talk<'_>, user: &str, token: &Secret) -> Result<()> {
    if !offers(talk, "XOAUTH2") {
        return Err(login_refused(talk.server, "the server does not offer XOAUTH2"));
    }
    let all = BASE64_STANDARD.encode(format!("user={user}\u{1}auth=Bearer {}\u{1}\u{1}", token.expose()).as_bytes());
    secret::hide(all.clone()); // a server may quote it
    let reply = talk.ask("the login", &format!("AUTH XOAUTH2 {all}")).await?;
    match reply.code {
        235 => Ok(()),
        334 => finish(talk, "").await,
        _ => Err(login_refused(talk.server, &reply.to_string())),
    }
}

async fn finish(talk: &mut Talk<'_>, line: &str) -> Result<()> {
    let reply = talk.ask("the login", line).await?;
    if reply.code == 235 { Ok(()) } else { Err(login_refused(talk.server, &reply.to_string())) }
}

/// Whether the server supports this login method; old servers write `AUTH=PLAIN`.
fn offers(talk: &Talk<'_>, mechanism: &str) -> bool {
    let lines = talk.offers.iter().filter_map(|line| line.strip_prefix("AUTH ").or(line.strip_prefix("AUTH=")));
    lines.flat_map(|line| line.split(' ')).any(|offered| offered == mechanism)
}

/// A server may quote a command that it did not understand, which contains the encoded password.
fn hide_encoded(user: &str, password: &str) {
    if !password.is_empty() {
        secret::hide(BASE64_STANDARD.encode(password.as_bytes()));
        secret::hide(BASE64_STANDARD.encode(format!("\0{user}\0{password}").as_bytes()));
    }
}
