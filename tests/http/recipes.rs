//! Requests in whole runs of the program, with the kernel's wall around them and secrets in every place.

use super::tls::Authority;
use crate::support::program::{Hikae, Said};
use crate::support::receiver::Receiver;

/// A world with the recipe `ping`, which declares the receiver and these other needs, and runs these lines.
fn world(receiver: &Receiver, needs: &str, lines: &str) -> Hikae {
    let recipe = format!(
        "--- Sends a request.\nreturn recipe {{\n  kind = \"maintenance\", type = \"manual\",\n  params = {{\n    \
         token = {{ env = \"TOKEN\", secret = true, optional = true }},\n    hook = {{ env = \"HOOK\", secret = true, optional = true }},\n    \
         url = {{ env = \"URL\", default = \"\" }},\n  }},\n  needs = {{ connect = {{ \"127.0.0.1:{}\" }}{needs} }},\n  run = function(p)\n{lines}\n  end,\n}}\n",
        receiver.port()
    );
    Hikae::new().file("config/recipes/ping.lua", &recipe).env("URL", &receiver.url(""))
}

fn run(hikae: &Hikae) -> Said {
    hikae.run(&["run", "ping"])
}

#[test]
fn a_run_speaks_to_the_host_that_it_declares_and_to_no_other() {
    let receiver = Receiver::start();
    let hikae = world(
        &receiver,
        "",
        "local answer = http.post(p.url .. \"/echo\", { json = { text = \"バックアップ\", rows = { 1, 2 } } })\n\
         assert(answer.json().body == '{\"rows\":[1,2],\"text\":\"バックアップ\"}', answer.body)\n\
         assert(answer.json().headers[\"content-type\"] == \"application/json\")\n\
         log.info(\"status \" .. answer.status)",
    );
    let said = run(&hikae);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("status 200") || said.out.contains("status 200"), "{said:?}");
    let hikae = world(&receiver, "", "http.get((p.url:gsub(\"127.0.0.1\", \"localhost\")) .. \"/echo\")");
    let said = run(&hikae);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("the recipe may not connect to `localhost:"), "{said:?}");
    assert!(said.err.contains("recipes/ping.lua:"), "{said:?}");
}

#[test]
fn secrets_are_sent_and_never_shown() {
    const TOKEN: &str = "open \"sesame\" & co";
    const HOOK: &str = "/repeats/T0AA/hooksecret";
    let receiver = Receiver::start();
    let send = "http.request { method = \"POST\", url = p.hook, headers = { [\"X-Token\"] = p.token }, query = { t = p.token },\n\
                json = { auth = { token = p.token }, text = \"hi\" } }";
    let form = "http.post(p.url .. \"/repeats\", { form = { token = p.token, a = \"1\" } })";
    for lines in [send, form] {
        let hikae = world(&receiver, "", lines).env("TOKEN", TOKEN).env("HOOK", &receiver.url("/repeats?x=hooksecret"));
        for args in [&["run", "ping"][..], &["run", "ping", "--json"]] {
            let said = hikae.run(args);
            assert_eq!(said.code, 1, "{said:?}");
            assert!(said.err.contains("500") || said.out.contains("500"), "{said:?}");
            let all = format!("{}{}", said.out, said.err);
            for secret in ["sesame", "hooksecret", HOOK] {
                assert!(!all.contains(secret), "`{secret}` is shown: {all}");
            }
        }
        for args in [&["runs", "--json"][..], &["audit", "--json"]] {
            let said = hikae.run(args);
            assert_eq!(said.code, 0, "{said:?}");
            assert!(
                !said.out.is_empty() && !said.out.contains("sesame") && !said.out.contains("hooksecret"),
                "{said:?}"
            );
        }
    }
    let got = receiver.got();
    assert_eq!(got[0].headers["x-token"], TOKEN);
    assert_eq!(got[0].target, "/repeats?x=hooksecret&t=open+%22sesame%22+%26+co");
    assert_eq!(got[0].body, r#"{"auth":{"token":"open \"sesame\" & co"},"text":"hi"}"#);
    assert_eq!(got.last().unwrap().body, "a=1&token=open+%22sesame%22+%26+co");
}

#[test]
fn a_download_is_a_proved_backup_or_none() {
    let receiver = Receiver::start();
    let needs = ", write = { \"{dir}\" }";
    let lines = "return http.download(p.url .. PATH):gzip():save(path.join(os_dir, \"x.gz\"))";
    for (path, code, files) in [
        ("/chunked", 0, 2),
        ("/short", 1, 0),
        ("/chunked-short", 1, 0),
        ("/unannounced", 1, 0),
        ("/coded/gzip", 1, 0),
        ("/status/202", 1, 0),
        ("/status/204", 1, 0),
        ("/status/206", 1, 0),
        ("/status/500", 1, 0),
    ] {
        let hikae = Hikae::new();
        let dir = hikae.path("backups").display().to_string();
        let lines = lines.replace("PATH", &format!("{path:?}")).replace("os_dir", &format!("{dir:?}"));
        let needs = needs.replace("{dir}", &dir);
        let recipe = format!(
            "--- Keeps a file.\nreturn recipe {{ type = \"manual\", params = {{ url = {{ env = \"URL\" }} }},\n needs = {{ connect = {{ \"{{url}}\" }}{needs} }},\n run = function(p)\n{lines}\nend }}\n"
        );
        let hikae = hikae.file("config/recipes/ping.lua", &recipe).env("URL", &receiver.url(""));
        let said = run(&hikae);
        assert_eq!((said.code, hikae.backups().len()), (code, files), "{path}: {said:?}");
    }
}

#[test]
fn an_answer_without_end_is_cut_off_with_flat_memory() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, "", "http.get(p.url .. \"/big\")");
    let run = hikae.start(&["run", "ping"]);
    let (output, peak) = crate::support::processes::end_with_peak(run);
    let said = hikae.said(output);
    assert_eq!(said.code, 1, "{said:?}");
    assert!(said.err.contains("/big` is longer than"), "{said:?}");
    assert!(peak > 1000 && peak < 64 << 10, "{peak} KiB at its peak");
}

#[test]
fn a_proxy_in_the_env_file_is_used() {
    let (receiver, proxy) = (Receiver::start(), Receiver::start());
    let hikae = world(&receiver, "", "http.get(p.url .. \"/says/hello\")");
    let hikae = hikae.file("config/.env", &format!("HTTP_PROXY=http://127.0.0.1:{}\n", proxy.port()));
    assert_eq!(run(&hikae).code, 0);
    assert_eq!((receiver.got().len(), proxy.got().len()), (0, 1));
}

#[test]
fn a_declared_host_that_cannot_be_one_is_told_before_anything_starts() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, "", "http.get(p.url)");
    let text = std::fs::read_to_string(hikae.path("config/recipes/ping.lua")).unwrap();
    let hikae = hikae.file("config/recipes/ping.lua", &text.replace("\"127.0.0.1:", "\"no host/127.0.0.1:"));
    let said = run(&hikae);
    assert_eq!(said.code, 64, "{said:?}");
    assert!(said.err.contains("among the recipe's `connect` is not a host"), "{said:?}");
}

#[test]
fn names_are_resolved_and_certificates_read_within_the_wall() {
    let authority = Authority::new();
    let receiver = authority.receiver("DNS:localhost", "2099");
    let url = format!("https://localhost:{}/says/hello", receiver.port());
    for (ca_file, code) in [("ca_file = dir .. \"/ca.pem\"", 0), ("", 1)] {
        let hikae = Hikae::new();
        let dir = hikae.path("ca").display().to_string();
        let recipe = format!(
            "--- Asks.\nlocal dir = {dir:?}\nreturn recipe {{ kind = \"check\", type = \"manual\",\n  needs = {{ connect = {{ \"localhost\" }}, \
             read = {{ {dir:?} }} }},\n  run = function() assert(http.get({url:?}, {{ {ca_file} }}).body == \"hello\") end }}\n"
        );
        let hikae = hikae.file("ca/ca.pem", &std::fs::read_to_string(authority.at("ca.pem")).unwrap());
        let said = run(&hikae.file("config/recipes/ping.lua", &recipe));
        assert_eq!(said.code, code, "{said:?}");
        assert_eq!(said.err.contains("has issued the certificate of `localhost`"), code == 1, "{said:?}");
    }
}
