//! Servers that do not do their part: not there, silent, gone half-way, out of step; "not now" and "never".

use std::time::Duration;

use hikae::error::{Kind, Result};
use hikae::world::Mail;
use hikae::world::mail::{Again, Security, Sent, Server, trouble_of};

use super::{mail, send, told};
use crate::support::odd_smtp::{Does, OddServer};

fn settings(server: &OddServer) -> Server {
    let step_timeout = Duration::from_millis(500);
    Server {
        security: Security::Plain,
        connect_timeout: step_timeout,
        step_timeout,
        ..Server::new("127.0.0.1", server.port)
    }
}

/// What comes of a mail to a server that answers `line` so.
async fn answered(line: &'static str, does: fn() -> Does) -> Result<Sent> {
    let server = OddServer::start(move |heard| heard.starts_with(line).then(does));
    send(mail(settings(&server))).await
}

#[tokio::test]
async fn a_server_that_does_its_part_takes_the_mail() {
    let sent = answered("nothing odd", || Does::HangsUp).await.unwrap();
    assert_eq!(sent.reply, "250 2.0.0 queued as ODD1");
}

#[tokio::test]
async fn nobody_listens() {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let error = told(send(mail(Server::new("127.0.0.1", port))).await, Kind::Network, "ECONNREFUSED", Again::Soon);
    assert_eq!(error.what(), format!("cannot reach the mail server `127.0.0.1:{port}`"));
    assert_eq!(error.causes(), ["ECONNREFUSED: Connection refused"]);
    assert!(error.hint_text().unwrap().contains("SMTP_HOST, SMTP_PORT"), "{error:?}");
}

#[tokio::test]
async fn nobody_has_that_name() {
    let error = told(send(mail(Server::new("mail.invalid", 587))).await, Kind::Network, "EDNS", Again::Soon);
    assert_eq!(error.what(), "cannot find the mail server `mail.invalid:587`");
}

#[tokio::test]
async fn a_server_that_never_answers_does_not_hold_us() {
    for line in ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content"] {
        let error = told(answered(line, || Does::Nothing).await, Kind::Timeout, "ETIMEDOUT", Again::Soon);
        assert!(error.hint_text().unwrap().contains("nc -zv 127.0.0.1"), "{error:?}");
        // Only behind the last line may the server have the mail all the same.
        assert_eq!(trouble_of(&error).unwrap().unsure, line == "content", "{line}");
    }
}

#[tokio::test]
async fn a_server_that_is_slow_to_say_goodbye_has_the_mail() {
    answered("QUIT", || Does::Nothing).await.unwrap();
    answered("QUIT", || Does::HangsUp).await.unwrap();
}

#[tokio::test]
async fn a_server_that_hangs_up_is_told() {
    for line in ["greeting", "EHLO", "MAIL", "RCPT", "DATA", "content"] {
        let error = told(answered(line, || Does::HangsUp).await, Kind::Network, "ECONNECTION", Again::Soon);
        assert_eq!(trouble_of(&error).unwrap().unsure, line == "content", "{line}: {error:?}");
    }
}

#[tokio::test]
async fn not_now_is_worth_another_try() {
    let cases = [("MAIL", "EENVELOPE"), ("RCPT", "EENVELOPE"), ("DATA", "EMESSAGE"), ("content", "EMESSAGE")];
    for (line, code) in cases {
        let error = told(answered(line, || Does::Says("451 4.7.1 greylisted")).await, Kind::Network, code, Again::Soon);
        assert!(trouble_of(&error).unwrap().retryable());
        assert!(error.hint_text().unwrap().starts_with("try again later"), "{error:?}");
        assert_eq!(error.causes(), [format!("{code}: 451 4.7.1 greylisted")]);
    }
    told(answered("greeting", || Does::Says("421 too busy")).await, Kind::Network, "ECONNECTION", Again::Soon);
}

#[tokio::test]
async fn never_is_not_worth_another_try() {
    let cases = [("MAIL", "EENVELOPE"), ("RCPT", "EENVELOPE"), ("DATA", "EMESSAGE"), ("content", "EMESSAGE")];
    for (line, code) in cases {
        let answer = answered(line, || Does::Says("552-5.3.4 too large\r\n552 5.3.4 for us")).await;
        let error = told(answer, Kind::Denied, code, Again::Never);
        assert_eq!(error.causes(), [format!("{code}: 552 5.3.4 too large for us")]);
    }
}

#[tokio::test]
async fn a_refusal_for_good_that_says_nothing_of_this_mail_is_tried_again() {
    let cases = [
        ("greeting", "554 not for you"),
        ("EHLO", "550 5.7.1 your address is on a block list"),
        ("MAIL", "550 5.7.1 sender denied"),
        ("RCPT", "550 5.7.1 relaying denied"),
        ("RCPT", "550 rejected: listed by a block list"),
        ("RCPT", "552 5.2.2 mailbox full"),
        ("DATA", "554 no valid recipients"),
        ("content", "554 5.3.0 internal error"),
        ("content", "550 5.7.1 looks like spam"),
    ];
    for (line, reply) in cases {
        let server = OddServer::start(move |heard| {
            (heard.starts_with(line) || (line == "EHLO" && heard.starts_with("HELO"))).then_some(Does::Says(reply))
        });
        let error = send(mail(settings(&server))).await.unwrap_err();
        let trouble = trouble_of(&error).unwrap();
        assert_eq!((error.kind(), trouble.again), (Kind::Denied, Again::Soon), "{line} {reply}: {error:?}");
        assert!(error.hint_text().unwrap().contains("tried again"), "{error:?}");
    }
    for reply in ["550 5.1.1 no such user", "550 no such user", "553 5.1.3 bad address", "551 user not local"] {
        let error = send(mail(settings(&OddServer::start(move |heard| {
            heard.starts_with("RCPT").then_some(Does::Says(reply))
        }))))
        .await
        .unwrap_err();
        assert_eq!(trouble_of(&error).unwrap().again, Again::Never, "{reply}");
    }
}

#[tokio::test]
async fn a_server_of_old_is_greeted_as_it_knows() {
    let server = OddServer::start(|heard| heard.starts_with("EHLO").then_some(Does::Says("502 what?")));
    send(mail(settings(&server))).await.unwrap();
    assert!(server.heard().iter().any(|line| line.starts_with("HELO ")));
}

#[tokio::test]
async fn an_answer_that_is_out_of_step_is_no_yes() {
    // One reply too many, as an attacker could put in before TLS begins: each later one then stands for the one before.
    let one_too_many = || Does::Says("250 OK\r\n250 OK");
    told(answered("MAIL", one_too_many).await, Kind::Network, "ECONNECTION", Again::Soon);
    let error = told(answered("content", || Does::Says("354 go on")).await, Kind::Network, "ECONNECTION", Again::Soon);
    assert!(trouble_of(&error).unwrap().unsure);
}

#[tokio::test]
async fn what_is_no_mail_server_is_told() {
    let answer = answered("greeting", || Does::Says("HTTP/1.1 400 Bad Request")).await;
    told(answer, Kind::Network, "ESOCKET", Again::AfterAFix);
}

#[tokio::test]
async fn a_limit_of_the_recipe_cuts_the_conversation_off() {
    let server = OddServer::start(|line| line.starts_with("MAIL").then_some(Does::Nothing));
    let total = Duration::from_millis(300);
    let call = super::caller().limited(Some(total), Some(total));
    let server = Server { step_timeout: Duration::from_secs(600), ..settings(&server) };
    let error = call.send(Mail { subject: "slow".to_owned(), ..mail(server) }).await.unwrap_err();
    assert_eq!((error.kind(), error.what()), (Kind::Timeout, "`ops@example.com: slow` took longer than 0.3s"));
}
