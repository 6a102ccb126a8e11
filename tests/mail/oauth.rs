//! Logins by XOAUTH2, as Microsoft 365 and Gmail want them: where the access token comes from, and that it logs in.

use hikae::error::{Kind, Result};
use hikae::secret::Secret;
use hikae::world::mail::settings::Settings;
use hikae::world::mail::settings::oauth::{Refresh, TokenSource};

use super::{caller, mail, send};
use crate::support::receiver::Receiver;
use crate::support::smtp::{MailServer, Shape};

const REFRESH: &str = "refresh-token-of-the-tests";

/// The source of tokens for a mail server, from these variables.
fn source(host: &str, set: &[(&str, &str)]) -> Result<Option<TokenSource>> {
    let lookup = |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    TokenSource::read(&lookup, host)
}

fn refresh(host: &str, more: &[(&str, &str)]) -> Refresh {
    let set = [("SMTP_OAUTH_REFRESH_TOKEN", REFRESH), ("SMTP_OAUTH_CLIENT_ID", "client-7")];
    match source(host, &[&set, more].concat()).unwrap().unwrap() {
        TokenSource::Refresh(refresh) => refresh,
        other => panic!("{other:?}"),
    }
}

#[test]
fn microsoft_365_and_gmail_are_known_by_their_hosts() {
    let microsoft = refresh("smtp.office365.com", &[("SMTP_OAUTH_TENANT", "cafe.example")]);
    assert_eq!(microsoft.url, "https://login.microsoftonline.com/cafe.example/oauth2/v2.0/token");
    assert!(microsoft.scope.unwrap().contains("https://outlook.office.com/SMTP.Send"));
    assert!(refresh("smtp-mail.outlook.com", &[]).url.contains("/common/"));
    let gmail = refresh("smtp.gmail.com", &[("SMTP_OAUTH_CLIENT_SECRET", "secret-of-the-client")]);
    assert_eq!((gmail.url.as_str(), gmail.scope), ("https://oauth2.googleapis.com/token", None));
    assert!(gmail.client_secret.is_some());
}

#[test]
fn what_is_missing_is_named() {
    let error = source("smtp.gmail.com", &[("SMTP_OAUTH_REFRESH_TOKEN", REFRESH)]).unwrap_err();
    assert!(error.what().contains("SMTP_OAUTH_CLIENT_ID"), "{error:?}");
    let set = [("SMTP_OAUTH_REFRESH_TOKEN", REFRESH), ("SMTP_OAUTH_CLIENT_ID", "client-7")];
    let error = source("mail.example.com", &set).unwrap_err();
    assert!(error.what().contains("SMTP_OAUTH_TOKEN_URL"), "{error:?}");
    assert_eq!(source("smtp.gmail.com", &[]).unwrap(), None);
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_the_access_token_that_logs_in() {
    let (tokens, server) = (Receiver::start(), MailServer::start(Shape::default()));
    tokens.put("POST /token", &[(200, br#"{"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"}"#)]);
    let url = tokens.url("/token");
    let token_source = TokenSource::Refresh(refresh("smtp.office365.com", &[("SMTP_OAUTH_TOKEN_URL", &url)]));
    let base = Settings::read(&|name| (name == "SMTP_HOST").then(|| "localhost".to_owned())).unwrap();
    let mut settings = Settings { token_source: Some(token_source), ..base };
    settings.server = server.settings();
    settings.server.password = None;
    let settings = settings.with_token(&caller()).await.unwrap();
    send(mail(settings.server)).await.unwrap();
    assert_eq!(server.mail()["user"], "backup");
    let asked = tokens.got().remove(0);
    for part in ["grant_type=refresh_token", "client_id=client-7", "SMTP.Send"] {
        assert!(asked.body.contains(part), "{asked:?}");
    }
}

#[tokio::test]
async fn a_token_that_cannot_be_had_says_what_to_do() {
    let tokens = Receiver::start();
    for (status, body) in
        [(400, br#"{"error": "invalid_grant"}"#.as_slice()), (200, b"{}"), (200, b"<html>log in</html>")]
    {
        tokens.put("POST /token", &[(status, body)]);
        let url = tokens.url("/token");
        let source = TokenSource::Refresh(refresh("smtp.gmail.com", &[("SMTP_OAUTH_TOKEN_URL", &url)]));
        let error = source.access_token(&caller()).await.unwrap_err();
        assert!(error.hint_text().unwrap().contains("SMTP_OAUTH_REFRESH_TOKEN"), "{error:?}");
        assert!(!format!("{error:?}").contains(REFRESH), "{error:?}");
    }
}

#[tokio::test]
async fn a_program_prints_the_token() {
    let printed = |command: &str| source("mail.example.com", &[("SMTP_TOKEN_COMMAND", command)]).unwrap().unwrap();
    let token = printed("echo a-token").access_token(&caller()).await.unwrap();
    assert_eq!(token, Secret::new("a-token"));
    let error = printed("echo two words").access_token(&caller()).await.unwrap_err();
    assert!(error.one_line().contains("did not print an access token"), "{error:?}");
    assert_eq!(printed("false").access_token(&caller()).await.unwrap_err().kind(), Kind::Command);
}
