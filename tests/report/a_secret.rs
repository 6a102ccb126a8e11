//! Promises that no secret is in anything shown.

use super::*;

const WORD: &str = "hunter2 \"quoted\" \\ 秘密";

fn spill() {
    let mut outcome = outcome("failure");
    outcome["error"] = json!({"kind": "command", "message": format!("login as {WORD}"), "hint": WORD});
    outcome["backups"] = json!([{"path": "/b/shop.gz"}]);
    report::run_started("BKP-1", "nightly", "daily");
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

#[test]
fn is_struck_out_in_whichever_way_it_was_written() {
    let _known = Secret::new(r#"zq$ss "wörd" it's\&80%"#);
    for written in [
        r#"zq$ss "wörd" it's\&80%"#,
        r#"zq$ss \"wörd\" it's\\&80%"#,                  // JSON
        r#"zq$ss \\\"wörd\\\" it's\\\\&80%"#,            // JSON in JSON
        r#"zq$ss \"w\u00f6rd\" it\u0027s\\\u002680%"#,   // JSON in ASCII, JSON for a page
        "zq%24ss%20%22w%C3%B6rd%22%20it%27s%5C%2680%25", // a url
        "zq$ss+%22w%c3%b6rd%22+it's%5c%2680%25",         // a query or a form
        r#"'zq$ss "wörd" it'\''s\&80%'"#,                // a shell
        r#"'zq$ss "wörd" it'"'"'s\&80%'"#,               // Python's `shlex.quote`
        r#""zq\$ss \"wörd\" it's\\&80%""#,               // a shell, in double quotes
        r#"zq\$ss\ \"wörd\"\ it\'s\\\&80%"#,             // `printf %q`
        "zq$ss &quot;wörd&quot; it&#39;s\\&amp;80%",     // XML
    ] {
        let shown = redact(&format!("<{written}>, he said"));
        assert!(shown.contains("********") && !shown.contains("rd"), "{written} gave {shown}");
        assert!(shown.starts_with('<') && shown.ends_with(">, he said"), "{written} gave {shown}");
    }
}

#[test]
fn is_struck_out_where_lines_became_one() {
    let _known = Secret::new("zqbegin 1\nzqmiddle/2\nzqend=");
    for written in [
        r"zqbegin 1\nzqmiddle\/2\nzqend=",
        "zqbegin%201%0Azqmiddle%2F2%0Azqend%3D",
        "zqbegin 1\\\nzqmiddle/2\\\nzqend=",
    ] {
        assert_eq!(redact(&format!("key {written}!")), "key ********!", "{written}");
    }
}

#[test]
fn that_is_a_url_is_struck_out_where_a_server_repeats_its_path() {
    let _known = Secret::new("https://files.example/zqlist/dl?X-Amz-Date=1&X-Amz-Signature=zq0f%2B3a");
    for (said, shown) in [
        ("<Key>/zqlist/dl?X-Amz-Date=1&amp;X-Amz-Signature=zq0f%2B3a</Key>", "<Key>********</Key>"),
        (r#"{"query":"X-Amz-Date=1\u0026X-Amz-Signature=zq0f%2B3a"}"#, r#"{"query":"********"}"#),
        ("no /zqlist/dl here", "no /zqlist/dl here"),
    ] {
        assert_eq!(redact(said), shown);
    }
    let _short = Secret::new("https://files.example/zq?a=1");
    assert_eq!(redact("/zq?a=1 and a=1"), "/zq?a=1 and a=1", "as short as common words");
}
