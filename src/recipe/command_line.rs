//! Reads commands as people write them, in one line or as lists of words; no shell ever reads them.

use serde_json::Value;

use super::misfit::Misfit;

/// Characters with a meaning in a shell, but not in hikae.
const OF_A_SHELL: &str = "|&;<>()$`*";

/// The words of each command of a line: `git pull && npm ci` are two; the second runs only if the first succeeds.
pub fn of_text(line: &str) -> Result<Vec<Vec<String>>, Misfit> {
    let mut reader = Reader::default();
    let mut rest = line.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '\'' | '"' => reader.quote(&mut rest, c)?,
            '\\' => reader.push(rest.next().ok_or_else(unended)?),
            '&' if rest.next_if_eq(&'&').is_some() => reader.end_command()?,
            c if c.is_whitespace() => reader.end_word(),
            c if OF_A_SHELL.contains(c) => return Err(of_a_shell(c)),
            c => reader.push(c),
        }
    }
    reader.end_command()?;
    Ok(reader.commands)
}

/// One command as a list of its words, or several as a list of such lists.
pub fn of_list(items: &[Value]) -> Result<Vec<Vec<String>>, Misfit> {
    let several = items.iter().all(Value::is_array);
    let lists: Vec<&[Value]> = match several {
        true => items.iter().filter_map(Value::as_array).map(Vec::as_slice).collect(),
        false => vec![items],
    };
    let commands = lists.into_iter().map(|words| words.iter().map(|word| word.as_str().map(str::to_owned)).collect());
    let commands: Option<Vec<Vec<String>>> = commands.collect();
    let commands = commands.ok_or_else(|| misfit(LISTS))?;
    match commands.iter().any(|words| !could_run(words)) {
        true => Err(misfit(LISTS)),
        false => Ok(commands),
    }
}

const LISTS: &str = "write one command as `[\"systemctl\", \"restart\", \"app\"]`, several as `[[\"git\", \"pull\"], [\"npm\", \"ci\"]]`";

/// Whether the first word can be a program: a word with blanks is a whole line that was written as one word.
fn could_run(words: &[String]) -> bool {
    let blank = |program: &String| program.contains(char::is_whitespace) && !program.starts_with('/');
    words.first().is_some_and(|program| !program.is_empty() && !blank(program))
        && !words.iter().any(|word| word.contains('\0'))
}

fn misfit(hint: impl Into<String>) -> Misfit {
    Misfit::new("be a command, or several", hint)
}

fn unended() -> Misfit {
    misfit("close the quote, and write nothing but a character after `\\`")
}

fn of_a_shell(c: char) -> Misfit {
    misfit(format!(
        "no shell reads it: put `{c}` in single quotes if it is meant literally, or name a script that does it"
    ))
}

/// The part of a line that was read so far.
#[derive(Default)]
struct Reader {
    commands: Vec<Vec<String>>,
    words: Vec<String>,
    /// The current word; it may be empty if a quote began it.
    word: Option<String>,
}

impl Reader {
    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    /// The characters up to the closing quote. In double quotes, a backslash escapes `"` and `\`.
    fn quote(&mut self, rest: &mut impl Iterator<Item = char>, quote: char) -> Result<(), Misfit> {
        self.word.get_or_insert_default();
        while let Some(c) = rest.next() {
            match c {
                c if c == quote => return Ok(()),
                '\\' if quote == '"' => self.push(rest.next().ok_or_else(unended)?),
                '$' | '`' if quote == '"' => return Err(of_a_shell(c)),
                c => self.push(c),
            }
        }
        Err(unended())
    }

    fn end_word(&mut self) {
        self.words.extend(self.word.take());
    }

    fn end_command(&mut self) -> Result<(), Misfit> {
        self.end_word();
        let words = std::mem::take(&mut self.words);
        if words.first().is_none_or(String::is_empty) {
            return Err(misfit("name a program first, also after `&&`"));
        }
        self.commands.push(words);
        Ok(())
    }
}
