//! What a receiver gets: every letter of it, in any script, with the headers that belong there; and who gets it.

use hikae::error::Kind;
use hikae::world::Mail;
use hikae::world::mail::{Again, Mailbox, Server};

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
    let server = MailServer::start(Shape::default());
    let long = Mail { text: format!("{}\n控え\n", "a ".repeat(4000)), ..mail(server.settings()) };
    send(long).await.unwrap();
    let raw = raw(&server.mail());
    assert!(raw.is_ascii() && raw.len() > 8000);
    assert!(raw.lines().all(|line| line.len() <= 998), "RFC 5322 allows 998");
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
async fn addresses_are_read_as_the_rfc_has_them() {
    let cases: [(&str, &[(&str, &str)]); 9] = [
        ("\"Yamada, Taro\" <y@e.com>, b@e.com", &[("Yamada, Taro", "y@e.com"), ("", "b@e.com")]),
        ("a..b@docomo.ne.jp; .x.@ezweb.ne.jp", &[("", "a..b@docomo.ne.jp"), ("", ".x.@ezweb.ne.jp")]),
        ("Operators: a@e.com, B <b@e.com>;", &[("", "a@e.com"), ("B", "b@e.com")]),
        ("ops@e.com (the night, and day, shift)", &[("the night, and day, shift", "ops@e.com")]),
        ("\"O\\\"Brien\\\\\" <o@e.com>", &[("O\"Brien\\", "o@e.com")]),
        ("\"john, smith\"@e.com", &[("", "\"john, smith\"@e.com")]),
        (
            "<a@e.com>,\n b+tag@[192.0.2.1] , c@[IPv6:::1]",
            &[("", "a@e.com"), ("", "b+tag@[192.0.2.1]"), ("", "c@[IPv6:::1]")],
        ),
        ("mailto:ops@e.com", &[("", "ops@e.com")]),
        ("山田 太郎 <yamada@日本.jp>", &[("山田 太郎", "yamada@日本.jp")]),
    ];
    for (text, wanted) in cases {
        let found = Mailbox::parse_list(text).unwrap_or_else(|error| panic!("{text}: {error:?}"));
        let found: Vec<(&str, &str)> =
            found.iter().map(|one| (one.name.as_deref().unwrap_or_default(), one.address.as_str())).collect();
        assert_eq!(found, wanted, "{text}");
        let again: Vec<String> = Mailbox::parse_list(text).unwrap().iter().map(Mailbox::to_string).collect();
        assert_eq!(Mailbox::parse_list(&again.join(", ")).unwrap(), Mailbox::parse_list(text).unwrap(), "{again:?}");
    }
    // One that is wrong costs none of the others, whatever is wrong with it.
    for wrong in ["nobody", "\"open <x@e.com>", "<x@e.com", "x@", "@e.com", "x@-e.com", "a b@e.com", "(x@e.com"] {
        let (found, errors) = Mailbox::read_list(&format!("a@e.com, {wrong}, \"B, C\" <b@e.com>"));
        let found: Vec<String> = found.iter().map(|one| one.address.clone()).collect();
        assert_eq!((found, errors.len()), (vec!["a@e.com".to_owned(), "b@e.com".to_owned()], 1), "{wrong}");
    }
}

#[tokio::test]
async fn what_providers_really_have_arrives() {
    let server = MailServer::start(Shape::default());
    let to = Mailbox::parse_list("a..b@docomo.ne.jp, \"Yamada, Taro\" <y.@e.com>, k@xn--wgv71a.jp, z@日本.jp").unwrap();
    let sent = send(Mail { to, ..mail(server.settings()) }).await.unwrap();
    assert_eq!(sent.refused, []);
    let came = server.mail();
    assert_eq!(came["to"], serde_json::json!(["a..b@docomo.ne.jp", "y.@e.com", "k@xn--wgv71a.jp", "z@xn--wgv71a.jp"]));
    let to = parsed(&came)["headers"]["To"].as_str().unwrap().to_owned();
    assert!(to.contains("a..b@docomo.ne.jp") && to.contains("Yamada, Taro"), "{to}");
}

#[tokio::test]
async fn long_headers_are_folded() {
    let server = MailServer::start(Shape::default());
    let many: Vec<String> =
        (0..120).map(|n| format!("\"Operator, number {n} of the night shift\" <operator-{n}@example.com>")).collect();
    let to = Mailbox::parse_list(&many.join(", ")).unwrap();
    for subject in ["x".repeat(3000), "word ".repeat(600).trim_end().to_owned(), "バックアップ".repeat(300)] {
        let sent = Mail { to: to.clone(), subject: subject.clone(), ..mail(server.settings()) };
        send(sent).await.unwrap();
        let came = server.mail();
        let headers = &parsed(&came)["headers"];
        assert_eq!(headers["Subject"], subject);
        assert_eq!(headers["To"].as_str().unwrap().matches("@example.com").count(), 120);
        let raw = raw(&came);
        let head = raw.split("\r\n\r\n").next().unwrap();
        assert!(head.lines().all(|line| line.len() <= 78), "{head}");
    }
}

#[tokio::test]
async fn the_name_for_ehlo_is_one_that_servers_take_and_can_be_set() {
    let server = MailServer::start(Shape::default());
    send(mail(server.settings())).await.unwrap();
    let own = server.mail()["hello"].as_str().unwrap().to_owned();
    assert!(own.contains('.') || own.starts_with('['), "{own}");
    let settings = Server { ehlo_name: Some("backup.example.com".to_owned()), ..server.settings() };
    send(mail(settings)).await.unwrap();
    assert_eq!(server.mail()["hello"], "backup.example.com");
}

/// A mail as it came over the wire.
fn raw(mail: &serde_json::Value) -> String {
    use std::io::Write;
    let mut decode = std::process::Command::new("base64");
    decode.arg("-d").stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::piped());
    let mut child = decode.spawn().unwrap();
    child.stdin.take().unwrap().write_all(mail["content"].as_str().unwrap().as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn an_id_that_was_given_stays_the_same() {
    let server = MailServer::start(Shape::default());
    let id = "<once@hikae.example>".to_owned();
    send(Mail { message_id: Some(id.clone()), ..mail(server.settings()) }).await.unwrap();
    assert_eq!(parsed(&server.mail())["headers"]["Message-ID"], id);
}
