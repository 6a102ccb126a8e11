//! Describes a program to start and everything that it receives, as plain data.

use std::fmt;
use std::path::PathBuf;

use serde::de::{self, Deserialize, Deserializer, Visitor};

use super::capability::Capability;
use super::paths::zero_byte;
use crate::error::{Error, Kind, Result};
use crate::secret::{SECRET_NEWTYPE, Secret};

/// A program to start. Never a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    pub program: String,
    pub args: Vec<String>,
    /// Variables in addition to those that every child gets (`PATH`, `HOME`, `LANG`, `TZ`).
    pub env: Vec<(String, SecretOrText)>,
    pub cwd: Option<PathBuf>,
    /// Whether the child reads its standard input from us; otherwise it is empty.
    pub stdin: bool,
    /// The exit codes that the caller treats as an answer, not as a failure.
    pub ok_codes: Vec<i32>,
    /// Whether its end need not be awaited or checked: something else shows whether it did its work.
    pub expendable: bool,
    /// What hikae's own code grants it in addition to what the recipe declares.
    pub own: Own,
}

/// Privileges of a program whose command hikae itself has built.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Kept if hikae runs as root.
    pub capabilities: Vec<Capability>,
    /// Whether it may use Unix sockets.
    pub sockets: bool,
    /// Whether it only serves on Unix sockets: it opens no connections, whatever the recipe declares.
    pub serves: bool,
    /// Whether it runs as hikae's own user, even if the recipe names another one: it works on hikae's own files.
    pub stays: bool,
}

/// The value of an environment variable of a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SecretOrText {
    Plain(String),
    Secret(Secret),
}

impl Command {
    pub fn new(program: impl Into<String>) -> Command {
        let (args, env, ok_codes) = (Vec::new(), Vec::new(), vec![0]);
        let own = Own::default();
        Command { program: program.into(), args, env, cwd: None, stdin: false, ok_codes, expendable: false, own }
    }

    /// Checks that no value contains a zero byte. An invalid value is not shown: it may be a secret.
    pub fn checked(&self) -> Result<()> {
        let zero = |text: &str| text.contains('\0');
        if self.args.iter().chain([&self.program]).any(|arg| zero(arg)) {
            return Err(zero_byte(&format!("the command line `{}`", self.line().replace('\0', "\\0"))));
        }
        match self.env.iter().find(|(name, value)| zero(name) || zero(value.expose())) {
            Some((name, _)) => {
                Err(zero_byte(&format!("the variable `{}` for `{}`", name.escape_debug(), self.program)))
            }
            None => self.checked_names(),
        }
    }

    /// Checks a variable name: with `=` in it, it would set another variable than the one that was checked.
    fn checked_names(&self) -> Result<()> {
        match self.env.iter().find(|(name, _)| name.is_empty() || name.contains('=')) {
            None => Ok(()),
            Some((name, _)) => {
                let what = format!("`{}` is no name of a variable for `{}`", name.escape_debug(), self.program);
                Err(Error::new(Kind::Recipe, what).hint("write `env = { NAME = \"value\" }`; a name holds no `=`"))
            }
        }
    }

    /// Whether a program with this exit did what the caller asked for.
    pub fn accepts(&self, exit: &Exit) -> bool {
        exit.code.is_some_and(|code| self.ok_codes.contains(&code))
    }

    /// The program and its arguments on one line, for messages.
    pub fn line(&self) -> String {
        let mut line = self.program.clone();
        for arg in &self.args {
            line.push(' ');
            line.push_str(&quoted(arg));
        }
        line
    }
}

impl SecretOrText {
    /// The value itself, for the one place that needs it.
    pub fn expose(&self) -> &str {
        match self {
            SecretOrText::Plain(text) => text,
            SecretOrText::Secret(secret) => secret.expose(),
        }
    }
}

impl<'de> Deserialize<'de> for SecretOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<SecretOrText, D::Error> {
        struct ValueVisitor;
        impl<'de> Visitor<'de> for ValueVisitor {
            type Value = SecretOrText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string or a secret")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<SecretOrText, E> {
                Ok(SecretOrText::Plain(text.to_owned()))
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, inner: D) -> Result<SecretOrText, D::Error> {
                Ok(SecretOrText::Secret(Secret::new(String::deserialize(inner)?)))
            }
        }
        deserializer.deserialize_newtype_struct(SECRET_NEWTYPE, ValueVisitor)
    }
}

/// A word in shell syntax, quoted if necessary.
pub fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// How a program ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    pub code: Option<i32>,
    pub signal: Option<i32>,
    /// The last part of its standard error, without secrets.
    pub stderr: String,
}

impl Exit {
    pub fn success(&self) -> bool {
        self.code == Some(0)
    }

    /// The exit in words: `exit code 1`, `signal 9`.
    pub fn words(&self) -> String {
        match (self.code, self.signal) {
            (Some(code), _) => format!("exit code {code}"),
            (None, Some(signal)) => format!("signal {signal}"),
            (None, None) => "no exit code".to_owned(),
        }
    }
}
