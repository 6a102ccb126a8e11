//! Parses the status output of `gpg`, and explains its failures.

use crate::error::{Error, Kind};
use crate::world::Exit;
use crate::world::program::failure;

const MARK: &str = "[GNUPG:] ";

/// Whether the output contains this keyword.
pub fn has(exit: &Exit, word: &str) -> bool {
    words(exit, word).next().is_some()
}

/// The arguments of each occurrence of this keyword.
pub fn words<'a>(exit: &'a Exit, word: &'a str) -> impl Iterator<Item = &'a str> {
    exit.stderr.lines().filter_map(move |line| {
        let rest = line.strip_prefix(MARK)?.strip_prefix(word)?;
        (rest.is_empty() || rest.starts_with(' ')).then(|| rest.trim())
    })
}

/// The messages meant for people.
pub fn without_marks(exit: &Exit) -> String {
    let lines: Vec<&str> = exit.stderr.lines().filter(|line| !line.starts_with(MARK)).collect();
    match lines.is_empty() {
        true => exit.words(),
        false => lines.join("\n"),
    }
}

/// The error of a failed call, in gpg's own words.
pub fn failed(what: &str, exit: &Exit) -> Error {
    match exit.signal {
        Some(_) => failure(super::PROGRAM, exit).within(what.to_owned()),
        None => Error::new(Kind::Command, what.to_owned()).because_text(without_marks(exit)),
    }
}

/// Why data could not be decrypted.
pub fn cannot_decrypt(exit: &Exit) -> Error {
    let what = "cannot decrypt the `gpg` data";
    let damaged = |cause: &str| {
        Error::new(Kind::Integrity, what)
            .because_text(cause.to_owned())
            .hint("the file is damaged or incomplete: copy it again from where it came, or take another backup")
    };
    let denied =
        |cause: &str, hint: &str| Error::new(Kind::Denied, what).because_text(cause.to_owned()).hint(hint.to_owned());
    let wrong_passphrase = ["Bad passphrase", "No passphrase", "No pinentry", "Bad session key"];
    if exit.signal.is_some() {
        failed(what, exit)
    } else if wrong_passphrase.iter().any(|words| exit.stderr.contains(words)) || has(exit, "MISSING_PASSPHRASE") {
        denied(
            "the passphrase is wrong or missing",
            "give the passphrase of the key, or that of the file: `passphrase`",
        )
    } else if has(exit, "BADMDC") || has(exit, "DECRYPTION_INFO") {
        // The key was right, but the decrypted data was damaged.
        damaged(&without_marks(exit))
    } else if has(exit, "NO_SECKEY") {
        denied(
            "the secret key of none of its recipients is there",
            "give the secret key of one of them: the manifest beside the file names them",
        )
    } else if has(exit, "NODATA") {
        damaged("it does not begin as `gpg` data does, or ends too early")
    } else if has(exit, "ENC_TO") || has(exit, "NEED_PASSPHRASE_SYM") {
        denied("it takes a passphrase, or a key that is not there", "give `identity` or `passphrase`")
    } else {
        failed(what, exit)
    }
}
