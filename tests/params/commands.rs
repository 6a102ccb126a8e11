//! How a command and a hook are written, and what of them is needed: the programs, or the server of an address.

use hikae::recipe::expand::{Need, expand};
use hikae::recipe::values::ParamValue;
use serde_json::json;

use super::{Case, params, spec};

/// The words of each command of the param `c`.
fn commands(case: Case) -> Vec<Vec<String>> {
    match case.value("c") {
        ParamValue::Commands(commands) => commands,
        other => panic!("{other:?}"),
    }
}

fn case() -> Case {
    params(json!({ "c": { "type": "hook", "optional": true } }))
}

#[test]
fn a_line_is_split_into_words_and_commands_without_a_shell() {
    let read = |text: &str| commands(case().set("c", text));
    assert_eq!(read("systemctl restart cafe"), [["systemctl", "restart", "cafe"]]);
    assert_eq!(read("  a\t'b  c' \"d \\\" e\" f\\ g '' h'i'\"j\" "), [["a", "b  c", "d \" e", "f g", "", "hij"]]);
    assert_eq!(read("git pull --ff-only && npm ci&&npm run build").len(), 3);
    assert_eq!(read("echo '&&' '$HOME|' \\*"), [["echo", "&&", "$HOME|", "*"]]);
    assert_eq!(read("控え --日本語='あ い'"), [["控え", "--日本語=あ い"]]);
}

#[test]
fn the_settings_have_lists_of_words() {
    let read = |toml: &'static str| commands(case().toml(toml));
    let one = read("[params.db-backup]\nc = [\"systemctl\", \"restart\", \"the cafe\", \"$1\"]\n");
    assert_eq!(one, [["systemctl", "restart", "the cafe", "$1"]]);
    let several = read("[params.db-backup]\nc = [[\"git\", \"pull\"], [\"npm\", \"ci\"]]\n");
    assert_eq!(several, [["git", "pull"], ["npm", "ci"]]);
    assert_eq!(read("[params.db-backup]\nc = \"true && false\"\n"), [["true"], ["false"]]);
    assert_eq!(case().toml("[params.db-backup]\nc = []\n").value("c"), ParamValue::Absent);
    assert_eq!(case().set("c", "").value("c"), ParamValue::Absent);
}

#[test]
fn what_is_shown_of_commands_reads_as_the_same_commands() {
    let case = || case().toml("[params.db-backup]\nc = [[\"a b\\\"\", \"it's\", \"\", \"&&\"], [\"/x y\", \"$z\"]]\n");
    assert_eq!(case().problems().len(), 1, "a program with blanks is taken for a line");
    let quoted = r#"/a\ b "it's" '' '&&' && c '$z' "#;
    let value = self::case().set("c", quoted).value("c");
    assert_eq!(value.to_string(), r"'/a b' 'it'\''s' '' '&&' && c '$z'");
    assert_eq!(self::case().set("c", &value.to_string()).value("c"), value);
}

#[test]
fn what_only_a_shell_could_do_is_refused() {
    let refused = |text: &str| case().set("c", text).problems().remove(0);
    assert_eq!(
        refused("dump | gzip"),
        "`c` must be a command, or several, but `--set c` is `dump | gzip` | no shell reads it: put `|` in single quotes if it \
         is meant literally, or name a script that does it; `--set c` comes from the command line"
    );
    for text in ["a > b", "a; b", "a & b", "a || b", "echo $HOME", "echo \"$HOME\"", "rm /tmp/*", "echo `id`", "(a)"] {
        assert!(refused(text).contains("no shell reads it"), "{text}: {}", refused(text));
    }
    for text in ["a 'b", "a \"b", "a \\", "\"a\\"] {
        assert!(refused(text).contains("close the quote"), "{text}: {}", refused(text));
    }
    for text in ["&& a", "a &&", "a && && b", "'' a", "  "] {
        assert!(refused(text).contains("name a program first, also after `&&`"), "{text}: {}", refused(text));
    }
}

#[test]
fn a_list_that_holds_no_commands_is_refused() {
    for list in
        ["[\"sleep\", 5]", "[[\"a\"], \"b\"]", "[[]]", "[\"\"]", "[\"git pull\", \"npm ci\"]", "[\"a\", \"\\u0000\"]"]
    {
        let toml: &'static str = Box::leak(format!("[params.db-backup]\nc = {list}\n").into_boxed_str());
        let problem = case().toml(toml).problems().remove(0);
        assert!(problem.contains("several as `[[\"git\", \"pull\"], [\"npm\", \"ci\"]]`"), "{list}: {problem}");
    }
    let problem = case().toml("[params.db-backup]\nc = 5\n").problems().remove(0);
    assert!(problem.contains("write it as in a terminal"), "{problem}");
}

#[test]
fn a_hook_is_commands_or_an_address_and_a_command_is_no_address() {
    let address = |text: &str| case().set("c", text);
    let value = address(" https://cafe.example/deploy?key=mostsecretofhooks").value("c");
    assert!(matches!(value, ParamValue::Address(_)), "{value:?}");
    assert!(!value.to_string().contains("mostsecretofhooks"), "{value}");
    let value = address("https://cafe.example/services/T/pathofhookissecret").value("c");
    assert_eq!(value.to_string(), "https://cafe.example/********");
    assert_eq!(address("https://cafe.example/api/on").value("c").to_string(), "https://cafe.example/api/on");
    assert!(address("https://").problems()[0].contains("must be an address"));
    let command = params(json!({ "c": { "type": "command" } })).set("c", "https://cafe.example/");
    assert_eq!(commands(command), [["https://cafe.example/"]], "a program of this name, which is not there");
}

#[test]
fn a_template_takes_the_programs_or_the_server() {
    let expanded = |text: &str, need| expand("{c}", need, &case().set("c", text).resolve().unwrap()).unwrap();
    assert_eq!(expanded("git pull && npm ci", Need::Run), ["git", "npm"]);
    assert_eq!(expanded("git pull", Need::Connect), [""; 0]);
    assert_eq!(expanded("https://cafe.example:8443/on?key=x", Need::Connect), ["https://cafe.example:8443"]);
    assert_eq!(expanded("https://cafe.example/on", Need::Run), [""; 0]);
}

#[test]
fn a_declaration_keeps_commands_out_of_paths_and_takes_them_as_defaults() {
    let declaration = json!({ "type": "daily", "params": { "c": { "type": "hook" } }, "needs": { "write": ["{c}"] } });
    assert_eq!(
        super::declared(declaration),
        [
            "`{c}` of `needs.write` names `c`, which is no path | a command belongs in `run`, a hook in `run` and `connect`"
        ]
    );
    assert_eq!(commands(params(json!({ "c": { "type": "hook", "default": ["true"] } }))), [["true"]]);
    assert!(spec(json!({ "type": "command", "default": "a | b" }))[0].contains("`params.x.default` must be a command"));
}
