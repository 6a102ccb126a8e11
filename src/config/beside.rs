//! Recognizes a file beside recipes that is only a module: it never calls `recipe`.

/// Whether a Lua file returns something, never names `recipe` in its code, and has no `run`.
pub fn is_helper(text: &str) -> bool {
    let code = code_of(text);
    let mut words = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.' || c == ':'));
    let is_value = |rest: &str| rest.trim_start().starts_with(|c: char| c == '{' || c == '_' || c.is_alphabetic());
    let returns = code.rsplit_once("return").is_some_and(|(_, rest)| is_value(rest));
    let has_run = code
        .split("run")
        .skip(1)
        .any(|rest| rest.trim_start().starts_with('=') && !rest.trim_start().starts_with("=="));
    returns && !has_run && !words.any(|word| word == "recipe")
}

/// The text without comments and string literals.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        rest = match first {
            '-' if rest.starts_with("--") => match long_bracket(&rest[2..]) {
                Some(after) => after,
                None => rest.split_once('\n').map_or("", |(_, after)| after),
            },
            '\'' | '"' => after_quote(&rest[1..], first),
            '[' if long_bracket(rest).is_some() => long_bracket(rest).unwrap_or_default(),
            _ => {
                code.push(first);
                &rest[first.len_utf8()..]
            }
        };
    }
    code
}

/// The rest of the text after a long bracket, if it begins with one: `[[…]]`, `[==[…]==]`.
fn long_bracket(text: &str) -> Option<&str> {
    let level = text.strip_prefix('[')?.chars().take_while(|c| *c == '=').count();
    let inside = text[1 + level..].strip_prefix('[')?;
    let close = format!("]{}]", "=".repeat(level));
    Some(inside.split_once(close.as_str()).map_or("", |(_, after)| after))
}

fn after_quote(text: &str, quote: char) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // An unclosed quote ends at the end of its line.
            _ if c == quote || c == '\n' => return &text[at + c.len_utf8()..],
            _ => {}
        }
    }
    ""
}
