//! Who logs in and how: PLAIN, LOGIN, nobody; and the password that never goes where it can be read.

use hikae::error::Kind;
use hikae::secret::{Secret, redact};
use hikae::world::mail::{Again, Server};

use super::{mail, send, told};
use crate::support::odd_smtp::{Does, OddServer};
use crate::support::smtp::{MailServer, PASSWORD, Shape};

#[tokio::test]
async fn each_kind_of_login_works() {
    for without in [&["LOGIN"], &["PLAIN"]] {
        let server = MailServer::start(Shape { without, ..Shape::default() });
        send(mail(server.settings())).await.unwrap();
        assert_eq!(server.mail()["user"], "backup");
    }
}

#[tokio::test]
async fn a_wrong_password_is_told_without_it() {
    let server = MailServer::start(Shape::default());
    let settings = Server { password: Some(Secret::new("wrong-but-secret")), ..server.settings() };
    let error = told(send(mail(settings)).await, Kind::Denied, "EAUTH", Again::AfterAFix);
    assert_eq!(error.what(), format!("the mail server `localhost:{}` refused the login of `backup`", server.port));
    assert!(error.hint_text().unwrap().starts_with("check the user and the password (SMTP_USER, SMTP_PASSWORD)"));
    assert!(!format!("{error:?}").contains("wrong-but-secret"));
    assert!(server.is_empty());
}

#[tokio::test]
async fn an_access_token_logs_in_by_xoauth2() {
    let server = MailServer::start(Shape::default());
    let settings = Server { password: None, token: Some(Secret::new("a-token")), ..server.settings() };
    send(mail(settings)).await.unwrap();
    assert_eq!(server.mail()["user"], "backup");
    let settings = Server { token: Some(Secret::new("an-old-token")), ..server.settings() };
    let error = told(send(mail(settings)).await, Kind::Denied, "EAUTH", Again::AfterAFix);
    assert!(error.one_line().contains("535 5.7.8"), "{error:?}");
    assert!(error.hint_text().unwrap().contains("access token"), "{error:?}");
    assert!(server.is_empty());
}

#[tokio::test]
async fn what_the_large_providers_want_is_said() {
    let cases = [
        (
            "535 5.7.8 Username and Password not accepted. For more information, go to https://support.google.com/mail/?p=BadCredentials",
            "app password",
        ),
        ("534 5.7.9 Application-specific password required", "app password"),
        ("535 5.7.139 Authentication unsuccessful, basic authentication is disabled.", "XOAUTH2"),
        ("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant.", "SMTP AUTH"),
        ("535 5.7.8 authentication failed", "app password"),
    ];
    for (reply, part) in cases {
        let server = OddServer::start(move |line| line.starts_with("AUTH").then_some(Does::Says(reply)));
        let error = told(send(mail(in_the_open(&server))).await, Kind::Denied, "EAUTH", Again::AfterAFix);
        assert!(error.hint_text().unwrap().contains(part), "{reply}: {error:?}");
    }
}

#[tokio::test]
async fn a_server_that_cannot_check_logins_for_now_is_tried_again() {
    let server = OddServer::start(|line| line.starts_with("AUTH").then_some(Does::Says("454 4.7.0 try later")));
    told(send(mail(in_the_open(&server))).await, Kind::Denied, "EAUTH", Again::Soon);
}

#[tokio::test]
async fn a_password_never_goes_over_a_connection_that_is_not_encrypted() {
    let server = MailServer::start(Shape { tls: "none", auth_required: false, ..Shape::default() });
    let error = told(send(mail(server.settings())).await, Kind::Denied, "EAUTH", Again::AfterAFix);
    assert_eq!(error.what(), format!("the password was not sent to the mail server `localhost:{}`", server.port));
    assert!(error.hint_text().unwrap().contains("SMTP_ALLOW_PLAIN_AUTH"), "{error:?}");
    let odd = OddServer::start(|_| None);
    let settings = Server { allow_plain_auth: false, ..in_the_open(&odd) };
    assert!(send(mail(settings)).await.is_err());
    assert!(!odd.heard().iter().any(|line| line.starts_with("AUTH")), "{:?}", odd.heard());
}

#[tokio::test]
async fn a_password_goes_in_the_open_when_told_so() {
    let server = MailServer::start(Shape { tls: "none", ..Shape::default() });
    send(mail(Server { allow_plain_auth: true, ..server.settings() })).await.unwrap();
    let came = server.mail();
    assert_eq!((&came["encrypted"], &came["user"]), (&false.into(), &"backup".into()));
}

#[tokio::test]
async fn a_server_on_a_plain_port_gets_a_password_only_after_starttls() {
    let server = MailServer::start(Shape::default());
    let settings = Server { security: hikae::world::mail::Security::Plain, ..server.settings() };
    send(mail(settings)).await.unwrap();
    assert_eq!(server.mail()["encrypted"], true);
}

#[tokio::test]
async fn a_server_that_quotes_the_login_does_not_give_the_password_away() {
    let server = OddServer::start(|line| {
        line.starts_with("AUTH").then(|| Does::Repeats(format!("500 5.5.1 what is \"{line}\", password {PASSWORD}?")))
    });
    let error = told(send(mail(in_the_open(&server))).await, Kind::Denied, "EAUTH", Again::AfterAFix);
    let quoted = server.heard().into_iter().find(|line| line.starts_with("AUTH PLAIN ")).unwrap();
    let encoded = quoted.strip_prefix("AUTH PLAIN ").unwrap().to_owned();
    assert!(error.one_line().contains(&encoded), "the server did quote it: {error:?}");
    let shown = redact(&error.one_line());
    assert!(!shown.contains(&encoded) && !shown.contains(PASSWORD), "{shown}");
}

pub fn in_the_open(server: &OddServer) -> Server {
    Server {
        security: hikae::world::mail::Security::Plain,
        user: Some("backup".to_owned()),
        password: Some(Secret::new(PASSWORD)),
        allow_plain_auth: true,
        ..Server::new("127.0.0.1", server.port)
    }
}
