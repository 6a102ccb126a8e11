//! A terminal in memory, to see what stands on it.

use super::*;

/// A terminal that remembers what stands on it.
#[derive(Clone, Debug, Default)]
pub(super) struct Screen(Arc<Mutex<Standing>>);

#[derive(Debug, Default)]
struct Standing {
    rows: Vec<String>,
    row: usize,
    column: usize,
}

impl Screen {
    const WIDTH: usize = 60;

    fn go(&self, change: impl FnOnce(&mut Standing)) -> io::Result<()> {
        change(&mut self.0.lock().unwrap());
        Ok(())
    }

    pub(super) fn text(&self) -> String {
        let screen = self.0.lock().unwrap();
        let rows = screen.rows.iter().map(|row| row.trim_end()).filter(|row| !row.is_empty());
        rows.fold(String::new(), |text, row| text + row + "\n")
    }
}

impl Standing {
    fn put(&mut self, c: char) {
        let wide = width_of(c);
        if c == '\n' || self.column + wide > Screen::WIDTH {
            self.row += 1;
            self.column = 0;
        }
        self.rows.resize(self.rows.len().max(self.row + 1), String::new());
        if self.column == 0 {
            self.rows[self.row].clear();
        }
        if c != '\n' {
            self.rows[self.row].push(c);
            self.column += wide;
        }
    }
}

pub(super) fn width_of(c: char) -> usize {
    if ('\u{3000}'..'\u{a000}').contains(&c) { 2 } else { 1 }
}

impl TermLike for Screen {
    fn width(&self) -> u16 {
        Screen::WIDTH as u16
    }

    fn move_cursor_up(&self, n: usize) -> io::Result<()> {
        self.go(|screen| screen.row = screen.row.saturating_sub(n))
    }

    fn move_cursor_down(&self, n: usize) -> io::Result<()> {
        self.go(|screen| screen.row += n)
    }

    fn move_cursor_right(&self, _: usize) -> io::Result<()> {
        Ok(())
    }

    fn move_cursor_left(&self, n: usize) -> io::Result<()> {
        self.go(|screen| screen.column = screen.column.saturating_sub(n))
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.write_str(text)?;
        self.go(|screen| screen.put('\n'))
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.go(|screen| text.chars().for_each(|c| screen.put(c)))
    }

    fn clear_line(&self) -> io::Result<()> {
        self.go(|screen| {
            screen.column = 0;
            let row = screen.row;
            if let Some(row) = screen.rows.get_mut(row) {
                row.clear();
            }
        })
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn on(screen: &Screen, mode: Mode, colour: bool) -> (tracing::Dispatch, report::Guard) {
    let bars = ProgressDrawTarget::term_like(Box::new(screen.clone()));
    let outputs =
        Outputs { bars, facts: Facts { colour, ..facts(true) }, ..outputs(Paper::default(), Paper::default()) };
    report::dispatch(mode, outputs, two_in_the_morning())
}

/// A terminal of this many columns.
pub(super) fn as_wide(screen: &Screen, width: usize) -> (tracing::Dispatch, report::Guard) {
    let bars = ProgressDrawTarget::term_like(Box::new(screen.clone()));
    let outputs =
        Outputs { bars, facts: Facts { width, ..facts(true) }, ..outputs(Paper::default(), Paper::default()) };
    let mode = Mode { form: Form::Terminal, quiet: false, verbose: false };
    report::dispatch(mode, outputs, two_in_the_morning())
}

/// What stands on a terminal after each of `acts`.
pub(super) fn screens(mode: Mode, colour: bool, acts: &[fn()]) -> Vec<String> {
    let screen = Screen::default();
    let (dispatch, _guard) = on(&screen, mode, colour);
    let see = |act: &fn()| {
        tracing::dispatcher::with_default(&dispatch, act);
        screen.text()
    };
    acts.iter().map(see).collect()
}
