//! What a receiver gets: every letter of it, in any script, with the headers that belong there; and who gets it.

use hikae::error::Kind;
use hikae::world::Mail;
use hikae::world::mail::{Again, Mailbox};

use super::{mail, send, told};
use crate::support::smtp::{MailServer, Shape, parsed};

#[tokio::test]
async fn japanese_subjects_names_and_texts_arrive_as_they_were_written() {
    let server = MailServer::start(Shape::default());
    let subject = "【緊急】バックアップ失敗: BKP-20260215-030000-daily とても長い件名なので折り返しが必要になります";
    let text =
        format!("【緊急】バックアップ処理が失敗しました\n\n.点で始まる行\n..\n{}\n終わり\n", "長い行".repeat(2000));
    let html = format!("<p>é “{}”</p>\n", "x".repeat(5000));
    let sent = send(Mail {
        from: Mailbox::parse("バックアップ担当 <noreply@itsm.local>").unwrap(),
        to: Mailbox::parse_list("\"山田, 太郎\" <yamada@example.com>").unwrap(),
        cc: Mailbox::parse_list("ops@example.com").unwrap(),
        subject: subject.to_owned(),
        text: text.clone(),
        html: Some(html.clone()),
        ..mail(server.settings())
    });
    let sent = sent.await.unwrap();
    let came = server.mail();
    let content = parsed(&came);
    assert_eq!(content["type"], "multipart/alternative");
    assert_eq!(content["headers"]["Subject"], subject);
    assert_eq!(content["headers"]["From"], "バックアップ担当 <noreply@itsm.local>");
    assert_eq!(content["headers"]["To"], "\"山田, 太郎\" <yamada@example.com>");
    assert_eq!(content["headers"]["Cc"], "ops@example.com");
    assert_eq!(content["parts"]["text/plain"].as_str().unwrap().replace("\r\n", "\n"), text);
    assert_eq!(content["parts"]["text/html"].as_str().unwrap().replace("\r\n", "\n"), html);
    assert_eq!(content["headers"]["Auto-Submitted"], "auto-generated");
    assert_eq!(content["headers"]["Message-ID"], sent.message_id);
    assert!(sent.message_id.ends_with("@itsm.local>"), "{}", sent.message_id);
    assert!(content["headers"]["Date"].as_str().unwrap().contains(" +0000"), "{content}");
    assert_eq!(came["to"], serde_json::json!(["yamada@example.com", "ops@example.com"]));
}

#[tokio::test]
async fn no_byte_beyond_ascii_and_no_line_too_long_goes_over_the_wire() {
    use std::io::Write;
    let server = MailServer::start(Shape::default());
    let long = Mail { text: format!("{}\n控え\n", "a ".repeat(4000)), ..mail(server.settings()) };
    send(long).await.unwrap();
    let came = server.mail();
    let mut decode = std::process::Command::new("base64");
    decode.arg("-d").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = decode.spawn().unwrap();
    child.stdin.take().unwrap().write_all(came["content"].as_str().unwrap().as_bytes()).unwrap();
    let raw = child.wait_with_output().unwrap().stdout;
    assert!(raw.is_ascii() && raw.len() > 8000);
    assert!(raw.split(|byte| *byte == b'\n').all(|line| line.len() <= 998), "RFC 5322 allows 998");
}

#[tokio::test]
async fn one_recipient_that_is_refused_does_not_keep_the_mail_from_the_others() {
    let refuse = vec![("gone@example.com", "550 5.1.1 no such user"), ("full@example.com", "452 4.2.2 mailbox full")];
    let server = MailServer::start(Shape { refuse, ..Shape::default() });
    let to = Mailbox::parse_list("ops@example.com , gone@example.com,full@example.com,, boss@example.com,").unwrap();
    let sent = send(Mail { to, ..mail(server.settings()) }).await.unwrap();
    assert_eq!(sent.accepted, ["ops@example.com", "boss@example.com"]);
    let refused: Vec<_> =
        sent.refused.iter().map(|one| (one.address.as_str(), one.retryable, one.reply.as_str())).collect();
    assert_eq!(
        refused,
        [("gone@example.com", false, "550 5.1.1 no such user"), ("full@example.com", true, "452 4.2.2 mailbox full")]
    );
    assert_eq!(server.mail()["to"], serde_json::json!(["ops@example.com", "boss@example.com"]));
}

#[tokio::test]
async fn a_mail_that_every_recipient_is_refused_for_is_an_error() {
    let refuse = vec![("gone@example.com", "550 5.1.1 no such user"), ("full@example.com", "452 4.2.2 mailbox full")];
    let server = MailServer::start(Shape { refuse, ..Shape::default() });
    let to = |list: &str| Mail { to: Mailbox::parse_list(list).unwrap(), ..mail(server.settings()) };
    told(send(to("gone@example.com")).await, Kind::Denied, "EENVELOPE", Again::Never);
    told(send(to("gone@example.com, full@example.com")).await, Kind::Network, "EENVELOPE", Again::Soon);
    assert!(server.is_empty());
}

#[tokio::test]
async fn a_line_break_where_a_header_stands_is_refused() {
    let server = MailServer::start(Shape::default());
    let bad = "x\r\nBcc: everybody@example.com";
    let named = |name: &str| Mailbox { name: Some(name.to_owned()), address: "a@example.com".to_owned() };
    let at = |address: &str| Mailbox { name: None, address: address.to_owned() };
    let good = || mail(server.settings());
    let mails = [
        Mail { subject: bad.to_owned(), ..good() },
        Mail { subject: "x\ny".to_owned(), ..good() },
        Mail { from: named(bad), ..good() },
        Mail { to: vec![named(bad)], ..good() },
        Mail { cc: vec![at("a@example.com>\r\nRCPT TO:<b@example.com")], ..good() },
        Mail { message_id: Some("<1>\r\nBcc: b@example.com".to_owned()), ..good() },
    ];
    for mail in mails {
        let error = send(mail).await.unwrap_err();
        assert!(error.what().contains("holds a line break or another control character"), "{error:?}");
        assert_eq!(error.kind(), Kind::Recipe);
    }
    for address in ["", "nobody", "a b@example.com", "a@example.com b@example.com", "<a@example.com"] {
        let error = send(Mail { to: vec![at(address)], ..good() }).await.unwrap_err();
        assert_eq!(error.what(), format!("`{address}` is not a mail address"));
    }
    assert_eq!(send(Mail { to: Vec::new(), ..good() }).await.unwrap_err().what(), "the mail has no recipient");
    assert!(server.is_empty());
}

#[tokio::test]
async fn an_id_that_was_given_stays_the_same() {
    let server = MailServer::start(Shape::default());
    let id = "<once@hikae.example>".to_owned();
    send(Mail { message_id: Some(id.clone()), ..mail(server.settings()) }).await.unwrap();
    assert_eq!(parsed(&server.mail())["headers"]["Message-ID"], id);
}
