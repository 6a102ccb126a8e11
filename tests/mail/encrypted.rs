//! How a server is reached: STARTTLS, TLS from the first byte, in the open; and whose certificate is trusted.

use std::time::Duration;

use hikae::error::Kind;
use hikae::world::mail::{Again, Security, Server};
use hikae::world::real::mail::verify;

use super::{mail, send, told};
use crate::support::smtp::{Authority, MailServer, Shape};

#[tokio::test]
async fn starttls_then_a_login_then_the_mail() {
    let server = MailServer::start(Shape::default());
    let sent = send(mail(server.settings())).await.unwrap();
    assert_eq!((sent.reply.as_str(), sent.accepted), ("250 queued", vec!["ops@example.com".to_owned()]));
    let came = server.mail();
    assert_eq!((&came["encrypted"], &came["user"]), (&true.into(), &"backup".into()));
}

#[tokio::test]
async fn tls_from_the_first_byte_then_a_login_then_the_mail() {
    let server = MailServer::start(Shape { tls: "implicit", ..Shape::default() });
    send(mail(server.settings())).await.unwrap();
    let came = server.mail();
    assert_eq!((&came["encrypted"], &came["user"]), (&true.into(), &"backup".into()));
}

#[tokio::test]
async fn a_relay_inside_takes_mail_in_the_open_without_a_login() {
    let server = MailServer::start(Shape { tls: "none", auth_required: false, ..Shape::default() });
    let settings = Server { user: None, password: None, ..server.settings() };
    send(mail(settings)).await.unwrap();
    let came = server.mail();
    assert_eq!((&came["encrypted"], &came["user"]), (&false.into(), &serde_json::Value::Null));
}

#[tokio::test]
async fn a_certificate_of_an_unknown_ca_is_not_trusted() {
    for tls in ["starttls", "implicit"] {
        let server = MailServer::start(Shape { tls, ..Shape::default() });
        let settings = Server { ca_pem: None, ..server.settings() };
        let error = told(send(mail(settings)).await, Kind::Network, "ESOCKET", Again::AfterAFix);
        assert_eq!(
            error.what(),
            format!("the certificate of the mail server `localhost:{}` is not trusted", server.port)
        );
        assert!(error.hint_text().unwrap().contains("SMTP_CA_FILE"), "{error:?}");
        assert!(server.is_empty());
    }
}

#[tokio::test]
async fn a_certificate_that_has_expired_or_is_for_another_host_is_not_trusted() {
    for (certificate, said) in
        [("expired", "ESOCKET: it has expired"), ("other", "ESOCKET: it is for another host than `localhost`")]
    {
        let server = MailServer::start(Shape { certificate, ..Shape::default() });
        let error = told(send(mail(server.settings())).await, Kind::Network, "ESOCKET", Again::AfterAFix);
        assert_eq!(error.causes(), [said]);
        assert!(server.is_empty());
    }
}

#[tokio::test]
async fn a_ca_file_without_a_certificate_is_told() {
    let server = MailServer::start(Shape::default());
    let settings = Server { ca_pem: Some("not a certificate".to_owned()), ..server.settings() };
    let error = send(mail(settings)).await.unwrap_err();
    assert_eq!(error.what(), "cannot read the CA file of the mail server (SMTP_CA_FILE)");
}

#[tokio::test]
async fn a_server_without_starttls_gets_neither_password_nor_mail() {
    let server = MailServer::start(Shape { tls: "none", auth_required: false, ..Shape::default() });
    let settings = Server { security: Security::StartTls, ..server.settings() };
    let error = told(send(mail(settings)).await, Kind::Network, "ESOCKET", Again::AfterAFix);
    assert!(error.hint_text().unwrap().contains("SMTP_SECURE"), "{error:?}");
    assert!(server.is_empty());
}

#[tokio::test]
async fn the_wrong_secure_setting_is_told_with_its_remedy() {
    let server = MailServer::start(Shape::default());
    let settings = Server { security: Security::Tls, ..server.settings() };
    let error = told(send(mail(settings)).await, Kind::Network, "ESOCKET", Again::AfterAFix);
    assert!(error.hint_text().unwrap().contains("SMTP_SECURE"), "{error:?}");

    // The other way round both sides wait for the other to begin: the server is asked, and nobody waits a minute.
    for security in [Security::StartTls, Security::Plain] {
        let server = MailServer::start(Shape { tls: "implicit", ..Shape::default() });
        let settings = Server { security, ..server.settings() };
        let started = std::time::Instant::now();
        let error = told(send(mail(settings)).await, Kind::Network, "ESOCKET", Again::AfterAFix);
        assert!(error.hint_text().unwrap().contains("SMTP_SECURE=true"), "{error:?}");
        assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
        // Whoever's certificate it is: it speaks TLS.
        let settings = Server { security, ca_pem: None, ..server.settings() };
        told(send(mail(settings)).await, Kind::Network, "ESOCKET", Again::AfterAFix);
    }
}

#[tokio::test]
async fn a_certificate_that_signs_itself_is_trusted_when_it_is_named_and_only_then() {
    let pem = std::fs::read_to_string(Authority::shared().path("alone.pem")).unwrap();
    for tls in ["starttls", "implicit"] {
        let server = MailServer::start(Shape { tls, certificate: "alone", ..Shape::default() });
        send(mail(Server { ca_pem: Some(pem.clone()), ..server.settings() })).await.unwrap();
        assert_eq!(server.mail()["encrypted"], true);
        let error = told(send(mail(server.settings())).await, Kind::Network, "ESOCKET", Again::AfterAFix);
        assert!(error.what().ends_with("is not trusted"), "{error:?}");
        // It is for `localhost`, and for nobody else.
        let elsewhere = Server { host: "127.0.0.1".to_owned(), ca_pem: Some(pem.clone()), ..server.settings() };
        told(send(mail(elsewhere)).await, Kind::Network, "ESOCKET", Again::AfterAFix);
    }
}

#[tokio::test]
async fn a_server_is_tried_without_a_mail() {
    let server = MailServer::start(Shape::default());
    verify(&server.settings()).await.unwrap();
    let untrusted = Server { ca_pem: None, ..server.settings() };
    assert!(verify(&untrusted).await.is_err());
    assert!(server.is_empty());
}
