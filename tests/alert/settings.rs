//! `SMTP_*` and `BACKUP_ALERT_EMAIL` mean what the runbook (§3, §4, §11) says.

use hikae::alert::smtp::{Settings, recipients, verified_line, verify};
use hikae::world::mail::{Security, Server};

use crate::support::smtp::{MailServer, Shape};

fn read(variables: &[(&str, &str)]) -> hikae::error::Result<Settings> {
    Settings::read(&|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
}

#[test]
fn nothing_set_is_what_is_documented() {
    let settings = read(&[]).unwrap();
    assert_eq!((settings.server.host.as_str(), settings.server.port), ("localhost", 587));
    assert_eq!(settings.server.security, Security::StartTls);
    assert_eq!(settings.from.to_string(), "ITSM-Sec Nexus <noreply@itsm.local>");
    assert!(settings.server.user.is_none() && !settings.server.allow_plain_auth);
}

#[test]
fn the_examples_of_the_runbook_are_read_as_they_are_meant() {
    let gmail = read(&[
        ("SMTP_HOST", "smtp.gmail.com"),
        ("SMTP_PORT", "587"),
        ("SMTP_SECURE", "false"),
        ("SMTP_USER", "your-account@gmail.com"),
        ("SMTP_PASSWORD", "xxxx-xxxx-xxxx-xxxx"),
        ("SMTP_FROM", "ITSM-Sec Nexus <your-account@gmail.com>"),
    ]);
    let gmail = gmail.unwrap();
    assert_eq!((gmail.server.address().as_str(), gmail.server.security), ("smtp.gmail.com:587", Security::StartTls));
    assert_eq!(gmail.server.user.as_deref(), Some("your-account@gmail.com"));
    assert_eq!(gmail.from.address, "your-account@gmail.com");
    let security = |port, secure| read(&[("SMTP_PORT", port), ("SMTP_SECURE", secure)]).unwrap().server.security;
    assert_eq!(security("25", "false"), Security::Plain);
    assert_eq!(security("465", "true"), Security::Tls);
    assert_eq!(security("1025", "false"), Security::Plain);
    assert_eq!(security("465", ""), Security::Tls);
    assert_eq!(security("465", "false"), Security::Tls, "this port knows nothing else");
    assert_eq!(security("2525", "plain"), Security::Plain);
    assert_eq!(security("2525", "TRUE"), Security::Tls);
    assert_eq!(security("2525", ""), Security::StartTls);
    let mailhog = read(&[("SMTP_PORT", "1025"), ("SMTP_USER", ""), ("SMTP_PASSWORD", "")]).unwrap();
    assert!(mailhog.server.user.is_none());
}

#[test]
fn a_password_is_never_printed() {
    let settings = read(&[("SMTP_USER", "u"), ("SMTP_PASSWORD", "settings-secret")]).unwrap();
    assert!(!format!("{settings:?}").contains("settings-secret"));
}

#[test]
fn what_cannot_be_meant_is_told() {
    for (name, value) in
        [("SMTP_PORT", "smtp"), ("SMTP_PORT", "99999"), ("SMTP_SECURE", "maybe"), ("SMTP_ALLOW_PLAIN_AUTH", "x")]
    {
        let error = read(&[(name, value)]).unwrap_err();
        assert!(error.what().starts_with(&format!("`{name}` must be ")), "{error}");
    }
    assert_eq!(read(&[("SMTP_FROM", "nobody")]).unwrap_err().what(), "cannot read `SMTP_FROM`");
}

#[test]
fn alerts_go_to_every_address_and_a_typo_in_one_keeps_them_from_none() {
    let of = |text: &str| {
        let read = recipients(&|_| Some(text.to_owned()));
        (read.to.iter().map(|to| to.address.clone()).collect::<Vec<_>>(), read.troubles.len())
    };
    let three = ["admin@example.com", "ops-team@example.com", "manager@example.com"].map(str::to_owned);
    assert_eq!(of("admin@example.com,ops-team@example.com,manager@example.com"), (three.to_vec(), 0));
    assert_eq!(of(" admin@example.com , ops-team@example.com,manager@example.com, "), (three.to_vec(), 0));
    assert_eq!(of("admin@example.com,ops-team,manager@example.com").0, [three[0].clone(), three[2].clone()]);
    assert_eq!(of("admin@example.com,ops-team,manager@example.com").1, 1);
    assert_eq!(of(""), (Vec::new(), 0));
}

#[tokio::test]
async fn the_server_is_tried_and_told_in_the_words_of_the_runbook() {
    let server = MailServer::start(Shape::default());
    let good = Settings { server: server.settings(), ..read(&[]).unwrap() };
    assert_eq!(verified_line(&verify(&good).await), "[EmailService] SMTP server is ready to send emails");
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let bad = Settings { server: Server::new("127.0.0.1", port), ..good };
    let line = verified_line(&verify(&bad).await);
    let wanted = format!(
        "[EmailService] SMTP connection error: cannot reach the mail server `127.0.0.1:{port}`: ECONNREFUSED: Connection refused"
    );
    assert_eq!(line, wanted);
    assert!(server.is_empty());
}
