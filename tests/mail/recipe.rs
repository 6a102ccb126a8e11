//! `mail.send` in a recipe, from the command line down: settings from `.env`, what is declared, what is never shown.

use crate::support::odd_smtp::{Does, OddServer};
use crate::support::program::Hikae;
use crate::support::smtp::{Authority, MailServer, PASSWORD, Shape, parsed};

const RECIPE: &str = r#"
return recipe {
  kind = "check", type = "manual",
  params = { server = { default = "localhost:0" } },
  needs = { connect = { "{server}" } },
  run = function(p)
    local sent = mail.send { to = "ops@example.com, boss@example.com", subject = "【報告】控え", text = "本文\n" }
    log.info("sent: " .. sent.reply .. " to " .. #sent.accepted)
  end,
}
"#;

fn hikae(port: u16, dotenv: &str) -> Hikae {
    let dotenv = format!(
        "SMTP_HOST=localhost\nSMTP_PORT={port}\nSMTP_USER=backup\nSMTP_PASSWORD='{PASSWORD}'\nSMTP_CA_FILE=ca.pem\n\
         SMTP_FROM='ITSM-Sec Nexus <noreply@itsm.local>'\n{dotenv}"
    );
    let hikae = Hikae::new().file("config/recipes/tell.lua", RECIPE).file("config/.env", &dotenv);
    crate::support::program::set_mode(&hikae.path("config/.env"), 0o600);
    hikae.file("config/ca.pem", &Authority::shared().pem())
}

fn run(hikae: &Hikae, port: u16) -> crate::support::program::Said {
    hikae.run(&["run", "tell", "--set", &format!("server=localhost:{port}")])
}

/// Everything that is left of a run, and what it said.
fn everything(hikae: &Hikae, said: &crate::support::program::Said) -> String {
    let mut all = format!("{}{}", said.out, said.err);
    for entry in walkdir::WalkDir::new(hikae.path("state")) {
        let entry = entry.unwrap();
        if entry.file_type().is_file() {
            all.push_str(&String::from_utf8_lossy(&std::fs::read(entry.path()).unwrap()));
        }
    }
    all
}

#[test]
fn a_recipe_sends_a_mail_by_the_server_of_the_environment() {
    let server = MailServer::start(Shape::default());
    let hikae = hikae(server.port, "");
    let said = run(&hikae, server.port);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.out.contains("sent: 250 queued to 2"), "{}", said.out);
    let came = server.mail();
    assert_eq!(came["to"], serde_json::json!(["ops@example.com", "boss@example.com"]));
    let content = parsed(&came);
    assert_eq!(content["headers"]["Subject"], "【報告】控え");
    assert_eq!(content["headers"]["From"], "ITSM-Sec Nexus <noreply@itsm.local>");
    let all = everything(&hikae, &said);
    assert!(all.contains("ops@example.com, boss@example.com: 【報告】控え"), "the audit says what was sent");
    assert!(!all.contains(PASSWORD) && !all.contains("本文"), "neither the password nor the text is kept");
}

#[test]
fn a_server_that_is_not_declared_gets_nothing() {
    let server = MailServer::start(Shape::default());
    let said = hikae(server.port, "").run(&["run", "tell", "--set", "server=smtp.example.com"]);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains(&format!("the recipe may not connect to `localhost:{}`", server.port)), "{}", said.err);
    assert!(said.err.contains("connect = {"), "{}", said.err);
    assert!(server.is_empty());
}

#[test]
fn a_login_that_is_refused_fails_the_run_and_never_shows_the_password() {
    let server = OddServer::start(|line| {
        line.starts_with("AUTH").then(|| Does::Repeats(format!("535 5.7.8 not with {line} and {PASSWORD}")))
    });
    let hikae = hikae(server.port, "SMTP_SECURE=plain\nSMTP_ALLOW_PLAIN_AUTH=true\n");
    for flags in [&[][..], &["--json"], &["--verbose"]] {
        let address = format!("server=localhost:{}", server.port);
        let args: Vec<&str> = ["run", "tell", "--set", &address].into_iter().chain(flags.iter().copied()).collect();
        let said = hikae.run(&args);
        assert_eq!(said.code, 1, "{}", said.err);
        let all = everything(&hikae, &said);
        assert!(all.contains("refused the login of `backup`"), "{all}");
        let encoded = server.heard().into_iter().find(|line| line.starts_with("AUTH PLAIN ")).unwrap();
        assert!(!all.contains(PASSWORD) && !all.contains(&encoded["AUTH PLAIN ".len()..]), "{all}");
    }
}

#[test]
fn a_recipient_that_is_refused_is_not_passed_over_in_silence() {
    let refuse = vec![("boss@example.com", "550 5.1.1 no such user")];
    let server = MailServer::start(Shape { refuse, ..Shape::default() });
    let said = run(&hikae(server.port, ""), server.port);
    assert_eq!(said.code, 1, "{}", said.err);
    assert!(said.err.contains("refused boss@example.com"), "{}", said.err);
    assert!(said.err.contains("ops@example.com got the mail"), "{}", said.err);
    assert_eq!(server.mail()["to"], serde_json::json!(["ops@example.com"]));
}

#[test]
fn a_setting_that_cannot_be_read_is_told_by_its_name() {
    let said = run(&hikae(587, "SMTP_SECURE=treu\n"), 587);
    assert_eq!(said.code, 1);
    assert!(
        said.err.contains("`SMTP_SECURE` must be true, false, starttls, tls or plain, but is `treu`"),
        "{}",
        said.err
    );
    assert!(said.err.contains("did you mean `true`?"), "{}", said.err);
}
