//! Promises that no secret is in anything shown.

use super::*;

const WORD: &str = "hunter2 \"quoted\" \\ 秘密";

fn spill() {
    let mut outcome = outcome("failure");
    outcome["error"] = json!({"kind": "command", "message": format!("login as {WORD}"), "hint": WORD});
    outcome["backups"] = json!([{"path": format!("/b/{WORD}.gz")}]);
    report::run_started("BKP-1", WORD, "daily");
    report::step_started(1, WORD, Some(&Site { file: WORD.into(), line: 1 }));
    for level in [Level::Debug, Level::Info, Level::Warn, Level::Error] {
        report::log(level, &format!("password={WORD}"), None);
    }
    report::child_said(WORD, WORD);
    report::step_ended(1, WORD, "failure", 1, Duration::ZERO);
    report::run_ended(&outcome);
}

fn assert_clean(shown: &str) {
    assert!(!shown.contains("hunter2") && !shown.contains("秘密"), "the secret was shown: {shown}");
    assert!(shown.contains("********"), "nothing was said: {shown}");
}

#[test]
fn is_struck_out_by_every_listener() {
    let _known = Secret::new(WORD);
    for form in [Form::Terminal, Form::Text, Form::Json] {
        for quiet in [false, true] {
            assert_clean(&both(Mode { form, quiet, verbose: true }, spill));
        }
    }
    let acts: [fn(); 2] = [|| report::step_started(1, WORD, None), spill];
    screens(Mode { verbose: true, ..TERMINAL }, true, &acts).iter().for_each(|seen| assert_clean(seen));
}

#[test]
fn is_struck_out_of_diagnostics_tables_and_listings() {
    let _known = Secret::new(WORD);
    let error = Error::new(Kind::Command, format!("cannot log in with `{WORD}`"))
        .because_text(WORD)
        .hint(WORD)
        .at([Site { file: "a.lua".into(), line: 1 }]);
    let source = |_: &str| Some(format!("pg.dump {{ password = '{WORD}' }}\n"));
    assert_clean(&render(&error, &source, Style::Plain));
    assert_clean(&render(&error, &source, Style::Graphical { width: 80, colour: false, unicode: true }));
    let mut out = Vec::new();
    print_table(&mut out, &facts(true), &[Column::text("NAME")], [vec![WORD.to_owned()]]).unwrap();
    print_json_lines(&mut out, [json!({"list": [{"name": WORD}]})]).unwrap();
    print_text(&mut out, WORD).unwrap();
    let shown = String::from_utf8(out).unwrap();
    assert_clean(&shown);
    assert_eq!(shown.matches("********").count(), 3, "{shown}");
}

#[test]
fn that_is_one_of_hikaes_own_words_does_not_blot_the_json() {
    let _known = Secret::new("BKP-zq81");
    let (out, _) = told(JSON, || {
        report::run_started("BKP-zq81", "db-backup", "daily");
        report::log(Level::Info, "BKP-zq81", None);
    });
    let lines: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((lines[0]["id"].as_str(), lines[1]["message"].as_str()), (Some("BKP-zq81"), Some("********")));
}
