//! Mails in every world: a simulated server says no in the words of a real one, and each decorator knows them.

use std::sync::Arc;
use std::time::Duration;

use hikae::error::Kind;
use hikae::secret::Secret;
use hikae::world::dry_run::DryRun;
use hikae::world::faulty::{Fault, FaultKind, Faulty, Nth, ways};
use hikae::world::guarded::{Guarded, Needs};
use hikae::world::journal::{Journal, Outcome};
use hikae::world::mail::{Mailbox, Security, Server, trouble_of};
use hikae::world::simulated::{Simulated, SimulatedSetup};
use hikae::world::{Caller, Mail};
use serde_json::{Value, json};

use super::place::{caller, real_world};
use crate::support::odd_smtp::{Does, OddServer};

fn simulated(smtp: Value) -> Simulated {
    Simulated::new(serde_json::from_value::<SimulatedSetup>(json!({ "smtp": smtp })).unwrap()).unwrap()
}

fn server(port: u16) -> Server {
    let step_timeout = Duration::from_millis(500);
    Server { security: Security::Plain, connect_timeout: step_timeout, step_timeout, ..Server::new("127.0.0.1", port) }
}

fn mail(server: Server) -> Mail {
    Mail {
        server,
        from: Mailbox::parse("hikae@example.com").unwrap(),
        to: Mailbox::parse_list("ops@example.com, gone@example.com").unwrap(),
        cc: Vec::new(),
        subject: "控え".to_owned(),
        text: "a text".to_owned(),
        html: None,
        message_id: Some("<1@example.com>".to_owned()),
    }
}

/// What a mail comes to, as one text: what was sent, or the error with all that it says but the remedy's port.
async fn comes_to(call: &Caller, mail: Mail) -> String {
    let port = mail.server.port.to_string();
    let text = match call.send(mail).await {
        Ok(sent) => format!("{} {:?} {:?}", sent.message_id, sent.accepted, sent.refused),
        Err(error) => format!("{error:?} / {:?} / {:?}", error.hint_text(), trouble_of(&error)),
    };
    text.replace(&port, "PORT")
}

type Answer = fn(&str) -> Option<Does>;

#[tokio::test]
async fn a_simulated_server_says_what_a_real_one_says() {
    let gone: Answer = |line| line.contains("gone@").then_some(Does::Says("550 5.1.1 no such user"));
    let put_off: Answer =
        |line| line.starts_with("RCPT").then_some(Does::Says("451 4.7.1 greylisted, please try again later"));
    let cases: [(&str, Answer, Value); 6] = [
        ("takes it", |_| None, json!({})),
        ("refuses one", gone, json!({ "refuse": ["gone@example.com"] })),
        ("never answers", |_| Some(Does::Nothing), json!({ "hangs": true })),
        ("drops", |line| (line == "content").then_some(Does::HangsUp), json!({ "drops": true })),
        (
            "rejects",
            |line| (line == "content").then_some(Does::Says("552 too large")),
            json!({ "reject": "552 too large" }),
        ),
        ("greylists", put_off, json!({ "greylist": 9 })),
    ];
    for (name, answer, setup) in cases {
        let odd = OddServer::start(answer);
        let real = comes_to(&caller(real_world().0), mail(server(odd.port))).await;
        let simulated = comes_to(&caller(Arc::new(simulated(setup))), mail(server(odd.port))).await;
        assert_eq!(simulated, real, "{name}");
    }
}

#[tokio::test]
async fn a_simulated_login_fails_as_a_real_one_does() {
    let odd =
        OddServer::start(|line| line.starts_with("AUTH").then_some(Does::Says("535 5.7.8 authentication failed")));
    let with = |allow_plain_auth, port| Server {
        user: Some("backup".to_owned()),
        password: Some(Secret::new("wrong password")),
        allow_plain_auth,
        ..server(port)
    };
    let world = || caller(Arc::new(simulated(json!({ "password": "another", "no_tls": true }))));
    for allow in [true, false] {
        let real = comes_to(&caller(real_world().0), mail(with(allow, odd.port))).await;
        assert_eq!(comes_to(&world(), mail(with(allow, odd.port))).await, real);
    }
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let real = comes_to(&caller(real_world().0), mail(server(closed))).await;
    assert_eq!(comes_to(&caller(Arc::new(simulated(json!({ "down": true })))), mail(server(closed))).await, real);
    let needs_tls = Server { security: Security::StartTls, ..server(odd.port) };
    let real = comes_to(&caller(real_world().0), mail(needs_tls.clone())).await;
    assert_eq!(comes_to(&world(), mail(needs_tls)).await, real);
}

#[tokio::test]
async fn a_mail_box_keeps_what_was_sent() {
    let world = simulated(json!({ "greylist": 1, "refuse": ["gone@example.com"] }));
    let call = caller(Arc::new(world.clone()));
    assert!(trouble_of(&call.send(mail(server(25))).await.unwrap_err()).unwrap().retryable());
    call.send(mail(server(25))).await.unwrap();
    let mails = world.snapshot().mails;
    assert_eq!(mails.len(), 1);
    assert_eq!((mails[0].subject.as_str(), mails[0].text.as_str()), ("控え", "a text"));
    assert_eq!((mails[0].server.as_str(), &mails[0].to), ("127.0.0.1:25", &vec!["ops@example.com".to_owned()]));
}

#[tokio::test]
async fn a_line_break_in_a_subject_is_refused_in_every_world() {
    let bad = || Mail { subject: "x\nBcc: b@example.com".to_owned(), ..mail(server(25)) };
    for call in [
        caller(real_world().0),
        caller(Arc::new(simulated(json!({})))),
        caller(Arc::new(DryRun::new(simulated(json!({}))))),
    ] {
        let error = call.send(bad()).await.unwrap_err();
        assert!(error.what().starts_with("the subject of the mail holds a line break"), "{error:?}");
    }
}

#[tokio::test]
async fn only_a_declared_server_gets_a_mail() {
    let declared = |connect: &[&str]| {
        let needs = Needs { connect: connect.iter().map(|host| (*host).to_owned()).collect(), ..Needs::default() };
        caller(Arc::new(Guarded::new(simulated(json!({})), needs).unwrap()))
    };
    let to = |host: &str| mail(Server { host: host.to_owned(), ..server(587) });
    for connect in ["smtp.example.com", "smtp.example.com:587", "SMTP.Example.com"] {
        declared(&[connect]).send(to("smtp.example.com")).await.unwrap();
    }
    for connect in
        [&["smtp.example.com:25"][..], &["example.com"], &["smtp.example.co"], &["smtp.example.com.evil.net"], &[]]
    {
        let error = declared(connect).send(to("smtp.example.com")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.what()),
            (Kind::Denied, "the recipe may not connect to `smtp.example.com:587`")
        );
        assert_eq!(error.hint_text(), Some("add `connect = { \"smtp.example.com:587\" }` to its needs"));
    }
    declared(&["[::1]:587"]).send(to("::1")).await.unwrap();
}

#[tokio::test]
async fn the_journal_knows_to_whom_and_what_about_but_neither_text_nor_password() {
    let journal = Arc::new(Journal::new(simulated(json!({}))));
    let password = Some(Secret::new("journal-secret"));
    let server = Server { user: Some("u".to_owned()), password, security: Security::Tls, ..server(465) };
    caller(journal.clone()).send(Mail { html: Some("<p>".to_owned()), ..mail(server) }).await.unwrap();
    let record = &journal.entries()[0];
    let told = record.to_json();
    assert_eq!((&told["effect"], &told["object"]), (&json!("send"), &json!("ops@example.com, gone@example.com: 控え")));
    assert_eq!((record.size_bytes, &record.outcome), (6 + 6 + 3, &Outcome::Done));
    let all = format!("{record:?}{told}");
    assert!(!all.contains("a text") && !all.contains("journal-secret") && !all.contains("<p>"), "{all}");
    assert!(record.effect.changes(), "so it stands in the audit");
}

#[tokio::test]
async fn a_dry_run_plans_a_mail_and_withholds_it() {
    let world = simulated(json!({ "down": true }));
    let dry = Arc::new(DryRun::new(world.clone()));
    let sent = caller(dry.clone()).send(mail(server(25))).await.unwrap();
    assert_eq!((sent.reply.as_str(), sent.accepted.len()), ("not sent: this is a dry run", 2));
    assert!(world.snapshot().mails.is_empty());
    let plan = dry.plan();
    assert_eq!((plan[0].verb, plan[0].object.as_str()), ("send", "ops@example.com, gone@example.com: 控え"));
    assert_eq!(plan[0].detail.as_deref(), Some("12 B"));
}

#[tokio::test]
async fn a_mail_can_fail_in_every_way_that_makes_sense() {
    let journal = Arc::new(Journal::new(simulated(json!({}))));
    caller(journal.clone()).send(mail(server(25))).await.unwrap();
    let faults: Vec<Fault> = ways(&journal.entries());
    let kinds: Vec<&FaultKind> = faults.iter().map(|fault| &fault.what).collect();
    assert_eq!(
        kinds,
        [
            &FaultKind::Fail { kind: Kind::Network },
            &FaultKind::Fail { kind: Kind::Denied },
            &FaultKind::Hang { after_bytes: 0 },
            &FaultKind::Killed
        ]
    );
    for (what, kind) in
        [(kinds[0], Kind::Network), (kinds[1], Kind::Denied), (kinds[2], Kind::Timeout), (kinds[3], Kind::Cancelled)]
    {
        let world = simulated(json!({}));
        let fault = Fault { at: Nth { verb: Some("send".to_owned()), n: 1 }, what: what.clone() };
        let call = caller(Arc::new(Faulty::new(world.clone(), [fault])));
        assert_eq!(call.send(mail(server(25))).await.unwrap_err().kind(), kind);
        assert!(world.snapshot().mails.is_empty());
    }
}
