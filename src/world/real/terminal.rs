//! Hides what is typed at a terminal, and shows it again however the question ends.

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

/// While it lives, the terminal does not show what is typed.
pub struct WithoutEcho {
    before: Termios,
}

/// Hides what is typed; nothing where standard input is no terminal.
pub fn without_echo() -> Option<WithoutEcho> {
    let before = tcgetattr(std::io::stdin()).ok()?;
    let mut hidden = before.clone();
    hidden.local_modes.remove(LocalModes::ECHO);
    tcsetattr(std::io::stdin(), OptionalActions::Now, &hidden).ok()?;
    Some(WithoutEcho { before })
}

impl Drop for WithoutEcho {
    fn drop(&mut self) {
        // A terminal that has gone shows nothing any more.
        let _gone = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.before);
    }
}
