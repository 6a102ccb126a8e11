//! Streams that go out by http: whole when the source has proved its end, and never whole otherwise.

use crate::support::program::{Hikae, Said};
use crate::support::receiver::Receiver;

fn world(receiver: &Receiver, tool: &str, stages: &str) -> Hikae {
    let recipe = format!(
        "return recipe {{ kind = \"maintenance\", type = \"manual\",\n\
         needs = {{ run = {{ \"tool\" }}, connect = {{ \"127.0.0.1:{port}\" }} }},\n\
         run = function()\n\
           local url = \"http://127.0.0.1:{port}\"\n\
           local sent = process.stream {{ program = \"tool\" }}{stages}\n\
           log.info(\"sent \" .. sent.size_bytes .. \" \" .. sent.sha256)\n\
         end }}",
        port = receiver.port()
    );
    let hikae = Hikae::new().program("tool", tool).file("config/recipes/send.lua", &recipe);
    hikae.file("config/hikae.toml", "sandbox = \"off\"\n")
}

fn run(receiver: &Receiver, tool: &str, stages: &str) -> Said {
    world(receiver, tool, stages).run(&["run", "send"])
}

#[test]
fn a_stream_goes_out_whole_and_is_told_with_its_hash() {
    let receiver = Receiver::start();
    let said = run(
        &receiver,
        "echo hello",
        ":upload(url .. \"/echo/a\", { headers = { [\"X-Of\"] = \"db\" }, query = { part = 1 } })",
    );
    assert_eq!(said.code, 0, "{said:?}");
    let sha256 = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
    assert!(said.out.contains(&format!("sent 6 {sha256}")), "{}", said.out);
    let got = &receiver.got()[0];
    assert_eq!((got.method.as_str(), got.target.as_str(), got.body.as_str()), ("PUT", "/echo/a?part=1", "hello\n"));
    assert_eq!((&got.headers["x-of"], &got.headers["transfer-encoding"]), (&"db".to_owned(), &"chunked".to_owned()));
    let said = run(&receiver, "echo hello", ":upload(url .. \"/echo/a\", { method = \"POST\", size_bytes = 6 })");
    assert_eq!((said.code, receiver.got()[1].headers["content-length"].as_str()), (0, "6"), "{said:?}");
}

#[test]
fn a_source_that_fails_at_its_end_is_never_taken_for_whole() {
    let receiver = Receiver::start();
    for options in ["", ", { size_bytes = 6 }"] {
        let said = run(&receiver, "echo hello; exit 3", &format!(":upload(url .. \"/echo/a\"{options})"));
        assert_eq!(said.code, 1, "{said:?}");
        assert!(said.err.contains("exit code 3"), "{}", said.err);
    }
    while receiver.broken_off().len() < 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(receiver.got().len(), 0, "what came broke off");
}

#[test]
fn an_answer_that_is_not_good_fails_the_run_also_when_it_comes_early() {
    let receiver = Receiver::start();
    let said = run(&receiver, "echo hello", ":upload(url .. \"/status/507\")");
    assert_eq!(said.code, 1);
    assert!(said.err.contains("was answered with 507 Insufficient Storage"), "{}", said.err);
    let said = run(&receiver, "head -c 100000000 /dev/zero", ":upload(url .. \"/early\")");
    assert_eq!(said.code, 1);
    assert!(said.err.contains("was answered with 413 Payload Too Large"), "{}", said.err);
    let said = run(&receiver, "echo hello", ":upload(url .. \"/to/307?to=/echo\")");
    assert!(said.err.contains("hint: a stream follows no redirect"), "{}", said.err);
    let said = run(&receiver, "echo hello", ":upload(\"http://localhost:1/x\")");
    assert!(said.err.contains("the recipe may not connect to `localhost:1`"), "{}", said.err);
}

#[test]
fn a_large_stream_goes_out_with_flat_memory() {
    let receiver = Receiver::start();
    let hikae = world(&receiver, "head -c 400000000 /dev/zero", ":upload(url .. \"/echo/nowhere\")");
    let (output, peak) = crate::support::processes::end_with_peak(hikae.start(&["run", "send"]));
    let said = hikae.said(output);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(peak > 1000 && peak < 64 << 10, "{peak} KiB at its peak");
    assert!(said.out.contains("sent 400000000 "), "{}", said.out);
}
