//! Hides input at a terminal, and restores the echo however the prompt ends.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// While it exists, the terminal does not echo input.
pub struct WithoutEcho {
    before: Termios,
}

/// Turns off the echo; `None` if standard input is not a terminal.
pub fn without_echo() -> Option<WithoutEcho> {
    let before = tcgetattr(std::io::stdin()).ok()?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(std::io::stdin(), OptionalActions::Now, &hidden).ok()?;
    Some(WithoutEcho { before })
}

impl Drop for WithoutEcho {
    fn drop(&mut self) {
        // A closed terminal needs no restore.
        let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}
